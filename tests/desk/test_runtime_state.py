"""The runtime state, which commands change: absences, campaigns, and members who have left."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.desk.agency import DOCUMENT

from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.organization import Organization


def test_absence_days(agency) -> None:
    """An absence lasts from its first day until the first day back."""
    (ana,) = agency.acting("ana")
    absence = ana.add_absence("2026-04-10", "2026-04-13", delegate="ben", reason="holiday")
    state = agency.desk.runtime_state()
    assert (absence,) == state.absences
    days = [dt.datetime(2026, 4, day, 10, tzinfo=dt.UTC) for day in (9, 10, 12, 13)]
    assert [None, absence, absence, None] == [state.absence_of("ana", at=day) for day in days]
    assert ("ben", "ana") == (absence.delegate, absence.by)


def test_absence_zone(agency) -> None:
    """The days of an absence begin at midnight in the member's own time zone."""
    eva = agency.desk.acting_as("eva")
    lisbon = DOCUMENT.replace('id = "ana"', 'id = "ana"\ntimezone = "Europe/Lisbon"', 1)
    eva.adopt(agency.desk.propose(Organization.loads(lisbon)), reason="moved")
    agency.desk.acting_as("ana").add_absence("2026-04-10", "2026-04-11")
    state = agency.desk.runtime_state()
    midnight = dt.datetime(2026, 4, 9, 23, tzinfo=dt.UTC)  # 00:00 in Lisbon
    assert state.absence_of("ana", at=midnight)
    assert not state.absence_of("ana", at=midnight - dt.timedelta(microseconds=1))


def test_absence_of_other_member(agency) -> None:
    """Members can record their own absences; recording another member's needs `manage_access`."""
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    with pytest.raises(NotAllowedError, match="only for themselves"):
        ana.add_absence("2026-04-10", "2026-04-13", member="ben")
    with pytest.raises(NotAllowedError, match="only for themselves"):
        ana.add_absence("2026-04-10", "2026-04-13", member="nobody")
    assert "ben" == eva.add_absence("2026-04-10", "2026-04-13", member="ben").member
    with pytest.raises(NotFoundError, match="anna"):
        eva.add_absence("2026-04-10", "2026-04-13", member="anna")
    assert ben.add_absence("2026-05-10", "2026-05-13").by == "ben"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"start": "2026-04-13", "end": "2026-04-13"}, "not after its first day"),
        ({"start": "2026-03-01", "end": "2026-03-09"}, "is over"),
        ({"start": "2026-04-12", "end": "2026-04-20"}, "already has an absence from 2026-04-10"),
        (
            {"start": "2026-05-01", "end": "2026-05-09", "delegate": "ana"},
            "cannot be their own delegate",
        ),
        ({"start": "2026-05-01", "end": "2026-05-09", "delegate": "bert"}, "no member `bert`"),
        (
            {"start": "2026-05-01", "end": "2026-05-09", "delegate": "tom"},
            "the delegate .* is absent",
        ),
        (
            {"start": "2026-05-01", "end": "2026-05-09", "permissions": ["approve"]},
            "no delegate",
        ),
        (
            {
                "start": "2026-05-01",
                "end": "2026-05-09",
                "delegate": "ben",
                "permissions": ["aprove"],
            },
            "approve",
        ),
        ({"start": "10 mei", "end": "2026-05-09"}, "10 mei"),
    ],
)
def test_invalid_absence(agency, values: dict, message: str) -> None:
    """An absence that is over, overlaps another, or has an unsuitable delegate is refused."""
    ana, tom = agency.acting("ana", "tom")
    ana.add_absence("2026-04-10", "2026-04-13")
    tom.add_absence("2026-05-08", "2026-05-12")
    before = agency.desk.runtime_state()
    with pytest.raises((InvalidValueError, NotAllowedError, NotFoundError), match=message):
        ana.add_absence(**values)
    assert before == agency.desk.runtime_state()


def test_touching_absences(agency) -> None:
    """Absences that touch do not overlap."""
    (ana,) = agency.acting("ana")
    ana.add_absence("2026-04-10", "2026-04-13")
    ana.add_absence("2026-04-13", "2026-04-15")
    assert 2 == len(agency.desk.runtime_state().absences)


