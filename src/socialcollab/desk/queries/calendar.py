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
    summarise,
)
from socialcollab.desk.engine import Engine, State
from socialcollab.desk.journal.encoding import event_data
from socialcollab.desk.journal.streams import PROJECTIONS
from socialcollab.effects import Effects, call
from socialcollab.scheduling import Calendar, Entry, check_stops, next_slot
from socialcollab.stores import Column, Row, microseconds
from socialcollab.time import WallTime
from socialcollab.verdicts import Reason
from socialcollab.workflow import Actor, PostSnapshot
from socialcollab.workflow import events as ev
from socialcollab.workflow.decide import is_outdated

_PAGE = 500
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MOMENT = dt.timedelta(microseconds=1)
# An entry further back than this cannot clash with a new entry.
_LOOK_BACK = dt.timedelta(days=8)
_COLUMNS = {projection.name: projection.columns for projection in PROJECTIONS}
_CANCELLED = DeliveryState.CANCELLED
# A post with such a delivery can be planned again.
_OVER = frozenset({_CANCELLED, DeliveryState.REMOVED, DeliveryState.FAILED})
_POST_STATES = ("in_review", "approved")
_DELIVERY_STATES = ("waiting", "publishing", "published", "unknown", "removing")


def instant_of(value: Column) -> dt.datetime:
    """Convert the microseconds of a row to an instant."""
    return _EPOCH + dt.timedelta(microseconds=int(value or 0))


def all_rows(
    engine: Engine,
    projection: str,
    *,
    where: Mapping[str, Column | tuple[Column, ...]] | None = None,
    after: Row | None = None,
    before: int | None = None,
) -> Effects[list[Row]]:
    """Read all rows of a projection, up to a time of *before* microseconds (exclusive)."""
    rows: list[Row] = []
    limit = _PAGE
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
        # A store may have to skip the rows of all earlier pages. With pages that grow, it skips
        # fewer rows than it returns.
        limit *= 2


def start_row(projection: str, at: dt.datetime) -> Row:
    """Return a row that sorts directly before the rows at that instant."""
    columns: dict[str, Column] = dict.fromkeys(_COLUMNS[projection])
    columns["at"] = microseconds(at)
    return Row(projection, "", projection, columns)


def _holds_from_the_start(state: State) -> list[Hold]:
    """
    Return the holds as if they had always been active.

    A hold starts when it is placed. If the clock was set back since, that instant may be in the
    future, and the hold would not block the time until then.
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
    """Return the next free slot of each target, omitting targets that have no free slot."""
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
        holds=state.holds.holds,
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
    visible = engine.context(state, Actor.member(viewer), now=now) if viewer else None
    deliveries = [row for row in deliveries if row.columns["state"] != "cancelled"]
    if not cancelled:
        plans = [row for row in plans if row.columns["state"] != "cancelled"]
    posts = yield from engine.load_posts(
        f"post/{row.columns['post']}" for row in deliveries + plans
    )
    snapshots: dict[str, PostSnapshot] = {}
    deliveries_of: dict[str, list[Delivery]] = {}
    for loaded, own in posts:
        name = loaded.snapshot.post.id
        snapshots[name], deliveries_of[name] = loaded.snapshot, [each.snapshot for each in own]
    entries: list[Entry] = []
    for row in deliveries:
        name, profile = str(row.columns["post"]), str(row.columns["profile"])
        if visible is not None and not visible.sees(viewer, snapshots[name].post):
            continue
        post = snapshots[name].post
        held = is_held(state, snapshots[name], [profile], now=now)
        delivery = next(each for each in deliveries_of[name] if each.id == row.key)
        summary = summarise(snapshots[name].post, [delivery], held=held)
        occurrence = _occurrence(deliveries_of[name], profile, delivery)
        at = instant_of(row.columns["at"])
        entry = _entry(snapshots[name], profile, at, summary, occurrence)
        if is_outdated(post, delivery):
            content = yield from content_of_revision(engine, post, delivery.revision)
            if content is not None:
                title = _shortened(content.text_for(profile))
                entry = attrs.evolve(entry, title=title, pending_edit=True)
        entries.append(entry)
    for row in plans:
        name, profile = str(row.columns["post"]), str(row.columns["profile"])
        if _is_delivered(deliveries_of[name], profile, instant_of(row.columns["at"])):
            continue
        if visible is not None and not visible.sees(viewer, snapshots[name].post):
            continue
        if snapshots[name].post.state is PostState.CANCELLED and not cancelled:
            continue
        summary = Summary(snapshots[name].post.state.value)
        occurrence = _occurrence(deliveries_of[name], profile, None)
        at = instant_of(row.columns["at"])
        entries.append(_entry(snapshots[name], profile, at, summary, occurrence))
    native_rows = yield from _native_post_rows(engine, names, start=start - _MOMENT, before=before)
    native_posts = yield from engine.load_all(row.stream for row in native_rows)
    for row in native_rows:
        native_post: NativePost = native_posts[row.stream].snapshot
        entries.append(
            Entry(
                profile=native_post.profile,
                at=native_post.at,
                post=_native_post_name(row),
                title=_shortened(native_post.text),
                state="native_post",
            )
        )
    return calendar.with_entries(*entries)


def content_of_revision(engine: Engine, post: Post, revision: str) -> Effects[PostContent | None]:
    """Return the content of one revision of a post, or None if it was erased."""
    for event in (yield from call(engine.store.read, f"post/{post.id}")):
        if event.type in (ev.PostDrafted.TYPE, ev.PostEdited.TYPE) and not event.erased:
            data = event_data(event)
            assert isinstance(data, ev.PostDrafted | ev.PostEdited)  # noqa: S101  given its type
            if data.revision.digest == revision:
                return data.content
    return None


def _is_delivered(deliveries: list[Delivery], profile: str, at: dt.datetime) -> bool:
    """Return whether a delivery, at whatever time, shows the plan of a post on a profile."""
    return any(
        each.state not in _OVER or (each.state is not _CANCELLED and each.at.instant == at)
        for each in deliveries
        if each.profile == profile
    )


def _occurrence(
    deliveries: list[Delivery], profile: str, delivery: Delivery | None
) -> tuple[int, list[Delivery]]:
    """
    Return which publication of a post on a profile a delivery is, and its deliveries so far.

    A post that is rescheduled gets a new delivery, and the old one is cancelled; both belong to the
    same publication. If *delivery* is None, the next publication is meant.
    """
    number, own = 1, []
    for each in deliveries:
        if each.profile != profile:
            continue
        own.append(each)
        if delivery is not None and each.id == delivery.id:
            break
        if each.state is not _CANCELLED:
            number, own = number + 1, []
    return number, own


def _entry(
    snapshot: PostSnapshot,
    profile: str,
    at: dt.datetime,
    summary: Summary,
    occurrence: tuple[int, list[Delivery]],
) -> Entry:
    post, (number, deliveries) = snapshot.post, occurrence
    changes = [snapshot.changed_at, post.erased_at, *(each.changed_at for each in deliveries)]
    return Entry(
        profile=profile,
        at=at,
        post=post.id,
        title=_shortened(post.content.text_for(profile)),
        state=summary.value,
        occurrence=number,
        sequence=snapshot.changes
        + (post.erased_at is not None)
        + sum(1 + each.changes for each in deliveries),
        changed_at=max((at for at in changes if at is not None), default=None),
    )


def _shortened(text: str) -> str:
    title = " ".join(text.split())
    return title if len(title) <= 80 else f"{title[:79]}…"
