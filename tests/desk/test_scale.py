"""The amount of data that lists read depends on their results, not on the number of other posts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from tests.desk.agency import DOCUMENT
from tests.desk.full_scans import check_lists
from tests.desk.test_removed_resources import without

from socialcollab.desk.queries.posts import count_published
from socialcollab.directory import Selector
from socialcollab.errors import NotAllowedError
from socialcollab.organization import Organization

SMALL, LARGE = 3, 30


pytestmark = pytest.mark.integration


class CountingJournal:
    """A journal that counts the rows, snapshots and events that are read from it."""

    def __init__(self, journal: Any) -> None:
        self.journal = journal
        self.count = 0
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.journal, name)
        if name not in ("query", "snapshots", "read", "read_all", "snapshot"):
            return method

        def counted(*arguments: Any, **options: Any) -> Any:
            found = method(*arguments, **options)
            self.calls += 1
            self.count += 1 if name == "snapshot" else len(found)
            return found

        return counted


def filled(agency: Any, others: int, *, in_review: bool = True) -> Any:
    """Return a desk with two open posts by Tom, and *others* posts of each kind by others."""
    ana, ben, eva, tom = agency.acting("ana", "ben", "eva", "tom")
    for number in range(others):
        texts = {"profiles": ["tulip-x"], "planned_at": f"2026-05-01 {number % 24:02}:30"}
        ana.draft(f"Concept {number}", **texts)
        ana.cancel(ana.draft(f"Weg {number}", **texts))
        approved = ben.approve(ana.submit(ana.draft(f"Later {number}", **texts)))
        eva.unschedule(approved)
        if in_review:
            ana.submit(ana.draft(f"Wacht {number}", **texts))
            ben.request_changes(ana.submit(ana.draft(f"Korter {number}", **texts)), note="Korter")
    tom.draft("Dijk", profiles=["dike-x"], planned_at="2026-06-02 09:30")
    dirk = agency.desk.acting_as("dirk")
    dirk.submit(dirk.draft("Dijk op tijd", profiles=["dike-x"], planned_at="2026-06-03 09:30"))
    eva.hold(Selector(workspace=("dike",)), reason="Dijkdoorbraak")
    return agency.desk


def refused(command: Callable[[], object]) -> None:
    with pytest.raises(NotAllowedError):
        command()


def changed(old: str, new: str) -> Organization:
    return Organization.loads(DOCUMENT.replace(old, new))


LISTS: dict[str, Callable[[Any], object]] = {
    "posts by state": lambda desk: desk.posts(state="rejected"),
    "posts by states": lambda desk: desk.posts(state=("rejected", "expired")),
    "posts by workspace": lambda desk: desk.posts(workspace="dike"),
    "posts by both": lambda desk: desk.posts(workspace="dike", state=("draft", "in_review")),
    "posts by author": lambda desk: desk.posts(author="tom"),
    "posts by author and state": lambda desk: desk.posts(author="tom", state="draft"),
    "posts by campaign": lambda desk: desk.posts(campaign="spring"),
    "to do": lambda desk: desk.acting_as("tom").to_do(),
    "calendar": lambda desk: desk.calendar("2026-06-01", "2026-06-08"),
    "calendar of a workspace": lambda desk: desk.calendar(
        "2026-04-01", "2026-12-31", workspace="dike"
    ),
    "hold": lambda desk: desk.hold_status(desk.holds()[0]),
    "refused erasure": lambda desk: refused(
        lambda: desk.acting_as("eva").erase(member="dirk", reason="asked for it")
    ),
    "offboarding plan": lambda desk: desk.offboarding_plan("tom"),
    "refused offboarding": lambda desk: refused(
        lambda: desk.acting_as("eva").offboard("tom", reason="leaves")
    ),
    "published posts": lambda desk: desk.run(
        count_published(desk.engine, "tom", "dike", at_most=3)
    ),
    "proposal of a name": lambda desk: desk.propose(
        changed('id = "tom"', 'id = "tom"\nname = "Tom"')
    ),
}
OF_OPEN_WORK: dict[str, Callable[[Any], object]] = {
    "proposal of a quorum": lambda desk: desk.propose(
        changed('reviewers = ["role:editor"]', 'reviewers = ["role:editor"]\nquorum = 2')
    ),
    "proposal without a profile": lambda desk: desk.propose(
        changed('id = "dike-x"', 'id = "dike-y"')
    ),
}


def reads(desk: Any, work: Callable[[Any], object]) -> tuple[int, int]:
    """Return the number of values and of calls that a list needs."""
    desk.engine.store = counting = CountingJournal(desk.engine.store)
    try:
        work(desk)
    finally:
        desk.engine.store = counting.journal
    return counting.count, counting.calls


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_other_posts(open_agency, kind) -> None:
    """Ten times as many posts by others do not change the amount of data that a list reads."""
    found = []
    for others in (SMALL, LARGE):
        desk = filled(open_agency(kind), others)
        found.append({name: reads(desk, work) for name, work in LISTS.items()})
    assert found[0] == found[1]


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_finished_posts(open_agency, kind) -> None:
    """Proposals do not read more if there are more posts outside of review."""
    found = []
    for others in (SMALL, LARGE):
        desk = filled(open_agency(kind), others, in_review=False)
        found.append({name: reads(desk, work) for name, work in OF_OPEN_WORK.items()})
    assert found[0] == found[1]


def test_steps_of_queries(open_agency) -> None:
    """Additional rows that do not match do not make SQLite's queries more expensive."""
    steps = []
    for others in (SMALL, LARGE):
        desk = filled(open_agency("sqlite"), others)
        journal, connections = desk.engine.store, desk.engine.store._connections
        counted = 0

        def count() -> int:
            nonlocal counted
            counted += 1
            return 0

        with connections.connection() as connection:
            connection.set_progress_handler(count, 1)
        for where in (
            {"state": "rejected"},
            {"state": ("rejected", "expired")},
            {"workspace": "dike", "state": ("draft", "in_review")},
            {"author": "tom", "campaign": None},
            {"author": "tom", "workspace": "tulip"},
        ):
            journal.query("posts", where=where)
        with connections.connection() as connection:
            connection.set_progress_handler(None, 0)
        steps.append(counted)
    assert steps[0] == steps[1] > 0


