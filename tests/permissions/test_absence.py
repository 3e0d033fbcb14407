"""Absences, and the days that they cover in their own zone."""

from __future__ import annotations

import datetime as dt

import pytest

from socialcollab.errors import InvalidValueError
from socialcollab.permissions import Absence

JULY = Absence(id="a", member="ana", start=dt.date(2026, 7, 1), end=dt.date(2026, 7, 4))


def test_days() -> None:
    """An absence includes its first day but not the first day back."""
    assert (dt.date(2026, 7, 1), dt.date(2026, 7, 2), dt.date(2026, 7, 3)) == JULY.days


@pytest.mark.parametrize(
    ("zone", "first", "last"),
    [
        ("UTC", "2026-07-01T00:00+00:00", "2026-07-03T23:59+00:00"),
        ("Europe/Lisbon", "2026-06-30T23:00+00:00", "2026-07-03T22:59+00:00"),
        ("Asia/Tokyo", "2026-06-30T15:00+00:00", "2026-07-03T14:59+00:00"),
    ],
)
def test_covers_in_zone(zone: str, first: str, last: str) -> None:
    """Days start at midnight in the zone of the absence."""
    absence = Absence(id="a", member="ana", start=JULY.start, end=JULY.end, zone=zone)
    begins, ends = dt.datetime.fromisoformat(first), dt.datetime.fromisoformat(last)
    minute = dt.timedelta(minutes=1)
    assert [False, True, True, False] == [
        absence.covers(at) for at in (begins - minute, begins, ends, ends + minute)
    ]


def test_overlaps() -> None:
    """Two absences of one member overlap if they share a day."""

    def from_to(first: int, last: int, member: str = "ana") -> Absence:
        return Absence(
            id="b", member=member, start=dt.date(2026, 7, first), end=dt.date(2026, 7, last)
        )

    assert JULY.overlaps(from_to(3, 9))
    assert from_to(3, 9).overlaps(JULY)
    assert not JULY.overlaps(from_to(4, 9))
    assert not from_to(4, 9).overlaps(JULY)
    assert not JULY.overlaps(from_to(1, 4, "ben"))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"end": dt.date(2026, 7, 1)}, "not after its first day"),
        ({"end": dt.date(2026, 6, 1)}, "not after its first day"),
        ({"end": dt.date(2036, 7, 10)}, "longer than ten years"),
        ({"delegate": "ana"}, "cannot be their own delegate"),
        ({"delegate": "not an id"}, "not an id"),
        ({"member": ""}, "member"),
        ({"zone": "Nowhere/Land"}, "no time zone"),
    ],
)
def test_invalid_absences(values: dict, message: str) -> None:
    """Invalid absences are rejected."""
    valid = {"id": "a", "member": "ana", "start": JULY.start, "end": JULY.end}
    with pytest.raises(InvalidValueError, match=message):
        Absence(**{**valid, **values})


def test_longest_absence() -> None:
    """An absence of ten years is allowed."""
    assert 3660 == len(Absence(id="a", member="ana", start=dt.date(2026, 1, 1),
                               end=dt.date(2026, 1, 1) + dt.timedelta(days=3660)).days)  # fmt: skip
