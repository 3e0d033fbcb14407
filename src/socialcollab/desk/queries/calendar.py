"""Read the calendar from the journal, both for people and for deciders that need free slots."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import attrs

from socialcollab.content import (
    Delivery,
    DeliveryState,
    Hold,
    NativePost,
    Post,
    PostContent,
    PostState,
    Summary,
)
from socialcollab.desk.engine import Engine, State
from socialcollab.desk.journal.encoding import event_data
from socialcollab.desk.journal.streams import PROJECTIONS, plan_row, title_of
from socialcollab.effects import Effects, call
from socialcollab.scheduling import Calendar, Entry, check_stops, next_slot
from socialcollab.stores import Column, Row, microseconds
from socialcollab.time import WallTime
from socialcollab.verdicts import Reason
from socialcollab.workflow import Actor, PostSnapshot
from socialcollab.workflow import events as ev
from socialcollab.workflow.decide import is_outdated

_FIRST_PAGE = 100
_FIRST_PAGE_BEFORE = 32
_LARGEST_PAGE = 10_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MOMENT = dt.timedelta(microseconds=1)
# An entry that is further in the past than this cannot clash with a new entry.
_LOOK_BACK = dt.timedelta(days=8)
_COLUMNS = {projection.name: projection.columns for projection in PROJECTIONS}
_CANCELLED = DeliveryState.CANCELLED
# A post whose delivery is in one of these states can be planned again.
_OVER = frozenset({_CANCELLED, DeliveryState.REMOVED, DeliveryState.FAILED})
# A delivery that is or may be online is shown even if the post was rejected or cancelled.
_SHOWN_WITHOUT_POST = frozenset(
    {
        Summary.PUBLISHED,
        Summary.PARTLY_PUBLISHED,
        Summary.UNKNOWN,
        Summary.PUBLISHING,
        Summary.REMOVING,
        Summary.REMOVED,
    }
)
# The number of posts per query; the store reads an index for each post.
_POSTS_AT_ONCE = 50
_POST_STATES = ("in_review", "approved")
_DELIVERY_STATES = ("waiting", "publishing", "published", "unknown", "removing")


def instant_of(value: Column) -> dt.datetime:
    """Convert microseconds from a row to an instant."""
    return _EPOCH + dt.timedelta(microseconds=int(value or 0))


def all_rows(
    engine: Engine,
    projection: str,
    *,
    where: Mapping[str, Column | tuple[Column, ...]] | None = None,
    after: Row | None = None,
    before: int | None = None,
) -> Effects[list[Row]]:
    """Read all rows of a projection, or only the rows before *before*, in microseconds."""
    rows: list[Row] = []
    # Rows at or after *before* are read only to be discarded, so the first page is small.
    limit = _FIRST_PAGE if before is None else _FIRST_PAGE_BEFORE
    while True:
        page = yield from call(
            engine.store.query, projection, where=where or {}, after=after, limit=limit
        )
        for row in page:
            at = row.columns.get("at")
            if before is not None and isinstance(at, int) and at >= before:
                return rows
            rows.append(row)
        if len(page) < limit:
            return rows
        after = page[-1]
        # The page size grows, because a store may have to skip the rows of all earlier pages.
        limit = min(2 * limit, _LARGEST_PAGE)


def start_row(projection: str, at: dt.datetime) -> Row:
    """Return a row that sorts directly before all rows at an instant."""
    columns: dict[str, Column] = dict.fromkeys(_COLUMNS[projection])
    columns["at"] = microseconds(at)
    return Row(projection, "", projection, columns)


def _holds_from_the_start(state: State) -> list[Hold]:
    """
    Return the holds as if they had always been active.

    A hold starts when it is placed. If the clock has been set back since, the start may be in the
    future, and the hold would not block the time before it.
    """
    return [attrs.evolve(hold, at=_EPOCH) for hold in state.holds.holds]


def calendar_of(
    engine: Engine, state: State, profiles: Iterable[str], *, since: dt.datetime
) -> Effects[Calendar]:
    """Read the calendar entries of *profiles*, starting shortly before *since*."""
    names = tuple(sorted(set(profiles)))
    start = since - _LOOK_BACK
    plans = yield from all_rows(
        engine,
        "plans",
        where={"profile": names, "state": _POST_STATES},
        after=start_row("plans", start),
    )
    deliveries = yield from all_rows(
        engine,
        "deliveries",
        where={"profile": names, "state": _DELIVERY_STATES},
        after=start_row("deliveries", start),
    )
    native_posts = yield from _native_post_rows(engine, names, start=start)
    # A scheduled post has a plan and a delivery at the same time, which count as one entry.
    states = {
        (str(row.columns["profile"]), str(row.columns["post"]), instant_of(row.columns["at"])): str(
            row.columns["state"]
        )
        for row in (*plans, *deliveries)
    }
    for row in native_posts:
        at = instant_of(row.columns["at"])
        states[str(row.columns["profile"]), _native_post_name(row), at] = "native_post"
    organization = state.organization
    return Calendar.of(
        [
            organization.profiles_by_id[name]
            for name in names
            if name in organization.profiles_by_id
        ],
        zones=organization.zones,
        slot_plans=organization.slot_plans,
        blackouts=organization.blackouts,
        holds=_holds_from_the_start(state),
        entries=[
            Entry(profile=profile, post=post, at=at, state=value)
            for (profile, post, at), value in sorted(states.items())
        ],
    )


def _native_post_rows(
    engine: Engine, names: tuple[str, ...], *, start: dt.datetime, before: int | None = None
) -> Effects[list[Row]]:
    """Read the native posts, except those that turned out to be deliveries of this desk."""
    rows = yield from all_rows(
        engine,
        "native_posts",
        where={"profile": names},
        after=start_row("native_posts", start),
        before=before,
    )
    if not rows:
        return []
    ids = tuple(dict.fromkeys(row.columns["network_id"] for row in rows))
    delivered = yield from all_rows(
        engine, "network_ids", where={"profile": names, "network_id": ids}
    )
    known = {(row.columns["profile"], row.columns["network_id"]) for row in delivered}
    return [row for row in rows if (row.columns["profile"], row.columns["network_id"]) not in known]


def _native_post_name(row: Row) -> str:
    return f"native_post:{row.columns['network_id']}"


def slots_for(
    engine: Engine, state: State, post: Post, *, after: dt.datetime
) -> Effects[dict[str, WallTime]]:
    """Return the next free slot of each target; targets without a free slot are omitted."""
    targets = [name for name in post.targets if name in state.organization.profiles_by_id]
    calendar = yield from calendar_of(engine, state, targets, since=after)
    attributes = state.organization.attributes_of(post)
    slots: dict[str, WallTime] = {}
    for target in targets:
        choice = next_slot(calendar, target, after=after, attributes=attributes, post=post.id)
        if choice.at is not None:
            slots[target] = WallTime.of(choice.at, choice.zone)
    return slots


def barred(
    state: State,
    snapshot: PostSnapshot,
    times: Mapping[str, dt.datetime],
    *,
    kinds: tuple[str, ...],
) -> dict[str, Reason]:
    """Return the targets whose time is blocked by a hold or blackout, with the reasons."""
    organization = state.organization
    attributes = organization.attributes_of(snapshot.post)
    blackouts = organization.blackouts if "blackout" in kinds else ()
    holds = snapshot.holds_on(_holds_from_the_start(state)) if "hold" in kinds else ()
    reasons: dict[str, Reason] = {}
    for name, at in times.items():
        profile = organization.profiles_by_id.get(name)
        if profile is None:
            continue
        stops = check_stops(
            profile,
            at,
            zone=organization.zone_of(profile.workspace),
            blackouts=blackouts,
            holds=holds,
            attributes=attributes,
        )
        if stops:
            reasons[name] = stops[0].reason
    return reasons


def is_held(
    state: State, snapshot: PostSnapshot, profiles: Iterable[str], *, now: dt.datetime
) -> bool:
    """Return whether a hold stops a post on one of *profiles*, ignoring unknown profiles."""
    organization = state.organization
    attributes = organization.attributes_of(snapshot.post)
    return any(
        hold.stops(profile, attributes, now=now)
        for hold in snapshot.holds_on(state.holds.holds)
        for name in profiles
        if (profile := organization.profiles_by_id.get(name)) is not None
    )


def full_calendar(
    engine: Engine,
    state: State,
    *,
    start: dt.datetime,
    end: dt.datetime,
    workspace: str = "",
    viewer: str = "",
    cancelled: bool = False,
) -> Effects[Calendar]:
    """
    Read the publishing calendar for people, with all planned posts and all deliveries.

    Args:
        engine: The desk's engine.
        state: The current state.
        start: The start of the calendar; inclusive.
        end: The end of the calendar; exclusive.
        workspace: Only this workspace, or all workspaces if empty.
        viewer: Only entries that this member can view, or all entries if empty.
        cancelled: Whether to include cancelled posts.
    """
    organization = state.organization
    now = engine.now()
    profiles = [
        profile
        for profile in organization.profiles
        if (not workspace or profile.workspace == workspace)
        and (not viewer or organization.access.allows(viewer, "view", profile.id, at=now))
    ]
    names = tuple(sorted(profile.id for profile in profiles))
    calendar = Calendar.of(
        profiles,
        zones=organization.zones,
        slot_plans=organization.slot_plans,
        blackouts=organization.blackouts,
        # A hold that has expired is still stored unless a member has ended it.
        holds=[hold for hold in state.holds.holds if hold.is_active(now)],
    )
    if not names:
        return calendar
    before = microseconds(end)
    plans = yield from all_rows(
        engine,
        "plans",
        where={"profile": names},
        after=start_row("plans", start - _MOMENT),
        before=before,
    )
    deliveries = yield from all_rows(
        engine,
        "deliveries",
        where={"profile": names},
        after=start_row("deliveries", start - _MOMENT),
        before=before,
    )
    deliveries = [row for row in deliveries if row.columns["state"] != "cancelled"]
    if not cancelled:
        plans = [row for row in plans if row.columns["state"] != "cancelled"]
    posts = yield from _read_posts(engine, state, [*deliveries, *plans], viewer, now=now)
    entries: list[Entry] = []
    for row in deliveries:
        post = posts[str(row.columns["post"])]
        if not post.visible:
            continue
        entry = _entry(post, row, _summary(post, row), delivery=row)
        title = yield from _published_title(engine, post, row)
        if title is not None:
            entry = attrs.evolve(entry, title=title, pending_edit=True)
        entries.append(entry)
    for row in plans:
        post = posts[str(row.columns["post"])]
        if post.visible and not _is_delivered(post, row):
            entries.append(_entry(post, row, str(row.columns["state"]), delivery=None))
    native_rows = yield from _native_post_rows(engine, names, start=start - _MOMENT, before=before)
    native_posts = yield from engine.load_all(row.stream for row in native_rows)
    for row in native_rows:
        native_post: NativePost = native_posts[row.stream].snapshot
        entries.append(
            Entry(
                profile=native_post.profile,
                at=native_post.at,
                post=_native_post_name(row),
                title=title_of(native_post.text),
                state="native_post",
            )
        )
    return calendar.with_entries(*entries)


def content_of_revision(engine: Engine, post: Post, revision: str) -> Effects[PostContent | None]:
    """Return the content of one of a post's revisions, or None if it was erased."""
    for event in (yield from call(engine.store.read, f"post/{post.id}")):
        if event.type in (ev.PostDrafted.TYPE, ev.PostEdited.TYPE) and not event.erased:
            data = event_data(event)
            assert isinstance(data, ev.PostDrafted | ev.PostEdited)  # noqa: S101  given its type
            if data.revision.digest == revision:
                return data.content
    return None


