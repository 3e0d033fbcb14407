"""Turns that are written out, in any order, by the clock of a place or of the duty itself."""

from __future__ import annotations

import datetime as dt
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.directory import Profile, Workspace
from socialcollab.errors import InvalidValueError
from socialcollab.organization import Organization, changes_between, references_to
from socialcollab.permissions import Access, Forbid, Grant, ListedShift, Rotation, compare, gains
from socialcollab.permissions.rotations.roster import ListedRoster, RuleRoster

AMSTERDAM = "Europe/Amsterdam"
NEW_YORK = "America/New_York"
MOMENT = dt.timedelta(microseconds=1)


def shift(member: str, start: str, end: str = "") -> ListedShift:
    def bound(text: str) -> dt.date:
        return dt.datetime.fromisoformat(text) if ":" in text else dt.date.fromisoformat(text)

    return ListedShift(member=member, start=bound(start), end=bound(end) if end else None)


def rotation(*shifts: ListedShift, **more: object) -> Rotation:
    values = {"id": "care", "role": "care", "on": {"workspace": "tulip"}, "shifts": shifts}
    return Rotation(**{**values, **more})


def access(*lines: object) -> Access:
    def of(kind: type) -> list:
        return [one for one in lines if isinstance(one, kind)]

    return Access.of(
        members=["ana", "ben", "eva"],
        profiles=[
            Profile(id="tulip-x", workspace="tulip", network="x"),
            Profile(id="dike-x", workspace="dike", network="x"),
        ],
        workspaces=[
            Workspace(id="tulip", lead="eva", default_approval="none", timezone=AMSTERDAM),
            Workspace(id="dike", lead="eva", default_approval="none", timezone=NEW_YORK),
        ],
        roles={"care": ["hold", "view"]},
        grants=of(Grant),
        forbids=of(Forbid),
        rotations=of(Rotation),
    )


def utc(day: int, hour: int, minute: int = 0, *, month: int = 1) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, minute, tzinfo=dt.UTC)


WINTER = rotation(
    shift("ana", "2026-01-05"),
    shift("ben", "2026-01-12", "2026-01-19"),
    shift("eva", "2026-01-21 12:30"),
    hand_off="09:00",
)


def test_a_turn_begins_at_the_hand_off_and_lasts_until_the_next_unless_it_says_its_end() -> None:
    assert WINTER.on_duty(utc(5, 8) - MOMENT, zone=AMSTERDAM) is None
    assert "ana" == WINTER.on_duty(utc(5, 8), zone=AMSTERDAM)
    assert "ana" == WINTER.on_duty(utc(12, 8) - MOMENT, zone=AMSTERDAM)
    assert "ben" == WINTER.on_duty(utc(12, 8), zone=AMSTERDAM)
    assert "ben" == WINTER.on_duty(utc(19, 8) - MOMENT, zone=AMSTERDAM)
    assert WINTER.on_duty(utc(19, 8), zone=AMSTERDAM) is None
    assert "eva" == WINTER.on_duty(utc(21, 11, 30), zone=AMSTERDAM)
    assert "eva" == WINTER.on_duty(utc(1, 0, month=12), zone=AMSTERDAM)
    assert utc(12, 8) == WINTER.next_shift(utc(5, 8), zone=AMSTERDAM)
    assert WINTER.next_shift(utc(22, 0), zone=AMSTERDAM) is None


def test_without_a_zone_of_its_own_a_duty_falls_by_the_clock_of_each_place() -> None:
    everywhere = {"workspace": "*"}
    asked = access(rotation(*WINTER.shifts, on=everywhere, hand_off="09:00"))
    assert asked.allows("ana", "hold", "tulip-x", at=utc(5, 8))
    assert not asked.allows("ana", "hold", "dike-x", at=utc(5, 14) - MOMENT)
    assert asked.allows("ana", "hold", "dike-x", at=utc(5, 14))
    one_zone = access(
        rotation(*WINTER.shifts, on=everywhere, hand_off="09:00", timezone="Asia/Tokyo")
    )
    for resource in ("tulip-x", "dike-x", "*"):
        assert not one_zone.allows("ana", "hold", resource, at=utc(5, 0) - MOMENT)
        assert one_zone.allows("ana", "hold", resource, at=utc(5, 0))