def test_published_posts(open_agency) -> None:
    """Counting an author's published posts needs a few calls instead of one for each post."""
    agency = open_agency("memory")
    desk = filled(agency, LARGE)
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    for number in range(2 * LARGE):
        agency.now += dt.timedelta(hours=1)
        later = agency.now + dt.timedelta(minutes=30)
        draft = ana.draft(f"Nu {number}", profiles=["tulip-mastodon"], planned_at=later)
        post = ben.approve(ana.submit(draft))
        if number % 3 == 0:
            eva.unschedule(post)
        desk.run_due()
    published = sum(
        any(delivery.state == "published" for delivery in desk.deliveries(post))
        for post in desk.posts(author="ana", workspace="tulip")
    )
    assert published > LARGE
    for at_most in (1, published - 1, published, published + 1):
        count = count_published(desk.engine, "ana", "tulip", at_most=at_most)
        assert desk.run(count) == min(published, at_most)
    _, calls = reads(
        desk, lambda desk: desk.run(count_published(desk.engine, "ana", "tulip", at_most=published))
    )
    assert calls < published / 2


DOCUMENTS = {
    "same": DOCUMENT,
    "moved profile": DOCUMENT.replace(
        'id = "tulip-x"\nworkspace = "tulip"', 'id = "tulip-x"\nworkspace = "dike"'
    ),
    "removed profile": without(DOCUMENT, "[[profiles]]", "tulip-x")
    .replace('on = "tulip-x"', 'on = "tulip-mastodon"')
    .replace('["role:editor"]', '["member:ben"]'),
    "renamed workspace": DOCUMENT.replace('"dike"', '"delta"').replace('"dike-x"', '"delta-x"'),
    "client of one profile": DOCUMENT.replace('["role:editor"]', '["role:editor", "member:dirk"]')
    + '[[grants]]\nto = "member:dirk"\npermissions = ["approve"]\non = "tulip-x"\n',
    "no policy": DOCUMENT.replace(
        'on = { workspace = "tulip"', 'on = { workspace = "dike"'
    ).replace('default_approval = "editorial"', 'default_approval = "none"'),
}


@pytest.mark.parametrize(
    "name",
    [
        name if name == "client of one profile" else pytest.param(name, marks=pytest.mark.slow)
        for name in DOCUMENTS
    ],
)
def test_posts_under_other_documents(open_agency, name) -> None:
    """Every list equals the list of a full scan after profiles have moved or been removed."""
    agency = open_agency("memory")
    agency.now += dt.timedelta(days=3)
    ana, ben = agency.acting("ana", "ben")
    later = "2026-05-01 09:30"
    for profiles in (["tulip-x"], ["tulip-x", "tulip-mastodon"], ["tulip-mastodon"]):
        ana.submit(ana.draft("Lente", profiles=profiles, planned_at=later))
        ana.submit(ana.draft("Tulp", profiles=profiles, planned_at=later, tags=["offer"]))
        ben.submit(ben.draft("Bol", profiles=profiles, planned_at=later))
    ana.submit(ana.draft("Dijk", profiles=["dike-x"], planned_at=later))
    ben.add_absence("2026-04-04", "2026-04-20", delegate="tom")
    agency.now += dt.timedelta(hours=1)
    check_lists(agency.desk)
    if name != "same":
        agency.adopt(DOCUMENTS[name], reason="another document")
    check_lists(agency.desk)
    agency.desk.run_due()
    check_lists(agency.desk)
    plans = map(agency.desk.offboarding_plan, agency.desk.organization.members_by_id)
    items = [item for plan in plans for item in plan.items]
    assert any("reviewer" in item.consequence.code for item in items)


def test_calls_for_a_calendar(open_agency) -> None:
    """A calendar reads its posts and deliveries with a few calls instead of one for each entry."""
    desk = filled(open_agency("memory"), LARGE)
    count, calls = reads(desk, lambda desk: desk.calendar("2026-05-01", "2026-05-08"))
    entries = len(desk.calendar("2026-05-01", "2026-05-08").entries())
    assert entries >= 4 * LARGE
    assert calls < entries / 8
    # No post is decoded: only rows are read, and the snapshots that every command reads.
    assert count < 4 * entries


def test_last_event(open_agency) -> None:
    """The time of the last event is found without reading all events."""
    desk = filled(open_agency("memory"), LARGE)
    last = desk.engine.store.read_all(limit=10_000)[-1]
    assert desk.last_event_at() == last.at
    count, _ = reads(desk, lambda desk: desk.last_event_at())
    assert count <= 2 * last.position.bit_length()
