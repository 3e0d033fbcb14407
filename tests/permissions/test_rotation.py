"""Rotations and their listed shifts: zones, hand-offs, documents and comparisons."""

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


def access(*rules: object) -> Access:
    def of(kind: type) -> list:
        return [one for one in rules if isinstance(one, kind)]

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


def test_listed_shifts() -> None:
    """A shift starts at the hand-off, and lasts until its end or the next shift."""
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


def test_zone_of_list() -> None:
    """If a rotation has no zone, its listed shifts follow the local time of each resource."""
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


def test_zone_of_rule() -> None:
    """A rule-based rotation may specify a zone."""
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
        # 02:30 is skipped on 29 March and repeated on 25 October.
        ("02:30", dt.date(2026, 3, 29), utc(29, 1, 30, month=3)),
        ("02:30", dt.date(2026, 10, 25), utc(25, 0, 30, month=10)),
        ("09:00", dt.date(2026, 3, 29), utc(29, 7, month=3)),
        ("09:00", dt.date(2026, 10, 25), utc(25, 8, month=10)),
        ("24:00", dt.date(2026, 3, 28), utc(28, 23, month=3)),
    ],
)
def test_hand_off_at_clock_changes(hand_off: str, day: dt.date, first: dt.datetime) -> None:
    """A hand-off keeps the same local time when the clocks change."""
    listed = rotation(
        ListedShift(member="ana", start=dt.date(2026, 1, 1)),
        ListedShift(member="ben", start=day),
        hand_off=hand_off,
    )
    assert "ana" == listed.on_duty(first - MOMENT, zone=AMSTERDAM)
    assert "ben" == listed.on_duty(first, zone=AMSTERDAM)


def test_hand_offs_at_one_instant() -> None:
    """If two hand-offs become the same instant, such as 02:30 and 03:30, the later one counts."""
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


def test_end_of_listed_shifts() -> None:
    """The `end` of a rotation ends listed shifts too."""
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
def test_order_of_shifts(order: list[int], hours: int) -> None:
    """The order of listed shifts does not matter."""
    at = utc(1, 0) + dt.timedelta(hours=hours)
    mixed = rotation(*(WINTER.shifts[number] for number in order), hand_off="09:00")
    assert WINTER.on_duty(at, zone=AMSTERDAM) == mixed.on_duty(at, zone=AMSTERDAM)
    assert WINTER.next_shift(at, zone=AMSTERDAM) == mixed.next_shift(at, zone=AMSTERDAM)
    one, other = access(WINTER), access(mixed)
    assert one.check("ana", "hold", "tulip-x", at=at) == other.check(
        "ana", "hold", "tulip-x", at=at
    )
    assert not compare(one, other)


class CountingTuple(tuple):
    """A tuple that counts accesses to its items."""

    count = 0

    def __getitem__(self, key):
        CountingTuple.count += 1
        return super().__getitem__(key)


