"""Lists as they would be if every query read all posts, to compare them with those of a desk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from socialcollab.desk import Desk
from socialcollab.desk.engine import Engine
from socialcollab.desk.queries import offboarding_plan, proposal, to_do
from socialcollab.desk.queries.calendar import all_rows
from socialcollab.effects import Effects
from socialcollab.organization import Organization
from socialcollab.stores import Row


def all_posts(engine: Engine, *_: object, **__: object) -> Effects[list[str]]:
    """Return the streams of all posts."""
    rows = yield from all_rows(engine, "posts")
    return [row.stream for row in rows]


def rows_without_conditions(engine: Engine, projection: str, **_: object) -> Effects[list[Row]]:
    """Return all rows of a projection, whatever the conditions."""
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


def check_lists(desk: Desk, *proposed: Organization) -> None:
    """Check that the lists of a desk are those of a full scan."""
    found = lists(desk, *proposed)
    with full_scans():
        wanted = lists(desk, *proposed)
    for one, other in zip(found, wanted, strict=True):
        assert one == other
    for state in ("draft", "in_review", "approved", "changes_requested", "expired", "cancelled"):
        everything = desk.posts()
        assert [p for p in everything if p.state == state] == list(desk.posts(state=state))