@attrs.define
class _CalendarPost:
    """
    A post on the calendar.

    Most entries are made from rows. The post is loaded only if an entry depends on other data: on a
    hold, on the content of an earlier revision, on the stage that a client can see, or on a row
    that does not exist.

    Attributes:
        plans: The row of each target.
        deliveries: The rows of all deliveries, in the order in which they were planned.
        visible: Whether the viewer can view the post.
        snapshot: The post, or None if it has not been loaded.
        loaded_deliveries: The deliveries by id, if the post has been loaded.
        held: The profiles on which a hold stops the post, if the post has been loaded.
    """

    plans: dict[str, Row] = attrs.field(factory=dict)
    deliveries: list[Row] = attrs.field(factory=list)
    visible: bool = True
    snapshot: PostSnapshot | None = None
    loaded_deliveries: dict[str, Delivery] = attrs.field(factory=dict)
    held: frozenset[str] = frozenset()


def _read_posts(
    engine: Engine, state: State, shown: list[Row], viewer: str, *, now: dt.datetime
) -> Effects[dict[str, _CalendarPost]]:
    """Read the posts for these plan and delivery rows, as they are visible to the viewer."""
    posts = {str(row.columns["post"]): _CalendarPost() for row in shown}
    names = tuple(posts)
    for start in range(0, len(names), _POSTS_AT_ONCE):
        some = {"post": names[start : start + _POSTS_AT_ONCE]}
        for row in (yield from all_rows(engine, "plans", where=some)):
            posts[str(row.columns["post"])].plans[str(row.columns["profile"])] = row
        for row in (yield from all_rows(engine, "deliveries", where=some)):
            posts[str(row.columns["post"])].deliveries.append(row)
    for post in posts.values():
        post.deliveries.sort(key=_delivery_number)
    context = engine.context(state, Actor.member(viewer), now=now) if viewer else None
    member = context.access.member(viewer) if context is not None else None
    # Whether a client can see a post depends on its stage, which the rows do not contain.
    is_staff = context is None or (member is not None and member.kind == "staff")
    concerned = {
        str(row.columns["post"])
        for row in shown
        if not is_staff or _needs_post(posts[str(row.columns["post"])], row, state)
    }
    loads = yield from engine.load_posts(f"post/{name}" for name in sorted(concerned))
    for loaded, deliveries in loads:
        snapshot: PostSnapshot = loaded.snapshot
        post = posts[snapshot.post.id]
        post.snapshot = snapshot
        post.loaded_deliveries = {each.snapshot.id: each.snapshot for each in deliveries}
        profiles = {str(row.columns["profile"]) for row in post.deliveries}
        post.held = frozenset(
            name for name in profiles if is_held(state, snapshot, [name], now=now)
        )
    if context is not None:
        # Many posts have the same targets.
        visible: dict[tuple[str, ...], bool] = {}
        for post in posts.values():
            if post.snapshot is not None:
                post.visible = context.sees(viewer, post.snapshot.post)
                continue
            workspace = str(next(iter(post.plans.values())).columns["workspace"])
            key = (workspace, *sorted(post.plans))
            if key not in visible:
                visible[key] = all(
                    context.access.allows(viewer, "view", resource, at=now)
                    for resource in context.resources_for(workspace, post.plans)
                )
            post.visible = visible[key]
    return posts


