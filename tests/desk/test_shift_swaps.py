"""Shift swaps: the permissions to make them, their effects, and their cancellation."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from tests.desk.agency import DOCUMENT

from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.organization import Organization, references_to

# Ana has the first shift, from 27 March; Ben has the shift from Friday 3 April 17:00 until Monday
# 09:00.
ROTATION = """
[roles.care]
permissions = ["view", "waive"]

[[rotations]]
id = "desk"
role = "care"
on = { workspace = "tulip" }
members = ["ana", "ben"]
start = 2026-03-27
every = "friday 17:00"
end = "monday 09:00"
"""
MANAGING = """
[[grants]]
to = "member:ben"
permissions = ["manage_access"]
on = { workspace = "tulip" }
"""
SATURDAY = {"start": "2026-04-04 12:00", "end": "2026-04-05 12:00"}
NOON = dt.datetime(2026, 4, 4, 12, tzinfo=dt.UTC)


def adopt(agency, added: str = ROTATION, *changes: tuple[str, str]) -> None:
    text = DOCUMENT + added
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    agency.adopt(text, reason="a desk at weekends")
    agency.desk.run_due()


def on_duty(agency, at: dt.datetime = NOON) -> str | None:
    organization = agency.desk.organization.with_state(agency.desk.runtime_state())
    return organization.access.on_duty("desk", "tulip-x", at=at)


def test_hand_over_own_shift(agency) -> None:
    """A member on duty can hand their shift to another member of the rotation."""
    adopt(agency)
    ben = agency.desk.acting_as("ben")
    (swap,) = ben.swap_shift("desk", **SATURDAY, to="ana", reason="a wedding")
    assert ("desk", "ana", "ben") == (swap.rotation, swap.member, swap.by)
    assert (swap,) == agency.desk.runtime_state().swaps
    before, last = NOON - dt.timedelta(hours=3), NOON + dt.timedelta(hours=23)
    assert ["ben", "ana", "ben"] == [on_duty(agency, at) for at in (before, NOON, last)]
    assert (swap,) == agency.second_desk().runtime_state().swaps
    access = agency.desk.organization.with_state(agency.desk.runtime_state()).access
    verdict = access.check("ana", "waive", "tulip-x", at=NOON)
    assert (
        "swapped a shift with `ben` and is on duty for `desk` until 2026-04-05 12:00"
        in verdict.explain()
    )
    assert not access.allows("ben", "waive", "tulip-x", at=NOON)


def test_bounds_with_offset(agency) -> None:
    """A swap can be bounded by instants with a UTC offset; mixing them with local times is refused."""
    adopt(agency)
    (swap,) = agency.desk.acting_as("ben").swap_shift(
        "desk", start=NOON, end=NOON + dt.timedelta(hours=2), to="ana"
    )
    assert "UTC" == swap.zone
    assert ["ben", "ana", "ben"] == [
        on_duty(agency, NOON + dt.timedelta(hours=hours)) for hours in (-1, 0, 2)
    ]
    with pytest.raises(InvalidValueError, match="a UTC offset on only one of its ends"):
        agency.desk.acting_as("ben").swap_shift(
            "desk", start=NOON, end="2026-04-05 12:00", to="ana"
        )


def test_shift_of_other_member(agency) -> None:
    """Swapping the shifts of other members needs `manage_access`."""
    adopt(agency)
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    with pytest.raises(
        NotAllowedError, match="`ana` is not on duty for `desk` during the whole swap"
    ) as caught:
        ana.swap_shift("desk", **SATURDAY, to="ana")
    (remedy,) = caught.value.verdict.remedies
    assert ("eva",) == remedy.by
    # Some of the time belongs to Ana's shift or to no shift.
    for start, end in (
        ("2026-04-03 16:00", "2026-04-05 12:00"),
        ("2026-04-04 12:00", "2026-04-11 12:00"),
        ("2026-04-08 12:00", "2026-04-09 12:00"),
    ):
        with pytest.raises(
            NotAllowedError, match="`ben` is not on duty for `desk` during the whole swap"
        ):
            ben.swap_shift("desk", start=start, end=end, to="ana")
    assert () == agency.desk.runtime_state().swaps
    eva.swap_shift("desk", **SATURDAY, to="ana")
    assert "ana" == on_duty(agency)
    # The shift now belongs to Ana, so only she can hand it over.
    with pytest.raises(NotAllowedError, match="`ben` is not on duty"):
        ben.swap_shift("desk", start="2026-04-04 13:00", end="2026-04-04 14:00", to="ben")
    ana.swap_shift("desk", start="2026-04-04 13:00", end="2026-04-04 15:00", to="ben")
    assert "ben" == on_duty(agency)


def test_hidden_rotation(agency) -> None:
    """A hidden rotation causes the same error as an unknown rotation."""
    adopt(agency)
    for member in ("tom", "dirk"):
        acting = agency.desk.acting_as(member)
        for rotation in ("desk", "desks"):
            with pytest.raises(NotFoundError) as caught:
                acting.swap_shift(rotation, **SATURDAY, to="ana")
            assert f"there is no rotation `{rotation}`" == str(caught.value)
    with pytest.raises(NotFoundError, match="did you mean `desk`"):
        agency.desk.acting_as("ben").swap_shift("desks", **SATURDAY, to="ana")


def test_member_outside_rotation(agency) -> None:
    """Swapping to a member outside the rotation needs all permissions of its role."""
    adopt(agency, ROTATION + MANAGING)
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    # Ben manages access but has `waive` only on duty, so he cannot grant it.
    with pytest.raises(NotAllowedError, match=r"`ben` cannot grant .* `waive`"):
        ben.swap_shift("desk", **SATURDAY, to="tom")
    with pytest.raises(NotAllowedError, match="`ana` does not manage access for that role"):
        ana.swap_shift("desk", start="2026-04-11 12:00", end="2026-04-12 12:00", to="tom")
    # An unknown member causes the same error, so that the error does not reveal who is a member.
    with pytest.raises(NotAllowedError, match="`ana` does not manage access for that role"):
        ana.swap_shift("desk", start="2026-04-11 12:00", end="2026-04-12 12:00", to="zoe")
    with pytest.raises(NotFoundError, match="no member `zoe`"):
        eva.swap_shift("desk", **SATURDAY, to="zoe")
    eva.swap_shift("desk", **SATURDAY, to="tom")
    assert "tom" == on_duty(agency)


def test_time_without_shift(agency) -> None:
    """Filling a time without a shift requires all permissions of the rotation's role."""
    adopt(agency, ROTATION + MANAGING)
    ben, eva = agency.acting("ben", "eva")
    wednesday = {"start": "2026-04-08 09:00", "end": "2026-04-08 18:00"}
    with pytest.raises(NotAllowedError, match=r"`ben` cannot grant .* `waive`"):
        ben.swap_shift("desk", **wednesday, to="ana")
    eva.swap_shift("desk", **wednesday, to="ana")
    assert "ana" == on_duty(agency, dt.datetime(2026, 4, 8, 12, tzinfo=dt.UTC))


