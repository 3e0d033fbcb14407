"""Reference lists that read all posts, to be compared with the lists of a desk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from socialcollab.content import summarise
from socialcollab.desk import Desk
from socialcollab.desk.engine import Engine
from socialcollab.desk.queries import offboarding_plan, proposal, to_do
from socialcollab.desk.queries.calendar import all_rows, is_held
from socialcollab.effects import Effects
from socialcollab.organization import Organization
from socialcollab.stores import Row
from socialcollab.workflow import Actor


def all_posts(engine: Engine, *_: object, **__: object) -> Effects[list[str]]:
    """Return the streams of all posts."""
    rows = yield from all_rows(engine, "posts")
    return [row.stream for row in rows]


def rows_without_conditions(engine: Engine, projection: str, **_: object) -> Effects[list[Row]]:
    """Return all rows of a projection, ignoring the conditions."""
    return (yield from all_rows(engine, projection))


@contextmanager
def full_scans() -> Iterator[None]:
    """Replace the queries that select posts for a list with queries that read all of them."""
    with ExitStack() as stack:
        for module, name in (
            (to_do, "_possible_decisions"),
            (offboarding_plan, "_concerned_posts"),
            (proposal, "_concerned_posts"),
        ):
            stack.enter_context(patch.object(module, name, all_posts))
        stack.enter_context(patch.object(to_do, "all_rows", rows_without_conditions))
        yield


def lists(desk: Desk, *proposed: Organization) -> list[Any]:
    """Return every list of the desk that selects posts."""
    members = sorted(desk.organization.members_by_id)
    found: list[Any] = [desk.acting_as(member).to_do() for member in members]
    found += [desk.offboarding_plan(member) for member in members]
    for organization in proposed:
        proposed_ = desk.propose(organization)
        found.append((proposed_.orphans, [str(orphan) for orphan in proposed_.orphans]))
        found.append(proposed_.asked_again)
    return found


def naive_entries(
    desk: Desk, start: dt.datetime, end: dt.datetime, viewer: str
) -> Iterator[dict[str, Any]]:
    """Yield the expected calendar entries, computed from all posts and deliveries."""
    engine = desk.engine
    state = desk.run(engine.state())
    now = engine.now()
    context = engine.context(state, Actor.RULES, now=now)
    access = desk.organization.access
    for loaded, loads in desk.run(engine.load_posts(desk.run(all_posts(engine)))):
        snapshot, deliveries = loaded.snapshot, [each.snapshot for each in loads]
        post = snapshot.post
        if viewer and not context.sees(viewer, post):
            continue
        for profile in sorted({*post.targets, *(each.profile for each in deliveries)}):
            if profile not in desk.organization.profiles_by_id or (
                viewer and not access.allows(viewer, "view", profile, at=now)
            ):
                continue
            number, own = 1, []
            taken = set()
            for delivery in (each for each in deliveries if each.profile == profile):
                own.append(delivery)
                if delivery.state == "cancelled":
                    continue
                at = delivery.at.instant
                held = is_held(state, snapshot, [profile], now=now)
                summary = summarise(post, [delivery], held=held).value
                taken.add(None if delivery.state in ("removed", "failed") else profile)
                taken.add(at)
                if start <= at < end:
                    yield _shown(snapshot, profile, number, own, at=at, state=summary)
                number, own = number + 1, []
            at = getattr(post.content.time_for(profile), "instant", None)
            if (
                at is not None
                and start <= at < end
                and profile in post.targets
                and not {profile, at} & taken
                and post.state != "rejected"
            ):
                yield _shown(snapshot, profile, number, own, at=at, state=post.state.value)


def _shown(
    snapshot: Any, profile: str, number: int, own: list[Any], *, at: dt.datetime, state: str
) -> dict[str, Any]:
    post = snapshot.post
    changes = [snapshot.changed_at, post.erased_at, *(each.changed_at for each in own)]
    return {
        "post": post.id,
        "profile": profile,
        "at": at,
        "state": state,
        "occurrence": number,
        "sequence": snapshot.changes
        + (post.erased_at is not None)
        + sum(1 + each.changes for each in own),
        "changed_at": max((at for at in changes if at is not None), default=None),
        "title": " ".join(post.content.text_for(profile).split()),
    }


def check_calendar(desk: Desk) -> None:
    """Check that every member's calendar agrees with the posts and deliveries."""
    now = desk.engine.now()
    start, end = now - dt.timedelta(days=20), now + dt.timedelta(days=20)
    for viewer in ("", *sorted(desk.organization.members_by_id)):
        calendar = desk.calendar(start, end, viewer=viewer, cancelled=True)
        naive = sorted(
            naive_entries(desk, start, end, viewer),
            key=lambda each: (each["at"], each["post"], each["profile"]),
        )
        found = calendar.entries()
        assert len(found) == len(naive)
        for entry, wanted in zip(found, naive, strict=True):
            if entry.pending_edit:
                wanted["title"] = entry.title
            assert {name: getattr(entry, name) for name in wanted} == wanted


def check_lists(desk: Desk, *proposed: Organization) -> None:
    """Check that the lists of a desk equal the lists of a full scan."""
    found = lists(desk, *proposed)
    with full_scans():
        wanted = lists(desk, *proposed)
    for one, other in zip(found, wanted, strict=True):
        assert one == other
    check_calendar(desk)
    for state in ("draft", "in_review", "approved", "changes_requested", "expired", "cancelled"):
        everything = desk.posts()
        assert [p for p in everything if p.state == state] == list(desk.posts(state=state))
