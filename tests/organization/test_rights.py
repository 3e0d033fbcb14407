"""Who may do what, as a table for people: what each cell says is what the rules say."""

from __future__ import annotations

import datetime as dt
import re

import attrs
import pytest

from socialcollab.errors import NaiveDatetimeError
from socialcollab.organization import Organization, RuntimeState
from socialcollab.permissions import Absence

NORTHWIND = Organization.template("northwind")
TUESDAY = dt.datetime(2026, 6, 2, 10, tzinfo=dt.UTC)


def cells(organization: Organization, at: dt.datetime, **more) -> dict[str, list[str]]:
    html = organization.permissions_table(at=at, **more)
    found = {}
    for line in re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", html, re.DOTALL):
        name = re.findall(r"<small><bdi>(\w+)</bdi></small>", line)[0]
        found[name] = [
            re.sub(r"<[^>]+>", " ", one).split() for one in re.findall(r"<td.*?</td>", line)
        ]
    return {name: [" ".join(words) for words in some] for name, some in found.items()}


def test_each_member_has_a_cell_for_each_profile() -> None:
    found = cells(NORTHWIND, TUESDAY)
    assert ["drafts not publish", "publishes"] == found["ana"]
    assert ["publishes and approves"] * 2 == found["ben"]
    assert ["approves until 2027-01-01"] * 2 == found["noor"]


def test_who_stands_in_is_said_with_for_whom() -> None:
    absence = Absence(
        id="a1", member="ben", delegate="ana", start=dt.date(2026, 6, 1), end=dt.date(2026, 6, 9)
    )
    there = NORTHWIND.with_state(RuntimeState(absences=(absence,)))
    assert ["approves for ben not publish", "publishes and approves for ben"] == cells(
        there, TUESDAY
    )["ana"]
    assert cells(NORTHWIND, TUESDAY) == cells(there, TUESDAY + dt.timedelta(days=9))


def test_who_is_on_duty_is_said_so() -> None:
    others = tuple(one for one in NORTHWIND.grants if "team:social" not in map(str, one.to))
    without = attrs.evolve(NORTHWIND, grants=others)
    (rotation,) = without.rotations
    weekend = next(
        shift.start + dt.timedelta(hours=1)
        for shift in rotation.roster("Europe/Amsterdam").between(
            TUESDAY, TUESDAY + dt.timedelta(days=30)
        )
        if shift.member == "ana"
    )
    assert "publishes on duty" == cells(without, weekend)["ana"][1]
    assert "nothing" == cells(without, weekend + dt.timedelta(days=3))["ana"][1]


def test_it_speaks_dutch_and_refuses_naive_times() -> None:
    assert "keurt goed tot 2027-01-01" in cells(NORTHWIND, TUESDAY, language="nl")["noor"][0]
    with pytest.raises(NaiveDatetimeError):
        NORTHWIND.permissions_table(at=TUESDAY.replace(tzinfo=None))