EDIT = '[[approvals.steps]]\nid = "edit"'
EXEMPT = EDIT, f'exempt = ["role:care"]\n{EDIT}'


def test_exempting_role(agency) -> None:
    """
    A swap that gives a member an exempted role requires `manage_policies` unless it moves a shift.
    """
    managing = MANAGING.replace('["manage_access"]', '["manage_access", "waive"]')
    adopt(agency, ROTATION + managing, EXEMPT)
    ben = agency.desk.acting_as("ben")
    with pytest.raises(
        NotAllowedError, match="give `noor` the role `care`, because a policy exempts"
    ):
        ben.swap_shift("desk", **SATURDAY, to="noor")
    # A time without a shift would exempt Ana for longer. Ben's shift does not, because the rotation
    # already gives both of them the role.
    wednesday = {"start": "2026-04-08 09:00", "end": "2026-04-08 18:00"}
    with pytest.raises(
        NotAllowedError, match="give `ana` the role `care`, because a policy exempts"
    ):
        ben.swap_shift("desk", **wednesday, to="ana")
    ben.swap_shift("desk", **SATURDAY, to="ana")
    agency.desk.acting_as("eva").swap_shift("desk", **wednesday, to="ana")
    agency.desk.acting_as("eva").swap_shift("desk", **SATURDAY, to="noor")


