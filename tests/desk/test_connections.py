"""Connecting an account is a command: who connected what, until when, and what depends on it."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.desk.agency import DOCUMENT, PROFILE

from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError, StaleError
from socialcollab.networks.sandbox import InjectedFault
from socialcollab.workflow import Connection

DAY = dt.timedelta(days=1)
CONNECTOR = """
[[grants]]
to = "member:ben"
permissions = ["connect"]
on = { workspace = "tulip" }
"""


@pytest.fixture
def agency(open_agency):
    """Return an agency in which Ben and the owner, Eva, can connect profiles of Tulip Air."""
    agency = open_agency("memory")
    agency.adopt(DOCUMENT + CONNECTOR)
    yield agency
    agency.check_journal()


def warnings_for(agency, member: str) -> list[str]:
    batch = agency.acting(member)[0].notifications(after=0)
    return [one.text() for one in batch if one.kind == "connection_expiring"]


def test_connect(agency) -> None:
    """The desk knows who connected which account, with which scopes, and until when."""
    (ben,) = agency.acting("ben")
    expires_at = agency.now + 60 * DAY
    connection = ben.connect(
        "tulip-x", account="tulipair", scopes=["tweet.write", "users.read"], expires_at=expires_at
    )
    assert connection == Connection(
        profile="tulip-x",
        account="tulipair",
        scopes=("tweet.write", "users.read"),
        by="ben",
        at=agency.now,
        expires_at=expires_at,
    )
    assert agency.desk.connections() == (connection,)
    agency.now += DAY
    again = ben.connect("tulip-x", account="tulipair", expires_at="2026-07-01 12:00")
    assert again.at == connection.at + DAY
    # Local times are in the time zone of the workspace.
    assert again.expires_at == dt.datetime(2026, 7, 1, 10, tzinfo=dt.UTC)
    agency.acting("eva")[0].connect("tulip-mastodon", account="tulip")
    assert [one.profile for one in agency.desk.connections()] == ["tulip-x", "tulip-mastodon"]
    assert len(agency.desk.connections(viewer="ana")) == 2
    assert agency.desk.connections(viewer="dirk") == ()


def test_disconnect(agency) -> None:
    """A profile can be disconnected once, and connected again."""
    ben, eva = agency.acting("ben", "eva")
    ben.connect("tulip-x", account="tulipair", expires_at=agency.now + 30 * DAY)
    eva.disconnect("tulip-x")
    assert agency.desk.connections() == ()
    with pytest.raises(NotFoundError, match="connection"):
        eva.disconnect("tulip-x")
    with pytest.raises(NotFoundError, match="connection"):
        eva.disconnect("tulip-mastodon")
    # Nobody is warned of the expiry of a connection that has ended.
    agency.run_due(after=29 * DAY)
    assert warnings_for(agency, "ben") == []
    assert ben.connect("tulip-x", account="tulipair").ended_at is None


def test_refusals(agency) -> None:
    """Connecting needs the permission `connect`, and a profile that the member can view."""
    ana, dirk, ben = agency.acting("ana", "dirk", "ben")
    for refused in (
        lambda: ana.connect("tulip-x", account="a"),
        lambda: ana.disconnect("tulip-x"),
    ):
        with pytest.raises(NotAllowedError) as caught:
            refused()
        assert "connect" in str(caught.value.verdict)
        assert any("connect" in str(remedy) for remedy in caught.value.verdict.remedies)
    hidden = []
    for profile in ("tulip-x", "no-such"):
        with pytest.raises(NotFoundError) as missing:
            dirk.connect(profile, account="a")
        hidden.append(str(missing.value).replace(profile, "?"))
    assert len(set(hidden)) == 1
    for wrong in ("", "  ", "two\nlines"):
        with pytest.raises(InvalidValueError):
            ben.connect("tulip-x", account=wrong)
    with pytest.raises(InvalidValueError):
        ben.connect("tulip-x", account="a", scopes=["a\nb"])
    with pytest.raises(InvalidValueError, match=r"expired at `2026"):
        ben.connect("tulip-x", account="a", expires_at=agency.now)
    assert agency.desk.connections() == ()


@pytest.mark.parametrize(("lasts", "warned_after"), [(60, 53), (14, 7), (4, 2)])
def test_warning(agency, lasts: int, warned_after: int) -> None:
    """Those who can connect the profile, and the lead, are warned once before the expiry."""
    (ben,) = agency.acting("ben")
    agency.run_due()
    start = agency.now
    ben.connect("tulip-x", account="tulipair", expires_at=start + lasts * DAY)
    assert agency.desk.next_due() == start + warned_after * DAY
    agency.now = start + warned_after * DAY - dt.timedelta(minutes=1)
    agency.run_due()
    assert warnings_for(agency, "ben") == []
    agency.run_due(after=dt.timedelta(minutes=1))
    for member in ("ben", "eva"):
        (text,) = warnings_for(agency, member)
        day = f"{start + lasts * DAY:%Y-%m-%d}"
        assert f"of `tulip-x` to the account `tulipair` expires on {day}" in text
    assert warnings_for(agency, "ana") == []
    agency.run_due(after=DAY)
    agency.run_due(after=60 * DAY)
    assert len(warnings_for(agency, "ben")) == 1
    assert agency.desk.next_due(after=agency.now) is None
    # A new connection is warned of again.
    ben.connect("tulip-x", account="tulipair", expires_at=agency.now + 8 * DAY)
    agency.run_due(after=5 * DAY)
    assert len(warnings_for(agency, "ben")) == 2
    assert "warned that the connection" in " ".join(
        entry.text() for entry in agency.desk.feed() if entry.type.startswith("profile.")
    )


def test_removed_profile(agency) -> None:
    """The expiry of a removed profile's connection is due once, and nobody is notified."""
    (ben,) = agency.acting("ben")
    ben.connect("tulip-mastodon", account="tulip", expires_at=agency.now + 10 * DAY)
    start = DOCUMENT.index('[[profiles]]\nid = "tulip-mastodon"')
    end = DOCUMENT.index('[[profiles]]\nid = "dike-x"')
    without = DOCUMENT[:start] + DOCUMENT[end:]
    forbid = without.index("[[forbids]]")
    without = without[:forbid] + without[without.index("[[approvals]]") :]
    agency.adopt(without + CONNECTOR)
    assert agency.desk.connections() == ()
    report = agency.run_due(after=9 * DAY)
    assert "connection/tulip-mastodon" in report.worked
    assert not report.problems
    assert warnings_for(agency, "eva") == []
    assert "connection/tulip-mastodon" not in agency.run_due(after=DAY).worked