@pytest.mark.integration
@pytest.mark.parametrize("many", [1_000, 100_000])
def test_list_uses_binary_search(many: int) -> None:
    """A list of a hundred thousand shifts is searched in seventeen steps."""
    first = utc(1, 0)
    starts = [first + dt.timedelta(hours=number) for number in range(many)]
    listing = ListedRoster(((start, None, f"m{n % 7}") for n, start in enumerate(starts)), None)
    listing._starts = CountingTuple(listing._starts)
    # `bisect` reads the items of a subclass of tuple with `__getitem__`.
    for number in (0, 1, many // 3, many - 1):
        CountingTuple.count = 0
        assert f"m{number % 7}" == listing.at(starts[number]).member
        assert 0 < CountingTuple.count <= many.bit_length() + 2


def test_rule_uses_binary_search() -> None:
    """The computed shifts of a rule are searched in as few steps."""
    rotation = Rotation(
        id="d", role="care", on="tulip-x", members=["ana", "ben"], start=dt.date(2026, 1, 1),
        every="day 09:00",
    ).roster(AMSTERDAM)  # fmt: skip
    assert isinstance(rotation, RuleRoster)
    late = dt.datetime(2100, 1, 1, 12, tzinfo=dt.UTC)
    rotation.at(late)
    known = len(rotation._computed)
    rotation._computed = CountingList(rotation._computed)
    CountingList.count = 0
    assert rotation.at(late) is not None
    assert known > 27_000
    assert 0 < CountingList.count <= known.bit_length() + 6


class CountingList(list):
    """A list that counts accesses to its items."""

    count = 0

    def __getitem__(self, key):
        CountingList.count += 1
        return super().__getitem__(key)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (rotation, "rotation `care` has neither members nor shifts"),
        (lambda: rotation(members=["ana"]), "rotation `care` has `members` but no `start`"),
        (
            lambda: rotation(members=["ana"], start=dt.date(2026, 1, 1)),
            "rotation `care` has `members` but no `every`",
        ),
        (
            lambda: rotation(shift("ana", "2026-01-05"), members=["ana"]),
            "rotation `care` has both `shifts` and `members`",
        ),
        (
            lambda: rotation(shift("ana", "2026-01-05"), every="friday 17:00"),
            "rotation `care` has both `shifts` and `every`",
        ),
        (
            lambda: rotation(members=["ana"], start=dt.date(2026, 1, 1), every="day 09:00",
                         hand_off="09:00"),
            "rotation `care` has `hand_off = 09:00`, which applies only to listed shifts",
        ),
        (
            lambda: rotation(shift("ana", "2026-01-05"), shift("ben", "2026-01-05 09:00"),
                         hand_off="09:00"),
            "the shifts of `ana` and `ben` in rotation `care` both start at `2026-01-05 09:00`",
        ),
        (
            lambda: rotation(shift("ana", "2026-01-05", "2026-01-05")),
            "the shift of `ana` from `2026-01-05` in rotation `care` ends at `2026-01-05`, which is not"
            " after its start",
        ),
        (
            lambda: rotation(shift("ben", "2026-01-07"), shift("ana", "2026-01-05", "2026-01-08")),
            "the shift of `ana` from `2026-01-05` in rotation `care` overlaps the shift of `ben` from"
            " `2026-01-07`",
        ),
        (
            lambda: rotation(members=["ana"], start=dt.date(2026, 1, 1),
                             every="FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
            "rotation `care` has `every = FREQ=YEARLY;.*`, which does not occur in the 12 years",
        ),
        (
            lambda: rotation(members=["ana"], start=dt.date(2026, 1, 1), every="day 09:00",
                             end="FREQ=DAILY;UNTIL=20250101"),
            "rotation `care` has `end = FREQ=DAILY;UNTIL=20250101T235959`, which does not occur",
        ),
        (
            lambda: rotation(shift("ana", "2026-01-05"), end="FREQ=MONTHLY;BYDAY=6MO"),
            "rotation `care` has `end = FREQ=MONTHLY;BYDAY=6MO`, which does not occur",
        ),
        (
            lambda: rotation(members=["ana"], start=dt.date(2026, 1, 1), every="FREQ=SECONDLY"),
            "`FREQ=SECONDLY` is not valid",
        ),
        (
            lambda: rotation(members=["ana"], start=dt.date(1900, 1, 1), every="day 09:00"),
            "rotation `care` starts on `1900-01-01`, before 1970",
        ),
        (lambda: rotation(shift("ana", "2026-01-05"), timezone="Europe/Nowhere"), "Europe/Nowhere"),
        (lambda: rotation(shift("ana", "2026-01-05"), hand_off="9"), "is not a time of day"),
        (
            lambda: ListedShift(member="ana", start=utc(5, 8)),
            "the shift bound `2026-01-05 08:00:00\\+00:00` has a UTC offset",
        ),
        (lambda: access(rotation(shift("zoe", "2026-01-05"))), "rotation `care` names `zoe`, who is not a member"),
    ],
)  # fmt: skip
def test_invalid_rotations(make, message: str) -> None:
    """Invalid rotations are rejected with a clear message."""
    with pytest.raises(InvalidValueError, match=message):
        make()


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