def _needs_post(post: _CalendarPost, row: Row, state: State) -> bool:
    """Return whether a row's entry depends on values that no row contains."""
    name, columns = str(row.columns["profile"]), row.columns
    plan = post.plans.get(name)
    if plan is None:
        return True
    if row.projection == "plans":
        return False
    if columns["revision"] not in (None, plan.columns["revision"]):
        return True
    profile = state.organization.profiles_by_id[name]
    return columns["summary"] == Summary.SCHEDULED.value and any(
        hold.on.matches_profile(profile) for hold in state.holds.holds
    )


def _delivery_number(row: Row) -> tuple[int, str]:
    """Return a delivery's sort key; the delivery's id ends with its number."""
    number = row.key.rpartition(".")[2]
    return (int(number) if number.isdecimal() else 0, row.key)


def _summary(post: _CalendarPost, row: Row) -> str:
    """Return the status that the calendar shows for a delivery."""
    summary = str(row.columns["summary"])
    if summary == Summary.SCHEDULED and row.columns["profile"] in post.held:
        return Summary.HELD.value
    plan = post.plans.get(str(row.columns["profile"]))
    if plan is not None:
        state = str(plan.columns["state"])
    else:
        state = post.snapshot.post.state.value if post.snapshot is not None else ""
    withdrawn = state in (PostState.REJECTED.value, PostState.CANCELLED.value)
    return state if withdrawn and summary not in _SHOWN_WITHOUT_POST else summary