def test_refused_credentials(open_agency) -> None:
    """
    Refused credentials put the profile on hold and notify members once; connecting ends the hold.
    """
    faults = (InjectedFault("unauthorized"), InjectedFault("unauthorized"))
    agency = open_agency("memory", faults=faults)
    (eva,) = agency.acting("eva")
    first, second = agency.approved_post("een"), agency.approved_post("twee", at="2026-04-07 10:00")
    kept = eva.hold({"workspace": "dike"}, reason="strike")

    def refusals() -> int:
        return sum(one.kind == "credentials_refused" for one in eva.notifications(after=0))

    for _ in range(3):
        agency.run_due(after=dt.timedelta(hours=1))
    assert refusals() == 1
    assert f"credentials-{PROFILE}" in {hold.id for hold in agency.desk.holds()}
    # If the new credentials are refused too, there is one more notification, and another hold.
    for count in (2, 2):
        eva.connect(PROFILE, account="tulipair")
        assert [hold.id for hold in agency.desk.holds()] == [kept.id]
        for _ in range(2):
            agency.run_due(after=dt.timedelta(hours=1))
        assert refusals() == count
    assert [agency.desk.summary(post) for post in (first, second)] == ["published"] * 2
    agency.check_journal()


def test_members_hold(agency) -> None:
    """A hold that a member has placed on the profile stays in force after a new connection."""
    eva, ben = agency.acting("eva", "ben")
    placed = eva.hold("tulip-x", reason="crisis")
    ben.connect("tulip-x", account="tulipair")
    assert [hold.id for hold in agency.desk.holds()] == [placed.id]


def test_offboarding(agency) -> None:
    """The plan to offboard a member lists the accounts that they connected, and what depends on it."""
    ben, eva = agency.acting("ben", "eva")
    ben.connect("tulip-x", account="tulipair")
    eva.connect("tulip-mastodon", account="tulip")
    agency.approved_post("een", profiles=["tulip-x"], at="2026-05-01 09:30")
    plan = agency.desk.offboarding_plan("ben")
    (item,) = [one for one in plan.items if one.section == "connections"]
    assert (item.place, item.name, item.transferable) == ("connection tulip-x", "tulip-x", False)
    text = item.text()
    assert "connected `tulip-x` to the account `tulipair`" in text
    assert "the posts planned for it (1) wait" in text
    assert text.endswith("connects it again: eva")
    assert "gekoppeld" in item.text("nl")
    (alone,) = [
        one for one in agency.desk.offboarding_plan("eva").items if one.section == "connections"
    ]
    assert "ben" in alone.text()
    # A connection that the actor has not seen makes the plan outdated.
    ben.connect("tulip-mastodon", account="tulip")
    with pytest.raises(StaleError):
        eva.offboard(plan, reason="left")


def test_no_other_connector(open_agency) -> None:
    """If nobody else can connect the profile, the plan says so."""
    agency = open_agency("memory")
    agency.acting("eva")[0].connect("tulip-x", account="tulipair")
    items = agency.desk.offboarding_plan("eva").items
    (item,) = [one for one in items if one.section == "connections"]
    assert "no other member can connect it again" in item.text()