def test_absent_successor(agency) -> None:
    """A member who is absent, suspended or has left cannot take over a shift."""
    adopt(agency)
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    ana.add_absence("2026-04-05", "2026-04-08")
    with pytest.raises(
        NotAllowedError, match="`ana` is absent during the swap, from 2026-04-05 until 2026-04-08"
    ):
        ben.swap_shift("desk", **SATURDAY, to="ana")
    ben.swap_shift("desk", start="2026-04-04 12:00", end="2026-04-05 00:00", to="ana")
    adopt(agency, ROTATION, ('id = "tom"', 'id = "tom"\nsuspended = true'))
    with pytest.raises(NotAllowedError, match="`tom` is suspended"):
        eva.swap_shift("desk", **SATURDAY, to="tom")
    adopt(agency, ROTATION, ('id = "tom"', 'id = "tom"\nleft = 2026-04-05'))
    with pytest.raises(NotAllowedError, match="`tom` left the organization"):
        eva.swap_shift("desk", **SATURDAY, to="tom")


@pytest.mark.parametrize(
    ("values", "error", "match"),
    [
        ({"start": "2026-03-28 12:00", "end": "2026-03-29 12:00"}, NotAllowedError, "has ended"),
        (
            {"to": "ben"},
            NotAllowedError,
            "`ben` is already on duty for `desk` during the whole swap",
        ),
        ({"end": "2026-04-04 12:00"}, InvalidValueError, "not after its start"),
        ({"end": "2046-04-04 12:00"}, InvalidValueError, "longer than ten years"),
        ({"start": "saturday"}, InvalidValueError, "not a local date and time"),
    ],
)
def test_invalid_swap(agency, values: dict, error: type, match: str) -> None:
    """A swap that is over, changes nothing, or has invalid bounds is refused."""
    adopt(agency)
    with pytest.raises(error, match=match):
        agency.desk.acting_as("eva").swap_shift("desk", **{**SATURDAY, "to": "ana", **values})
    assert () == agency.desk.runtime_state().swaps


def test_swap_in_return(agency) -> None:
    """Either both shifts are swapped or neither."""
    adopt(agency)
    eva = agency.desk.acting_as("eva")
    weekend = {"start": "2026-04-03 17:00", "end": "2026-04-06 09:00", "to": "ana"}
    with pytest.raises(
        NotAllowedError, match="is already on duty for `desk` during the whole swap"
    ):
        eva.swap_shift("desk", **weekend, in_return=("2026-04-04 17:00", "2026-04-05 09:00"))
    assert () == agency.desk.runtime_state().swaps
    swaps = eva.swap_shift("desk", **weekend, in_return=("2026-04-10 17:00", "2026-04-13 09:00"))
    assert ["ana", "ben"] == [swap.member for swap in swaps]
    weeks = [NOON + dt.timedelta(weeks=week) for week in (0, 1, 2)]
    assert ["ana", "ben", "ben"] == [on_duty(agency, at) for at in weeks]
    eva.cancel_shift_swap(swaps)
    assert ["ben", "ana"] == [on_duty(agency, NOON + dt.timedelta(weeks=week)) for week in (0, 1)]


def test_mutual_swap(agency) -> None:
    """Without a manager, two members can swap shifts by each handing over their own shift."""
    adopt(agency)
    ana, ben = agency.acting("ana", "ben")
    weekend = {"start": "2026-04-03 17:00", "end": "2026-04-06 09:00", "to": "ana"}
    # In return, Ben would take over Ana's shift, which only she can hand over.
    with pytest.raises(NotAllowedError, match="`ben` is not on duty"):
        ben.swap_shift("desk", **weekend, in_return=("2026-04-10 17:00", "2026-04-13 09:00"))
    ben.swap_shift("desk", **weekend)
    ana.swap_shift("desk", start="2026-04-10 17:00", end="2026-04-13 09:00", to="ben")
    assert ["ana", "ben"] == [on_duty(agency, NOON + dt.timedelta(weeks=week)) for week in (0, 1)]