def test_list_in_document() -> None:
    """Listed shifts are the same after writing and loading, and changes to them are detected."""
    acme = Organization.loads(DOCUMENT)
    assert acme == Organization.loads(acme.to_toml())
    assert acme.digest == Organization.loads(acme.to_toml()).digest
    (weekend,) = acme.rotations
    assert "ana" == weekend.on_duty(utc(5, 8), zone="UTC")
    other = Organization.loads(
        DOCUMENT.replace('"ana", start = 2026-01-05', '"ben", start = 2026-01-05')
    )
    assert acme.digest != other.digest
    (change,) = changes_between(acme, other)
    assert ("rotations", "weekend-care", ("shifts",)) == (change.section, change.name, change.keys)
    assert (("manage_access",), ("tulip",)) == (change.required_permissions, change.resources)


def test_references_in_list() -> None:
    """References to a member include each of their listed shifts."""
    found = references_to(Organization.loads(DOCUMENT), "ben").references
    assert [("rotations[0].shifts[0].member", "weekend-care")] == [
        (one.place, one.name) for one in found
    ]


@pytest.mark.parametrize(
    ("old", "new", "place", "problem"),
    [
        (
            '"ana", start = 2026-01-05', '"zoe", start = 2026-01-05',
            "rotations[0].shifts[1].member", "unknown member `zoe`",
        ),
        (
            "end = 2026-01-19", "end = 2026-01-12",
            "rotations[0]", "the shift of `ben` from `2026-01-12`",
        ),
        (
            "shifts = [", 'members = ["ana"]\nshifts = [',
            "rotations[0]", "rotation `weekend-care` has both `shifts` and `members`",
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
            "rotations[0]", "rotation `weekend-care` has neither members nor shifts",
        ),
    ],
)  # fmt: skip
def test_faults_in_document(old: str, new: str, place: str, problem: str) -> None:
    """A fault in a list is reported with its place."""
    assert old in DOCUMENT
    with pytest.raises(ExceptionGroup) as caught:
        Organization.loads(DOCUMENT.replace(old, new))
    (fault,) = caught.value.exceptions
    assert place == fault.place or fault.place.startswith(f"{place}.")
    assert fault.problem.startswith(problem)


def test_diff_of_listed_shifts() -> None:
    """Listed shifts are gained for as long as they last."""
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


def test_grant_during_shift() -> None:
    """A grant for exactly the time of a listed shift is not a gain."""
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
def test_forbid_on_shift(granted_rotation: Rotation) -> None:
    """Ending a forbid on a member gives the permissions of their shifts."""
    forbid = Forbid(to="member:ana", permissions=["hold"], on={"workspace": "tulip"})
    before, after = access(granted_rotation, forbid), access(granted_rotation)
    assert {("ana", "hold")} == {
        (one.member, one.permission) for one in gains(before, after, at=utc(1, 0))
    }
    assert ["+ ana: hold on tulip from 2026-01-05 00:00 Europe/Amsterdam (forbids[0])"] == [
        str(one) for one in compare(before, after).changes
    ]
    assert ["loses"] == [one.kind for one in compare(after, before).changes]


def test_diff_of_random_lists() -> None:
    """At random instants, the gains are exactly the permissions allowed after but not before."""
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
                listed = any(
                    one.member == member
                    and "hold" in one.permissions
                    and "tulip-x" in one.resources
                    and (one.start is None or one.start <= at)
                    and (one.end is None or at < one.end)
                    for one in changes
                )
                assert listed == new


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
    rules: list[object] = [rotation(*shifts)]
    if rng.random() < 0.5:
        rules.append(
            Forbid(to="member:ana", permissions=["hold"], on="tulip-x",
                   start=dt.date(2026, 1, rng.randint(2, 20)))
        )  # fmt: skip
    if rng.random() < 0.5:
        rules.append(
            Grant(to="member:ben", permissions=["hold"], on="tulip-x",
                  end=dt.date(2026, 1, rng.randint(2, 20)))
        )  # fmt: skip
    return access(*rules)


def test_shifts_as_mappings() -> None:
    """Shifts may be given as mappings."""
    values = {"member": "ana", "start": dt.date(2026, 1, 5)}
    both = [
        Rotation(id="d", role="r", on="tulip-x", shifts=shifts)
        for shifts in ([values], [ListedShift(**values)])
    ]
    assert both[0] == both[1]