def test_end_absence(agency) -> None:
    """Ending an absence shortens it, or removes it if it has not begun."""
    ana, eva = agency.acting("ana", "eva")
    first = ana.add_absence("2026-04-02", "2026-04-13")
    second = ana.add_absence("2026-05-02", "2026-05-13")
    agency.now = dt.datetime(2026, 4, 6, 9, tzinfo=dt.UTC)
    with pytest.raises(InvalidValueError, match="cannot be back on"):
        ana.end_absence(first, "2026-04-20")
    with pytest.raises(NotAllowedError, match="only for themselves"):
        agency.desk.acting_as("ben").end_absence(first)
    ana.end_absence(first)
    eva.end_absence(second, "2026-05-02")
    (remaining,) = agency.desk.runtime_state().absences
    assert (dt.date(2026, 4, 2), dt.date(2026, 4, 6)) == (remaining.start, remaining.end)
    with pytest.raises(NotAllowedError, match="is over"):
        ana.end_absence(first)
    with pytest.raises(NotFoundError):
        ana.end_absence("no-such")
    assert agency.desk.audit().clean


CAMPAIGN = """
[[campaigns]]
id = "tulip-time"
workspace = "tulip"
name = "Tulip time"
"""


def test_start_campaign(agency) -> None:
    """`start_campaign` sets the days of a campaign without changing the document."""
    ana, eva, tom = agency.acting("ana", "eva", "tom")
    document = Organization.loads(agency.organization.to_toml() + CAMPAIGN)
    eva.adopt(agency.desk.propose(document), reason="spring")
    with pytest.raises(NotFoundError):
        tom.start_campaign("tulip-time")
    with pytest.raises(NotFoundError):
        ana.start_campaign("no-such")
    with pytest.raises(InvalidValueError, match="not after its start"):
        ana.start_campaign("tulip-time", "2026-04-10", end="2026-04-10")
    ana.start_campaign("tulip-time", end="2026-05-01")
    (campaign,) = agency.desk.organization.campaigns
    assert (dt.date(2026, 4, 1), dt.date(2026, 5, 1)) == (campaign.start, campaign.end)
    # A campaign that a command started is not a change of the document.
    assert () == agency.desk.propose(document).changes
    assert document.digest == agency.desk.as_of().digest


def test_runtime_state_as_of(agency) -> None:
    """`as_of` returns the runtime state of a past instant."""
    (ana,) = agency.acting("ana")
    start = agency.now
    agency.now += dt.timedelta(hours=1)
    absence = ana.add_absence("2026-04-10", "2026-04-13")
    agency.now += dt.timedelta(hours=1)
    ana.end_absence(absence, "2026-04-10")
    hour = dt.timedelta(hours=1)
    assert [0, 1, 0] == [
        len(agency.desk.as_of(start + hour * n).runtime_state.absences) for n in range(3)
    ]


def test_member_who_left(agency) -> None:
    """From the day on which a member leaves, they have no permissions and review no steps."""
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    post = ana.submit(ana.draft("x", profiles=["tulip-x"], planned_at="2026-05-01 09:30"))
    absence = ben.add_absence("2026-06-01", "2026-06-03")
    assert ("ben", "eva") == agency.desk.pending_steps(post)[0].reviewers
    without_ben = Organization.loads(
        DOCUMENT.replace('id = "ben"', 'id = "ben"\nleft = 2026-04-02', 1)
    )
    eva.adopt(agency.desk.propose(without_ben), reason="ben leaves")
    agency.now = dt.datetime(2026, 4, 1, 21, tzinfo=dt.UTC)
    assert "ben" in agency.desk.pending_steps(post)[0].reviewers
    agency.now += dt.timedelta(hours=1)
    assert ("eva",) == agency.desk.pending_steps(post)[0].reviewers
    assert () == ben.to_do()
    for refused in (
        lambda: ben.add_absence("2026-07-01", "2026-07-03"),
        lambda: ben.end_absence(absence),
        lambda: ana.add_absence("2026-07-01", "2026-07-03", delegate="ben"),
        lambda: eva.grant(
            "member:ben", permissions="view", on="tulip-x", until="2026-05-01", reason="x"
        ),
    ):
        with pytest.raises(NotAllowedError) as caught:
            refused()
        assert ["left"] == [reason.code for reason in caught.value.verdict.reasons]
    for hidden in (lambda: ben.approve(post), lambda: ben.draft("x", profiles=["tulip-x"])):
        with pytest.raises(NotFoundError):
            hidden()