def test_cancel_swap(agency) -> None:
    """A cancelled swap ends immediately; a swap that is over cannot be cancelled."""
    adopt(agency)
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    (swap,) = ben.swap_shift("desk", **SATURDAY, to="ana")
    agency.now = NOON
    agency.desk.acting_as("ben").cancel_shift_swap(swap)
    assert ["ana", "ben"] == [
        on_duty(agency, at) for at in (NOON - dt.timedelta(microseconds=1), NOON)
    ]
    for member in (ana, ben, eva):
        with pytest.raises(NotAllowedError, match="has ended or was cancelled"):
            member.cancel_shift_swap(swap)
    (again,) = ben.swap_shift("desk", start="2026-04-04 18:00", end="2026-04-05 12:00", to="ana")
    ana.cancel_shift_swap(again.id)
    assert "ben" == on_duty(agency, NOON + dt.timedelta(hours=8))
    with pytest.raises(NotFoundError, match="no swap `nothing`"):
        ana.cancel_shift_swap("nothing")
    with pytest.raises(InvalidValueError, match="the command contains no shift swap"):
        ana.cancel_shift_swap([])


def test_cancel_swap_of_others(agency) -> None:
    """Another member can cancel a swap only if they manage access."""
    adopt(agency, ROTATION.replace('["ana", "ben"]', '["ana", "ben", "noor"]'))
    noor, tom, eva = agency.acting("noor", "tom", "eva")
    (swap,) = agency.desk.acting_as("ben").swap_shift("desk", **SATURDAY, to="ana")
    with pytest.raises(NotAllowedError, match="`noor` is not on duty"):
        noor.cancel_shift_swap(swap)
    with pytest.raises(NotFoundError, match=f"no swap `{swap.id}`"):
        tom.cancel_shift_swap(swap)
    eva.cancel_shift_swap(swap)
    assert "ben" == on_duty(agency)


def shift_notifications(agency, member: str) -> list[str]:
    return [
        notification.kind
        for notification in agency.desk.acting_as(member).notifications().notifications
        if notification.kind.startswith("shift_")
    ]


def test_notifications(agency) -> None:
    """Both members are notified of a swap and its cancellation, except the member who acted."""
    adopt(agency)
    ana, eva = agency.acting("ana", "eva")
    (swap,) = eva.swap_shift("desk", **SATURDAY, to="ana")
    agency.desk.run_due()
    assert ["shift_taken_over"] == shift_notifications(agency, "ana")
    assert ["shift_handed_over"] == shift_notifications(agency, "ben")
    ana.cancel_shift_swap(swap)
    agency.desk.run_due()
    assert ["shift_taken_over"] == shift_notifications(agency, "ana")
    assert ["shift_handed_over", "shift_swap_cancelled"] == shift_notifications(agency, "ben")
    assert [] == shift_notifications(agency, "eva")
    assert [] == shift_notifications(agency, "tom")


REVIEWERS = 'reviewers = ["role:editor"]'


def test_review_after_swap(agency) -> None:
    """A member who takes over a shift is asked to review from its beginning."""
    care = ROTATION.replace('"waive"]', '"waive", "approve"]')
    adopt(agency, care, (REVIEWERS, 'reviewers = ["rotation:desk"]'))
    ben, writer = agency.acting("ben", "eva")
    post = writer.submit(writer.draft("Lente", profiles=["tulip-x"], planned_at="2026-04-20 09:30"))
    agency.now = dt.datetime(2026, 4, 3, 15, tzinfo=dt.UTC)  # Ben's shift begins
    agency.desk.run_due()
    (status,) = agency.desk.pending_steps(post)
    assert ("ben",) == status.reviewers
    ben.swap_shift("desk", **SATURDAY, to="ana")
    agency.desk.run_due()
    start = dt.datetime(2026, 4, 4, 10, tzinfo=dt.UTC)
    assert start == agency.desk.next_due()
    agency.now = start
    agency.desk.run_due()
    (status,) = agency.desk.pending_steps(post)
    assert ("ana",) == status.reviewers
    with pytest.raises(NotAllowedError):
        ben.request_changes(post, "not my shift")
    kinds = [
        notification.kind
        for notification in agency.desk.acting_as("ana").notifications().notifications
    ]
    assert 1 == kinds.count("review_requested")