def test_a_rotation_may_have_a_zone_of_its_own() -> None:
    rotation = Rotation(
        id="care", role="care", on={"workspace": "*"}, members=["ana", "ben"],
        start=dt.date(2026, 1, 5), every="monday 09:00", timezone="Asia/Tokyo",
    )  # fmt: skip
    asked = access(rotation)
    for resource in ("tulip-x", "dike-x"):
        assert "ana" == asked.on_duty("care", resource, at=utc(5, 0))
        assert "ben" == asked.on_duty("care", resource, at=utc(12, 0))


@pytest.mark.parametrize(
    ("hand_off", "day", "first"),
    [
        # 02:30 does not exist on the night of 29 March, and is there twice on that of 25 October.
        ("02:30", dt.date(2026, 3, 29), utc(29, 1, 30, month=3)),
        ("02:30", dt.date(2026, 10, 25), utc(25, 0, 30, month=10)),
        ("09:00", dt.date(2026, 3, 29), utc(29, 7, month=3)),
        ("09:00", dt.date(2026, 10, 25), utc(25, 8, month=10)),
        ("24:00", dt.date(2026, 3, 28), utc(28, 23, month=3)),
    ],
)
def test_hand_offs_stay_at_their_local_hour_when_the_clocks_change(
    hand_off: str, day: dt.date, first: dt.datetime
) -> None:
    listed = rotation(
        ListedShift(member="ana", start=dt.date(2026, 1, 1)),
        ListedShift(member="ben", start=day),
        hand_off=hand_off,
    )
    assert "ana" == listed.on_duty(first - MOMENT, zone=AMSTERDAM)
    assert "ben" == listed.on_duty(first, zone=AMSTERDAM)


def test_of_two_hand_offs_that_the_clocks_make_one_the_later_counts() -> None:
    """At 02:30 and at 03:30 on the wall it is the same instant that night."""
    listed = rotation(
        shift("ana", "2026-03-29 01:00"),
        shift("ben", "2026-03-29 02:30"),
        shift("eva", "2026-03-29 03:30"),
    )
    instant = utc(29, 1, 30, month=3)
    assert "ana" == listed.on_duty(instant - MOMENT, zone=AMSTERDAM)
    assert "eva" == listed.on_duty(instant, zone=AMSTERDAM)
    found = list(listed.roster(AMSTERDAM).between(utc(1, 0, month=3), utc(30, 0, month=3)))
    assert ["ana", "eva"] == [one.member for one in found]


def test_a_rule_may_end_the_turns_of_a_list() -> None:
    weekends = rotation(
        shift("ana", "2026-01-09"), shift("ben", "2026-01-16", "2026-01-17"), shift("eva", "2026-01-23"),
        hand_off="17:00", end="monday 09:00",
    )  # fmt: skip
    assert weekends.on_duty(utc(12, 8), zone=AMSTERDAM) is None
    assert "ana" == weekends.on_duty(utc(12, 8) - MOMENT, zone=AMSTERDAM)
    assert weekends.on_duty(utc(17, 16), zone=AMSTERDAM) is None
    assert "eva" == weekends.on_duty(utc(24, 0), zone=AMSTERDAM)
    assert weekends.on_duty(utc(26, 8), zone=AMSTERDAM) is None


@given(st.permutations(range(len(WINTER.shifts))), st.integers(0, 24 * 40))
def test_the_order_of_turns_never_matters(order: list[int], hours: int) -> None:
    at = utc(1, 0) + dt.timedelta(hours=hours)
    mixed = rotation(*(WINTER.shifts[number] for number in order), hand_off="09:00")
    assert WINTER.on_duty(at, zone=AMSTERDAM) == mixed.on_duty(at, zone=AMSTERDAM)
    assert WINTER.next_shift(at, zone=AMSTERDAM) == mixed.next_shift(at, zone=AMSTERDAM)
    one, other = access(WINTER), access(mixed)
    assert one.check("ana", "hold", "tulip-x", at=at) == other.check(
        "ana", "hold", "tulip-x", at=at
    )
    assert not compare(one, other)


