"""The calendar as the journal holds it, for deciders and for people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import attrs

from socialcollab.content import Hold, NativePost, Post, Summary, summarise
from socialcollab.desk.engine import Engine, State
from socialcollab.desk.journal.snapshots import PROJECTIONS
from socialcollab.effects import Effects, call
from socialcollab.scheduling import Calendar, Entry, check_time, next_slot
from socialcollab.stores import Column, Row, microseconds
from socialcollab.time import WallTime
from socialcollab.verdicts import Reason

_PAGE = 500
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# How far back an entry can still be too close to a new one.
_BEHIND = dt.timedelta(days=8)
_COLUMNS = {projection.name: projection.columns for projection in PROJECTIONS}
_TAKING = ("in_review", "approved")
_STANDING = ("waiting", "publishing", "published", "unknown", "removing")


def instant(value: Column) -> dt.datetime:
    """Return the instant of a row's microseconds."""
    return _EPOCH + dt.timedelta(microseconds=int(value or 0))


def all_rows(
    engine: Engine,
    projection: str,
    *,
    where: Mapping[str, Column | tuple[Column, ...]] | None = None,
    after: Row | None = None,
    before: int | None = None,
) -> Effects[list[Row]]:
    """Read all rows of an projection, page by page; *before* ends at that many microseconds."""
    found: list[Row] = []
    while True:
        page = yield from call(
            engine.store.query, projection, where=where or {}, after=after, limit=_PAGE
        )
        for row in page:
            at = row.columns.get("at")
            if before is not None and isinstance(at, int) and at >= before:
                return found
            found.append(row)
        if len(page) < _PAGE:
            return found
        after = page[-1]


def _from(projection: str, at: dt.datetime) -> Row:
    """Return the row after which rows of that instant and later come."""
    columns: dict[str, Column] = dict.fromkeys(_COLUMNS[projection])
    columns["at"] = microseconds(at)
    return Row(projection, "", projection, columns)


def _whenever_set(state: State) -> list[Hold]:
    """
    Return the holds as they bear on times that are only wanted.

    A hold stops whatever comes after it; where the clock has been set back
    since, that begins before the instant at which it was set.
    """
    return [attrs.evolve(hold, at=_EPOCH) for hold in state.holds.holds]


def calendar_of(
    engine: Engine, state: State, profiles: Iterable[str], *, since: dt.datetime
) -> Effects[Calendar]:
    """Read what takes up room on the calendars of *profiles* from shortly before *since* on."""
    names = tuple(sorted(set(profiles)))
    start = since - _BEHIND
    plans = yield from all_rows(
        engine, "plans", where={"profile": names, "state": _TAKING}, after=_from("plans", start)
    )
    deliveries = yield from all_rows(
        engine,
        "deliveries",
        where={"profile": names, "state": _STANDING},
        after=_from("deliveries", start),
    )
    entries = {
        (str(row.columns["profile"]), str(row.columns["post"]), instant(row.columns["at"])): str(
            row.columns["state"]
        )
        for row in (*plans, *deliveries)
    }
    seen = yield from _native_post_rows(engine, names, start=start)
    entries |= {
        (
            str(row.columns["profile"]),
            _native_post_name(row),
            instant(row.columns["at"]),
        ): "native_post"
        for row in seen
    }
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
        holds=_whenever_set(state),
        entries=[
            Entry(profile=profile, post=post, at=at, state=standing)
            for (profile, post, at), standing in sorted(entries.items())
        ],
    )


def _native_post_rows(
    engine: Engine, names: tuple[str, ...], *, start: dt.datetime, before: int | None = None
) -> Effects[list[Row]]:
    """Read the posts that were made on the networks themselves; ours are not among them."""
    rows = yield from all_rows(
        engine,
        "native_post",
        where={"profile": names},
        after=_from("native_post", start),
        before=before,
    )
    if not rows:
        return []
    ids = tuple(dict.fromkeys(row.columns["network_id"] for row in rows))
    ours = yield from all_rows(engine, "network_ids", where={"profile": names, "network_id": ids})
    known = {(row.columns["profile"], row.columns["network_id"]) for row in ours}
    return [row for row in rows if (row.columns["profile"], row.columns["network_id"]) not in known]


def _native_post_name(row: Row) -> str:
    return f"native_post:{row.columns['network_id']}"