def test_references_and_orphans(agency) -> None:
    """
    `references_to` lists a member's swaps; without the rotation, a proposal lists orphans.
    """
    adopt(agency)
    (swap,) = agency.desk.acting_as("ben").swap_shift("desk", **SATURDAY, to="ana")
    organization = agency.desk.organization.with_state(agency.desk.runtime_state())
    assert (f"swap {swap.id}", "swaps", True) in [
        (reference.place, reference.section, reference.is_only_member)
        for reference in references_to(organization, "ana").references
    ]
    proposal = agency.desk.propose(Organization.loads(DOCUMENT))
    (orphan,) = (orphan for orphan in proposal.orphans if orphan.kind == "swap")
    assert "the shift swap from 2026-04-04 12:00 refers to `desk`" in str(orphan)
    agency.desk.acting_as("eva").adopt(proposal, reason="no desk any more")
    agency.desk.run_due()
    # A swap of a rotation that the document no longer contains is ignored.
    assert (
        () == agency.desk.organization.with_state(agency.desk.runtime_state()).access.rotation_ids
    )


def test_erased_reason(agency) -> None:
    """Erasing a member erases the reasons of their swaps."""
    adopt(agency)
    agency.desk.acting_as("eva").swap_shift("desk", **SATURDAY, to="ana", reason="Bens grootmoeder")
    assert "Bens grootmoeder" in stored_reasons(agency)
    agency.desk.acting_as("eva").erase(member="ana", reason="asked for it")
    assert "Bens grootmoeder" not in stored_reasons(agency)


def stored_reasons(agency) -> list:
    events = agency.store.for_organization("northwind").read_all(limit=1000)
    return [event.personal.get("reason") for event in events if event.stream == "runtime_state"]


@pytest.mark.parametrize("seed", range(2))
def test_no_escalation(open_agency, seed: int) -> None:
    """No sequence of swaps by Ana, Ben and Tom gives `waive` to a member outside the rotation."""
    agency = open_agency("memory")
    adopt(agency, ROTATION + MANAGING)
    rng = random.Random(seed)
    first = dt.datetime(2026, 4, 2)  # noqa: DTZ001  a local time
    stored = 0
    for _ in range(60):
        member = agency.desk.acting_as(rng.choice(("ana", "ben", "tom")))
        start = first + dt.timedelta(hours=rng.randrange(24 * 21))
        end = start + dt.timedelta(hours=rng.choice((1, 6, 24, 64)))
        swaps = agency.desk.runtime_state().swaps
        try:
            if swaps and rng.random() < 0.2:
                member.cancel_shift_swap(rng.choice(swaps))
            else:
                member.swap_shift(
                    "desk", start=start, end=end, to=rng.choice(("ana", "ben", "tom"))
                )
                stored += 1
        except (NotAllowedError, NotFoundError):
            continue
    assert stored
    organization = agency.desk.organization.with_state(agency.desk.runtime_state())
    (rotation,) = organization.rotations
    for hours in range(24 * 24):
        at = dt.datetime(2026, 4, 2, tzinfo=dt.UTC) + dt.timedelta(hours=hours)
        holders = organization.access.members("waive", "tulip-x", at=at)
        listed = rotation.on_duty(at, zone="Europe/Amsterdam")
        assert set(holders) - {"eva"} <= {"ana", "ben"}
        assert (listed is None) == (set(holders) == {"eva"})