def _published_title(engine: Engine, post: _CalendarPost, row: Row) -> Effects[str | None]:
    """Return the title of the published revision, or None if it is the newest revision."""
    delivery = post.loaded_deliveries.get(row.key)
    if post.snapshot is None or delivery is None or not is_outdated(post.snapshot.post, delivery):
        return None
    content = yield from content_of_revision(engine, post.snapshot.post, delivery.revision)
    return None if content is None else title_of(content.text_for(delivery.profile))


def _is_delivered(post: _CalendarPost, plan: Row) -> bool:
    """Return whether a delivery, at any time, already represents a post's plan for a profile."""
    return any(
        row.columns["state"] not in _OVER
        or (row.columns["state"] != _CANCELLED and row.columns["at"] == plan.columns["at"])
        for row in post.deliveries
        if row.columns["profile"] == plan.columns["profile"]
    )


def _occurrence(post: _CalendarPost, profile: str, delivery: Row | None) -> tuple[int, list[Row]]:
    """
    Return the number of the publication that a delivery belongs to, and its deliveries so far.

    When a post is rescheduled, its delivery is cancelled and replaced by a new one, and both belong
    to the same publication. If *delivery* is None, return the next publication.
    """
    number, own = 1, []
    for each in post.deliveries:
        if each.columns["profile"] != profile:
            continue
        own.append(each)
        if delivery is not None and each.key == delivery.key:
            break
        if each.columns["state"] != _CANCELLED:
            number, own = number + 1, []
    return number, own


def _entry(post: _CalendarPost, row: Row, summary: str, *, delivery: Row | None) -> Entry:
    name, profile = str(row.columns["post"]), str(row.columns["profile"])
    number, own = _occurrence(post, profile, delivery)
    plan = post.plans.get(profile) or _missing_plan(post.snapshot, profile)
    rows = [plan, *own]
    changes = [at for each in rows if isinstance(at := each.columns["changed_at"], int)]
    return Entry(
        profile=profile,
        at=instant_of(row.columns["at"]),
        post=name,
        title=str(plan.columns["title"]),
        state=summary,
        occurrence=number,
        sequence=sum(int(each.columns["sequence"] or 0) for each in rows),
        changed_at=instant_of(max(changes)) if changes else None,
    )


def _missing_plan(snapshot: PostSnapshot | None, profile: str) -> Row:
    """Return the row of a profile that the post no longer has, or of a post that was rejected."""
    if snapshot is None:
        raise AssertionError(profile)
    return plan_row(f"post/{snapshot.post.id}", snapshot, profile, None)