def slots_for(
    engine: Engine, state: State, post: Post, *, after: dt.datetime
) -> Effects[dict[str, WallTime]]:
    """Return the next free slot of each target; a target without one is left out."""
    targets = [name for name in post.targets if name in state.organization.profiles_by_id]
    calendar = yield from calendar_of(engine, state, targets, since=after)
    facts = state.organization.attributes_of(post)
    found: dict[str, WallTime] = {}
    for target in targets:
        choice = next_slot(calendar, target, after=after, attributes=facts, post=post.id)
        if choice.at is not None:
            found[target] = WallTime.of(choice.at, choice.zone)
    return found


def barred(
    state: State, post: Post, times: Mapping[str, dt.datetime], *, kinds: tuple[str, ...]
) -> dict[str, Reason]:
    """Return for which targets a hold or a blackout, by *kinds*, stands at the wanted time."""
    organization = state.organization
    calendar = Calendar.of(
        [
            organization.profiles_by_id[name]
            for name in times
            if name in organization.profiles_by_id
        ],
        zones=organization.zones,
        blackouts=organization.blackouts,
        holds=_whenever_set(state),
    )
    facts = organization.attributes_of(post)
    found: dict[str, Reason] = {}
    for profile, at in times.items():
        if profile not in organization.profiles_by_id:
            continue
        for clash in check_time(calendar, profile, at, attributes=facts):
            if clash.kind in kinds:
                found[profile] = clash.reason
                break
    return found


def full_calendar(
    engine: Engine,
    state: State,
    *,
    start: dt.datetime,
    end: dt.datetime,
    workspace: str = "",
    viewer: str = "",
) -> Effects[Calendar]:
    """
    Read the publishing calendar that people see: posts with a time, each delivery at its own.

    Args:
        engine: The shell's working parts.

        state: What holds now.

        start: First instant of it.

        end: First instant after it.

        workspace: Only this one, or all if empty.

        viewer: Only what this member may view, or everything if empty.
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
    before = microseconds(end)
    empty = Calendar.of(
        profiles,
        zones=organization.zones,
        slot_plans=organization.slot_plans,
        blackouts=organization.blackouts,
        holds=state.holds.holds,
    )
    if not names:
        return empty
    just_before = _from("plans", start - dt.timedelta(microseconds=1))
    plans = yield from all_rows(
        engine, "plans", where={"profile": names}, after=just_before, before=before
    )
    deliveries = yield from all_rows(
        engine,
        "deliveries",
        where={"profile": names},
        after=_from("deliveries", start - dt.timedelta(microseconds=1)),
        before=before,
    )
    posts: dict[str, Post] = {}
    entries: list[Entry] = []
    standing: set[tuple[str, str]] = set()
    for row in deliveries:
        if row.columns["state"] == "cancelled":
            continue
        loaded = yield from engine.load(row.stream)
        post, profile = str(row.columns["post"]), str(row.columns["profile"])
        if post not in posts:
            posts[post] = (yield from engine.post(post)).snapshot.post
        profile_value = organization.profiles_by_id[profile]
        facts = organization.attributes_of(posts[post])
        held = any(hold.stops(profile_value, facts, now=now) for hold in state.holds.holds)
        shown = summarise(posts[post], [loaded.snapshot], held=held)
        standing.add((post, profile))
        entries.append(_entry(posts[post], profile, instant(row.columns["at"]), shown))
    for row in plans:
        post, profile = str(row.columns["post"]), str(row.columns["profile"])
        if (post, profile) in standing:
            continue
        if post not in posts:
            posts[post] = (yield from engine.post(post)).snapshot.post
        shown = Summary(posts[post].state.value)
        entries.append(_entry(posts[post], profile, instant(row.columns["at"]), shown))
    seen = yield from _native_post_rows(
        engine, names, start=start - dt.timedelta(microseconds=1), before=before
    )
    for row in seen:
        observed: NativePost = (yield from engine.load(row.stream)).snapshot
        entries.append(
            Entry(
                profile=observed.profile,
                at=observed.at,
                post=_native_post_name(row),
                title=_shortened(observed.text),
                state="native_post",
            )
        )
    return empty.with_entries(*entries)


def _entry(post: Post, profile: str, at: dt.datetime, shown: Summary) -> Entry:
    return Entry(
        profile=profile,
        at=at,
        post=post.id,
        title=_shortened(post.content.text_for(profile)),
        state=shown.value,
    )


def _shortened(text: str) -> str:
    title = " ".join(text.split())
    return title if len(title) <= 80 else f"{title[:79]}…"