class Looks(tuple):
    """Instants that count how often they are looked at."""

    count = 0

    def __getitem__(self, key):
        Looks.count += 1
        return super().__getitem__(key)


@pytest.mark.parametrize("many", [1_000, 100_000])
def test_who_is_on_duty_is_found_with_few_looks(many: int) -> None:
    """A binary search: seventeen halvings of a hundred thousand turns, and the turn itself."""
    first = utc(1, 0)
    starts = [first + dt.timedelta(hours=number) for number in range(many)]
    listing = ListedRoster(((start, None, f"m{n % 7}") for n, start in enumerate(starts)), None)
    listing._starts = Looks(listing._starts)
    # bisect on a subclass of tuple looks by __getitem__.
    for number in (0, 1, many // 3, many - 1):
        Looks.count = 0
        assert f"m{number % 7}" == listing.at(starts[number]).member
        assert 0 < Looks.count <= many.bit_length() + 2


def test_a_rotation_that_is_known_is_asked_by_few_looks_too() -> None:
    rotation = Rotation(
        id="d", role="care", on="tulip-x", members=["ana", "ben"], start=dt.date(2026, 1, 1),
        every="day 09:00",
    ).roster(AMSTERDAM)  # fmt: skip
    assert isinstance(rotation, RuleRoster)
    late = dt.datetime(2100, 1, 1, 12, tzinfo=dt.UTC)
    rotation.at(late)
    known = len(rotation._known)
    rotation._known = CountingList(rotation._known)
    CountingList.count = 0
    assert rotation.at(late) is not None
    assert known > 27_000
    assert 0 < CountingList.count <= known.bit_length() + 6


class CountingList(list):
    """A list that counts how often it is looked at."""

    count = 0

    def __getitem__(self, key):
        CountingList.count += 1
        return super().__getitem__(key)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (rotation, "nobody takes turns in rotation `care`"),
        (lambda: rotation(members=["ana"]), "the rotation of rotation `care` does not say `start`"),
        (
            lambda: rotation(members=["ana"], start=dt.date(2026, 1, 1)),
            "the rotation of rotation `care` does not say `every`",
        ),
        (
            lambda: rotation(shift("ana", "2026-01-05"), members=["ana"]),
            "rotation `care` has a list of turns and `members` of a rotation too",
        ),
        (
            lambda: rotation(shift("ana", "2026-01-05"), every="friday 17:00"),
            "rotation `care` has a list of turns and `every` of a rotation too",
        ),
        (
            lambda: rotation(members=["ana"], start=dt.date(2026, 1, 1), every="day 09:00",
                         hand_off="09:00"),
            "rotation `care` is a rotation, whose turns begin as `every` says, and not at `09:00`",
        ),
        (
            lambda: rotation(shift("ana", "2026-01-05"), shift("ben", "2026-01-05 09:00"),
                         hand_off="09:00"),
            "two turns of rotation `care` begin at `2026-01-05 09:00`: those of `ana` and `ben`",
        ),
        (
            lambda: rotation(shift("ana", "2026-01-05", "2026-01-05")),
            "the turn of `ana` from `2026-01-05` in rotation `care` ends at `2026-01-05`, which is not"
            " after its start",
        ),
        (
            lambda: rotation(shift("ben", "2026-01-07"), shift("ana", "2026-01-05", "2026-01-08")),
            "the turn of `ana` from `2026-01-05` in rotation `care` overlaps that of `ben` from"
            " `2026-01-07`",
        ),
        (lambda: rotation(shift("ana", "2026-01-05"), timezone="Europe/Nowhere"), "Europe/Nowhere"),
        (lambda: rotation(shift("ana", "2026-01-05"), hand_off="9"), "is not a time of day"),
        (
            lambda: ListedShift(member="ana", start=utc(5, 8)),
            "a turn's bound `2026-01-05 08:00:00\\+00:00` has a UTC offset",
        ),
        (lambda: access(rotation(shift("zoe", "2026-01-05"))), "rotation `care` has `zoe`, who is no member"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_and_named(made, said: str) -> None:
    with pytest.raises(InvalidValueError, match=said):
        made()


DOCUMENT = """
[organization]
id = "acme"
timezone = "Europe/Amsterdam"
language = "en"

[[workspaces]]
id = "tulip"
lead = "ana"
default_approval = "none"

[[profiles]]
id = "tulip-x"
workspace = "tulip"
network = "x"

[[members]]
id = "ana"

[[members]]
id = "ben"

[roles.care]
permissions = ["view", "hold"]

[[rotations]]
id = "weekend-care"
role = "care"
on = { workspace = "tulip" }
hand_off = "09:00"
timezone = "Europe/Amsterdam"
shifts = [
    { member = "ben", start = 2026-01-12, end = 2026-01-19 },
    { member = "ana", start = 2026-01-05 },
]
"""


def test_a_list_is_read_written_and_comes_back_the_same() -> None:
    made = Organization.loads(DOCUMENT)
    assert made == Organization.loads(made.to_toml())
    assert made.digest == Organization.loads(made.to_toml()).digest
    (weekend,) = made.rotations
    assert "ana" == weekend.on_duty(utc(5, 8), zone="UTC")
    other = Organization.loads(
        DOCUMENT.replace('"ana", start = 2026-01-05', '"ben", start = 2026-01-05')
    )
    assert made.digest != other.digest
    (change,) = changes_between(made, other)
    assert ("rotations", "weekend-care", ("shifts",)) == (change.section, change.name, change.keys)
    assert (("manage_access",), ("tulip",)) == (change.required_permissions, change.resources)


def test_whoever_leaves_is_named_in_each_of_their_turns() -> None:
    found = references_to(Organization.loads(DOCUMENT), "ben").references
    assert [("rotations[0].shifts[0].member", "weekend-care")] == [
        (one.place, one.name) for one in found
    ]


@pytest.mark.parametrize(
    ("was", "is_", "place", "said"),
    [
        (
            '"ana", start = 2026-01-05', '"zoe", start = 2026-01-05',
            "rotations[0].shifts[1].member", "unknown member `zoe`",
        ),
        (
            "end = 2026-01-19", "end = 2026-01-12",
            "rotations[0]", "the turn of `ben` from `2026-01-12`",
        ),
        (
            "shifts = [", 'members = ["ana"]\nshifts = [',
            "rotations[0]", "rotation `weekend-care` has a list of turns and `members`",
        ),
        (
            'hand_off = "09:00"', 'hand_off = "nine"',
            "rotations[0].hand_off", "`nine` is not a time of day",
        ),
        (
            '"ana", start', '"ana", begin = 2026-01-01, start',
            "rotations[0].shifts[1].begin", "unknown key `begin`",
        ),
        (
            "hand_off", "[[rotations]]\nid = \"none\"\nrole = \"care\"\non = \"tulip-x\"\nhand_off",
            "rotations[0]", "nobody takes turns in rotation `weekend-care`",
        ),
    ],
)  # fmt: skip
def test_a_faulty_list_is_told_with_its_place(was: str, is_: str, place: str, said: str) -> None:
    assert was in DOCUMENT
    with pytest.raises(ExceptionGroup) as caught:
        Organization.loads(DOCUMENT.replace(was, is_))
    (fault,) = caught.value.exceptions
    assert place == fault.place or fault.place.startswith(f"{place}.")
    assert fault.problem.startswith(said)


def test_turns_of_a_list_are_gained_for_as_long_as_they_last() -> None:
    listed = rotation(shift("ana", "2026-01-05", "2026-01-12"), shift("ben", "2026-01-12"))
    found = [str(one) for one in compare(access(), access(listed)).changes]
    assert [
        "+ ana: care on tulip from 2026-01-05 00:00 Europe/Amsterdam"
        " until 2026-01-12 00:00 Europe/Amsterdam (rotations[0])",
        "+ ben: care on tulip from 2026-01-12 00:00 Europe/Amsterdam (rotations[0])",
    ] == found
    longer = rotation(shift("ana", "2026-01-05", "2026-01-14"), shift("ben", "2026-01-14"))
    assert [
        "+ ana: care on tulip from 2026-01-12 00:00 Europe/Amsterdam"
        " until 2026-01-14 00:00 Europe/Amsterdam (rotations[0])",
        "- ben: care on tulip from 2026-01-12 00:00 Europe/Amsterdam"
        " until 2026-01-14 00:00 Europe/Amsterdam (rotations[0])",
    ] == [str(one) for one in compare(access(listed), access(longer)).changes]


def test_a_grant_for_the_time_of_a_turn_brings_nothing_new() -> None:
    listed = rotation(shift("ana", "2026-01-05", "2026-01-12"))
    grant = Grant(
        to="member:ana", role="care", on={"workspace": "tulip"},
        start=dt.date(2026, 1, 5), end=dt.date(2026, 1, 12),
    )  # fmt: skip
    assert not compare(access(listed), access(grant))
    assert not list(gains(access(listed), access(grant), at=utc(1, 0)))


@pytest.mark.parametrize(
    "granted_rotation",
    [
        rotation(shift("ana", "2026-01-05")),
        Rotation(id="care", role="care", on={"workspace": "tulip"}, members=["ana"],
             start=dt.date(2026, 1, 5), every="day 00:00"),
    ],
)  # fmt: skip
def test_the_end_of_a_forbid_gives_what_a_turn_could_not(granted_rotation: Rotation) -> None:
    forbid = Forbid(to="member:ana", permissions=["hold"], on={"workspace": "tulip"})
    before, after = access(granted_rotation, forbid), access(granted_rotation)
    assert {("ana", "hold")} == {
        (one.member, one.permission) for one in gains(before, after, at=utc(1, 0))
    }
    assert ["+ ana: hold on tulip from 2026-01-05 00:00 Europe/Amsterdam (forbids[0])"] == [
        str(one) for one in compare(before, after).changes
    ]
    assert ["loses"] == [one.kind for one in compare(after, before).changes]


def test_a_list_gives_exactly_what_is_said_to_be_gained() -> None:
    """At random instants: who may after and might not before is among the gains, and only they."""
    rng = random.Random(7)
    for _ in range(60):
        before, after = (_random_access(rng) for _ in range(2))
        changes = compare(before, after).gains
        for _ in range(20):
            at = utc(1, 0) + dt.timedelta(minutes=30 * rng.randrange(48 * 30))
            for member in ("ana", "ben", "eva"):
                new = after.allows(member, "hold", "tulip-x", at=at) and not before.allows(
                    member, "hold", "tulip-x", at=at
                )
                told = any(
                    one.member == member
                    and "hold" in one.permissions
                    and "tulip-x" in one.resources
                    and (one.start is None or one.start <= at)
                    and (one.end is None or at < one.end)
                    for one in changes
                )
                assert told == new


def _random_access(rng: random.Random) -> Access:
    marks = sorted(rng.sample(range(48 * 30), 5))
    shifts = [
        ListedShift(
            member=rng.choice(("ana", "ben", "eva")),
            start=dt.datetime(2026, 1, 1) + dt.timedelta(minutes=30 * mark),  # noqa: DTZ001
            end=rng.choice(
                (None, dt.datetime(2026, 1, 1) + dt.timedelta(minutes=30 * following))  # noqa: DTZ001
            ),
        )
        for mark, following in pairwise(marks)
    ]
    rng.shuffle(shifts)
    lines: list[object] = [rotation(*shifts)]
    if rng.random() < 0.5:
        lines.append(
            Forbid(to="member:ana", permissions=["hold"], on="tulip-x",
                   start=dt.date(2026, 1, rng.randint(2, 20)))
        )  # fmt: skip
    if rng.random() < 0.5:
        lines.append(
            Grant(to="member:ben", permissions=["hold"], on="tulip-x",
                  end=dt.date(2026, 1, rng.randint(2, 20)))
        )  # fmt: skip
    return access(*lines)


def test_turns_may_be_given_as_tables() -> None:
    said = {"member": "ana", "start": dt.date(2026, 1, 5)}
    both = [
        Rotation(id="d", role="r", on="tulip-x", shifts=shifts)
        for shifts in ([said], [ListedShift(**said)])
    ]
    assert both[0] == both[1]
