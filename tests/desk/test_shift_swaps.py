"""Turns of a duty change hands by command: who may say so, what it brings, and how it is undone."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from tests.desk.agency import DOCUMENT

from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.organization import Organization

# The first turn is Ana's, from 27 March; Ben's is from Friday 3 April 17:00 until Monday 09:00.
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


def adopt(agency, more: str = ROTATION, *changes: tuple[str, str]) -> None:
    text = DOCUMENT + more
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    eva = agency.desk.acting_as("eva")
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason="a desk at weekends")
    agency.desk.run_due()


def on_duty(agency, at: dt.datetime = NOON) -> str | None:
    organization = agency.desk.organization.with_state(agency.desk.runtime_state())
    return organization.access.on_duty("desk", "tulip-x", at=at)


def test_whoever_is_on_duty_hands_over_to_another_of_the_rotation(agency) -> None:
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


def test_an_instant_with_an_offset_is_that_instant_everywhere(agency) -> None:
    adopt(agency)
    (swap,) = agency.desk.acting_as("ben").swap_shift(
        "desk", start=NOON, end=NOON + dt.timedelta(hours=2), to="ana"
    )
    assert "UTC" == swap.zone
    assert ["ben", "ana", "ben"] == [
        on_duty(agency, NOON + dt.timedelta(hours=hours)) for hours in (-1, 0, 2)
    ]
    with pytest.raises(InvalidValueError, match="a UTC offset on one end only"):
        agency.desk.acting_as("ben").swap_shift(
            "desk", start=NOON, end="2026-04-05 12:00", to="ana"
        )


def test_turns_of_others_take_the_right_to_manage_access(agency) -> None:
    adopt(agency)
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    with pytest.raises(
        NotAllowedError, match="`ana` is not on duty for `desk` during all of that time"
    ) as caught:
        ana.swap_shift("desk", **SATURDAY, to="ana")
    (remedy,) = caught.value.verdict.remedies
    assert ("eva",) == remedy.by
    # Part of it would be nobody's turn, or another's.
    for start, end in (
        ("2026-04-03 16:00", "2026-04-05 12:00"),
        ("2026-04-04 12:00", "2026-04-11 12:00"),
        ("2026-04-08 12:00", "2026-04-09 12:00"),
    ):
        with pytest.raises(
            NotAllowedError, match="`ben` is not on duty for `desk` during all of that time"
        ):
            ben.swap_shift("desk", start=start, end=end, to="ana")
    assert () == agency.desk.runtime_state().swaps
    eva.swap_shift("desk", **SATURDAY, to="ana")
    assert "ana" == on_duty(agency)
    # Now it is hers, and hers alone to hand on.
    with pytest.raises(NotAllowedError, match="`ben` is not on duty"):
        ben.swap_shift("desk", start="2026-04-04 13:00", end="2026-04-04 14:00", to="ben")
    ana.swap_shift("desk", start="2026-04-04 13:00", end="2026-04-04 15:00", to="ben")
    assert "ben" == on_duty(agency)


def test_a_duty_that_may_not_be_seen_is_as_one_that_does_not_exist(agency) -> None:
    adopt(agency)
    for who in ("tom", "dirk"):
        acting = agency.desk.acting_as(who)
        for rotation in ("desk", "desks"):
            with pytest.raises(NotFoundError) as caught:
                acting.swap_shift(rotation, **SATURDAY, to="ana")
            assert f"there is no rotation `{rotation}`" == str(caught.value)
    with pytest.raises(NotFoundError, match="did you mean `desk`"):
        agency.desk.acting_as("ben").swap_shift("desks", **SATURDAY, to="ana")


def test_somebody_outside_of_the_rotation_takes_over_by_whoever_could_give_the_role(agency) -> None:
    adopt(agency, ROTATION + MANAGING)
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    # Ben manages access, but holds no `waive` himself: on duty it is not his to give.
    with pytest.raises(NotAllowedError, match=r"`ben` cannot grant .* `waive`"):
        ben.swap_shift("desk", **SATURDAY, to="tom")
    with pytest.raises(NotAllowedError, match="`ana` does not manage access to that role"):
        ana.swap_shift("desk", start="2026-04-11 12:00", end="2026-04-12 12:00", to="tom")
    # Whoever may not manage people learns nothing of who there is.
    with pytest.raises(NotAllowedError, match="`ana` does not manage access to that role"):
        ana.swap_shift("desk", start="2026-04-11 12:00", end="2026-04-12 12:00", to="zoe")
    with pytest.raises(NotFoundError, match="no member `zoe`"):
        eva.swap_shift("desk", **SATURDAY, to="zoe")
    eva.swap_shift("desk", **SATURDAY, to="tom")
    assert "tom" == on_duty(agency)


def test_whoever_manages_access_fills_nobodys_time_only_with_what_they_hold(agency) -> None:
    adopt(agency, ROTATION + MANAGING)
    ben, eva = agency.acting("ben", "eva")
    wednesday = {"start": "2026-04-08 09:00", "end": "2026-04-08 18:00"}
    with pytest.raises(NotAllowedError, match=r"`ben` cannot grant .* `waive`"):
        ben.swap_shift("desk", **wednesday, to="ana")
    eva.swap_shift("desk", **wednesday, to="ana")
    assert "ana" == on_duty(agency, dt.datetime(2026, 4, 8, 12, tzinfo=dt.UTC))


EDIT = '[[approvals.steps]]\nid = "edit"'
EXEMPT = EDIT, f'exempt = ["role:care"]\n{EDIT}'


def test_a_role_that_frees_from_a_policy_is_given_only_by_whoever_may_change_it(agency) -> None:
    holds = MANAGING.replace('["manage_access"]', '["manage_access", "waive"]')
    adopt(agency, ROTATION + holds, EXEMPT)
    ben = agency.desk.acting_as("ben")
    with pytest.raises(
        NotAllowedError, match="give `noor` the role `care`, because a policy exempts"
    ):
        ben.swap_shift("desk", **SATURDAY, to="noor")
    # Time that is nobody's turn frees those of the rotation as well; a turn of the other does not.
    wednesday = {"start": "2026-04-08 09:00", "end": "2026-04-08 18:00"}
    with pytest.raises(
        NotAllowedError, match="give `ana` the role `care`, because a policy exempts"
    ):
        ben.swap_shift("desk", **wednesday, to="ana")
    ben.swap_shift("desk", **SATURDAY, to="ana")
    agency.desk.acting_as("eva").swap_shift("desk", **wednesday, to="ana")
    agency.desk.acting_as("eva").swap_shift("desk", **SATURDAY, to="noor")


def test_whoever_takes_over_has_to_be_there(agency) -> None:
    adopt(agency)
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    ana.add_absence("2026-04-05", "2026-04-08")
    with pytest.raises(
        NotAllowedError, match="`ana` is absent then, from 2026-04-05 until 2026-04-08"
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
    ("said", "error", "match"),
    [
        ({"start": "2026-03-28 12:00", "end": "2026-03-29 12:00"}, NotAllowedError, "is over"),
        (
            {"to": "ben"},
            NotAllowedError,
            "`ben` is on duty for `desk` during all of that time already",
        ),
        ({"end": "2026-04-04 12:00"}, InvalidValueError, "not after its start"),
        ({"end": "2046-04-04 12:00"}, InvalidValueError, "longer than ten years"),
        ({"start": "saturday"}, InvalidValueError, "not a local date and time"),
    ],
)
def test_what_cannot_be_meant_is_refused(agency, said: dict, error: type, match: str) -> None:
    adopt(agency)
    with pytest.raises(error, match=match):
        agency.desk.acting_as("eva").swap_shift("desk", **{**SATURDAY, "to": "ana", **said})
    assert () == agency.desk.runtime_state().swaps


def test_two_turns_are_swapped_in_one_act_or_not_at_all(agency) -> None:
    adopt(agency)
    eva = agency.desk.acting_as("eva")
    weekend = {"start": "2026-04-03 17:00", "end": "2026-04-06 09:00", "to": "ana"}
    with pytest.raises(
        NotAllowedError, match="is on duty for `desk` during all of that time already"
    ):
        eva.swap_shift("desk", **weekend, in_return=("2026-04-04 17:00", "2026-04-05 09:00"))
    assert () == agency.desk.runtime_state().swaps
    swaps = eva.swap_shift("desk", **weekend, in_return=("2026-04-10 17:00", "2026-04-13 09:00"))
    assert ["ana", "ben"] == [swap.member for swap in swaps]
    weeks = [NOON + dt.timedelta(weeks=week) for week in (0, 1, 2)]
    assert ["ana", "ben", "ben"] == [on_duty(agency, at) for at in weeks]
    eva.cancel_shift_swap(swaps)
    assert ["ben", "ana"] == [on_duty(agency, NOON + dt.timedelta(weeks=week)) for week in (0, 1)]


def test_two_who_swap_say_each_their_own(agency) -> None:
    adopt(agency)
    ana, ben = agency.acting("ana", "ben")
    weekend = {"start": "2026-04-03 17:00", "end": "2026-04-06 09:00", "to": "ana"}
    # In return for it Ben would take Ana's turn, which is hers to hand over.
    with pytest.raises(NotAllowedError, match="`ben` is not on duty"):
        ben.swap_shift("desk", **weekend, in_return=("2026-04-10 17:00", "2026-04-13 09:00"))
    ben.swap_shift("desk", **weekend)
    ana.swap_shift("desk", start="2026-04-10 17:00", end="2026-04-13 09:00", to="ben")
    assert ["ana", "ben"] == [on_duty(agency, NOON + dt.timedelta(weeks=week)) for week in (0, 1)]


def test_a_swap_is_taken_back_from_now_on(agency) -> None:
    adopt(agency)
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    (swap,) = ben.swap_shift("desk", **SATURDAY, to="ana")
    agency.now = NOON
    agency.desk.acting_as("ben").cancel_shift_swap(swap)
    assert ["ana", "ben"] == [
        on_duty(agency, at) for at in (NOON - dt.timedelta(microseconds=1), NOON)
    ]
    for who in (ana, ben, eva):
        with pytest.raises(NotAllowedError, match="is over or cancelled"):
            who.cancel_shift_swap(swap)
    (again,) = ben.swap_shift("desk", start="2026-04-04 18:00", end="2026-04-05 12:00", to="ana")
    ana.cancel_shift_swap(again.id)
    assert "ben" == on_duty(agency, NOON + dt.timedelta(hours=8))
    with pytest.raises(NotFoundError, match="no swap `nothing`"):
        ana.cancel_shift_swap("nothing")
    with pytest.raises(InvalidValueError, match="no shift swap is named"):
        ana.cancel_shift_swap([])


def test_nobody_else_takes_it_back_without_managing_access(agency) -> None:
    adopt(agency, ROTATION.replace('["ana", "ben"]', '["ana", "ben", "noor"]'))
    noor, tom, eva = agency.acting("noor", "tom", "eva")
    (swap,) = agency.desk.acting_as("ben").swap_shift("desk", **SATURDAY, to="ana")
    with pytest.raises(NotAllowedError, match="`noor` is not on duty"):
        noor.cancel_shift_swap(swap)
    with pytest.raises(NotFoundError, match=f"no swap `{swap.id}`"):
        tom.cancel_shift_swap(swap)
    eva.cancel_shift_swap(swap)
    assert "ben" == on_duty(agency)


def shift_notifications(agency, who: str) -> list[str]:
    return [
        notification.kind
        for notification in agency.desk.acting_as(who).notifications().notifications
        if notification.kind.startswith("shift_")
    ]


def test_those_whom_it_is_about_are_told(agency) -> None:
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


def test_whoever_takes_over_is_asked_once_it_begins(agency) -> None:
    care = ROTATION.replace('"waive"]', '"waive", "approve"]')
    adopt(agency, care, (REVIEWERS, 'reviewers = ["rotation:desk"]'))
    ben, writer = agency.acting("ben", "eva")
    post = writer.submit(writer.draft("Lente", profiles=["tulip-x"], planned_at="2026-04-20 09:30"))
    agency.now = dt.datetime(2026, 4, 3, 15, tzinfo=dt.UTC)  # Ben's turn begins
    agency.desk.run_due()
    (status,) = agency.desk.pending_steps(post)
    assert ("ben",) == status.asked
    ben.swap_shift("desk", **SATURDAY, to="ana")
    agency.desk.run_due()
    begins = dt.datetime(2026, 4, 4, 10, tzinfo=dt.UTC)
    assert begins == agency.desk.next_due()
    agency.now = begins
    agency.desk.run_due()
    (status,) = agency.desk.pending_steps(post)
    assert ("ana",) == status.asked
    with pytest.raises(NotAllowedError):
        ben.request_changes(post, "not mine to say now")
    kinds = [
        notification.kind
        for notification in agency.desk.acting_as("ana").notifications().notifications
    ]
    assert 1 == kinds.count("review_requested")


def test_what_hangs_on_a_person_and_what_would_hang_in_the_air_is_said(agency) -> None:
    adopt(agency)
    (swap,) = agency.desk.acting_as("ben").swap_shift("desk", **SATURDAY, to="ana")
    organization = agency.desk.organization.with_state(agency.desk.runtime_state())
    assert (f"swap {swap.id}", "swaps", True) in [
        (reference.place, reference.section, reference.alone)
        for reference in organization.references_to("ana").references
    ]
    proposal = agency.desk.propose(Organization.loads(DOCUMENT))
    (orphan,) = (orphan for orphan in proposal.orphans if orphan.kind == "swap")
    assert "the shift swap from 2026-04-04 12:00 refers to `desk`" in str(orphan)
    agency.desk.acting_as("eva").adopt(proposal, reason="no desk any more")
    agency.desk.run_due()
    # What the document does not know any more is passed over.
    assert (
        () == agency.desk.organization.with_state(agency.desk.runtime_state()).access.rotation_ids
    )


def test_a_reason_goes_with_the_person_whom_it_is_about(agency) -> None:
    adopt(agency)
    agency.desk.acting_as("eva").swap_shift("desk", **SATURDAY, to="ana", reason="Bens grootmoeder")
    assert "Bens grootmoeder" in _reasons(agency)
    agency.desk.acting_as("eva").erase(member="ana", reason="asked for it")
    assert "Bens grootmoeder" not in _reasons(agency)


def _reasons(agency) -> list:
    events = agency.store.for_organization("northwind").read_all(limit=1000)
    return [event.personal.get("reason") for event in events if event.stream == "runtime_state"]


@pytest.mark.parametrize("seed", range(2))
def test_no_sequence_of_swaps_gives_anybody_what_none_of_them_held(open_agency, seed: int) -> None:
    """Ana, Ben and Tom, one of whom manages access, bring `waive` to nobody but Ana and Ben."""
    agency = open_agency("memory")
    adopt(agency, ROTATION + MANAGING)
    rng = random.Random(seed)
    first = dt.datetime(2026, 4, 2)  # noqa: DTZ001  local by meaning
    swapped = 0
    for _ in range(60):
        who = agency.desk.acting_as(rng.choice(("ana", "ben", "tom")))
        start = first + dt.timedelta(hours=rng.randrange(24 * 21))
        end = start + dt.timedelta(hours=rng.choice((1, 6, 24, 64)))
        facts = agency.desk.runtime_state().swaps
        try:
            if facts and rng.random() < 0.2:
                who.cancel_shift_swap(rng.choice(facts))
            else:
                who.swap_shift("desk", start=start, end=end, to=rng.choice(("ana", "ben", "tom")))
                swapped += 1
        except (NotAllowedError, NotFoundError):
            continue
    assert swapped
    organization = agency.desk.organization.with_state(agency.desk.runtime_state())
    (rotation,) = organization.rotations
    for hours in range(24 * 24):
        at = dt.datetime(2026, 4, 2, tzinfo=dt.UTC) + dt.timedelta(hours=hours)
        held = organization.access.members("waive", "tulip-x", at=at)
        written = rotation.on_duty(at, zone="Europe/Amsterdam")
        assert set(held) - {"eva"} <= {"ana", "ben"}
        assert (written is None) == (set(held) == {"eva"})
