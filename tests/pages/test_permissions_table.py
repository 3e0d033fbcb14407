"""The table of permissions."""

from __future__ import annotations

import datetime as dt
import re

import attrs
import pytest

from socialcollab.errors import InvalidValueError, NaiveDatetimeError
from socialcollab.organization import Organization, RuntimeState
from socialcollab.pages import (
    PermissionsCell,
    PermissionsColumn,
    PermissionsRow,
    permissions_matrix,
    permissions_table,
)
from socialcollab.permissions import Absence

NORTHWIND = Organization.template("northwind")
TUESDAY = dt.datetime(2026, 6, 2, 10, tzinfo=dt.UTC)


def cells(organization: Organization, at: dt.datetime, **more) -> dict[str, list[str]]:
    """Return the text of each cell, by member."""
    html = permissions_table(organization, at=at, **more)
    texts = {}
    for row in re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", html, re.DOTALL):
        member = re.findall(r"<small><bdi>(\w+)</bdi></small>", row)[0]
        texts[member] = [
            " ".join(re.sub(r"<[^>]+>", " ", cell).split())
            for cell in re.findall(r"<td.*?</td>", row)
        ]
    return texts


def test_members_by_profiles() -> None:
    """Each member has a cell for each profile, with the level, the end and the forbids."""
    texts = cells(NORTHWIND, TUESDAY)
    assert ["can draft may not publish", "can publish"] == texts["ana"]
    assert ["can publish and approve"] * 2 == texts["ben"]
    assert ["can approve until 2027-01-01"] * 2 == texts["noor"]


def test_delegate() -> None:
    """During an absence, the cell of a delegate shows the absent member."""
    absence = Absence(
        id="a1", member="ben", delegate="ana", start=dt.date(2026, 6, 1), end=dt.date(2026, 6, 9)
    )
    organization = NORTHWIND.with_state(RuntimeState(absences=(absence,)))
    assert [
        "can approve delegate of ben may not publish",
        "can publish and approve delegate of ben",
    ] == cells(organization, TUESDAY)["ana"]
    assert cells(NORTHWIND, TUESDAY) == cells(organization, TUESDAY + dt.timedelta(days=9))


def test_on_duty() -> None:
    """During a shift, the cell of its member shows the shift."""
    grants = tuple(grant for grant in NORTHWIND.grants if "team:social" not in map(str, grant.to))
    organization = attrs.evolve(NORTHWIND, grants=grants)
    (rotation,) = organization.rotations
    shifts = rotation.roster("Europe/Amsterdam").between(TUESDAY, TUESDAY + dt.timedelta(days=30))
    start = next(shift.start for shift in shifts if shift.member == "ana")
    on_duty = start + dt.timedelta(hours=1)
    assert "can publish on duty" == cells(organization, on_duty)["ana"][1]
    assert "no access" == cells(organization, on_duty + dt.timedelta(days=3))["ana"][1]


def test_workspaces() -> None:
    """With *workspaces*, only their profiles and the members with a rule there are shown."""
    assert set(cells(NORTHWIND, TUESDAY, workspaces=["tulip"])) == {"ana", "ben", "eva", "noor"}
    assert cells(NORTHWIND, TUESDAY, workspaces=["other"]) == {}


def test_dutch() -> None:
    """The table is available in Dutch."""
    texts = cells(NORTHWIND, TUESDAY, language="nl")
    assert "kan goedkeuren tot 2027-01-01" == texts["noor"][0]
    assert "kan opstellen mag niet publiceren" == texts["ana"][0]


def test_naive_time() -> None:
    """A time without a UTC offset is rejected."""
    with pytest.raises(NaiveDatetimeError):
        permissions_table(NORTHWIND, at=TUESDAY.replace(tzinfo=None))


COLUMNS = [
    PermissionsColumn(workspace="tulip", profile="tulip-x", network="x"),
    PermissionsColumn(workspace="tulip", profile="tulip-m", network="mastodon"),
    PermissionsColumn(workspace="dike", profile="dike-x", network="x"),
]


def row(*levels: str, **more) -> PermissionsRow:
    return PermissionsRow(
        member="ana", cells=tuple(PermissionsCell(level=level) for level in levels), **more
    )


def test_columns_of_a_workspace() -> None:
    """Adjacent columns of a workspace share a header."""
    html = permissions_matrix(COLUMNS, [row("view", "draft", "none")])
    assert 'colspan="2" class="ws"><bdi>tulip</bdi>' in html
    assert 'colspan="1" class="ws"><bdi>dike</bdi>' in html
    assert 3 == html.count("<td ")


def test_levels_in_both_languages() -> None:
    """Every level has a word in each language."""
    levels = ("view", "draft", "approve")
    english = permissions_matrix(COLUMNS, [row(*levels)])
    dutch = permissions_matrix(COLUMNS, [row(*levels)], language="nl")
    for word in ("<b>can view</b>", "<b>can draft</b>", "<b>can approve</b>"):
        assert word in english
        assert word not in dutch
    for word in ("<b>kan bekijken</b>", "<b>kan opstellen</b>", "<b>kan goedkeuren</b>"):
        assert word in dutch


def test_notes_and_forbids() -> None:
    """Notes, forbids and the kind of member are shown and escaped."""
    cell = PermissionsCell(
        level="draft", notes=("until <b>", "on duty"), forbidden=("publish", "ads.boost")
    )
    hostile = '<script>alert(1)</script>"'
    html = permissions_matrix(
        [PermissionsColumn(workspace=hostile, profile=hostile, network=hostile)],
        [
            PermissionsRow(
                member=hostile, name=hostile, kind="client", suspended=True, cells=(cell,)
            )
        ],
    )
    assert "<script" not in html
    assert "until &lt;b&gt;" in html
    assert "may not publish" in html
    assert "may not ads.boost" in html
    assert "client" in html
    assert "suspended" in html


def test_invalid_values() -> None:
    """A row must have one cell per column, and its levels must exist."""
    with pytest.raises(InvalidValueError, match="2 cells, but there are 3 profiles"):
        permissions_matrix(COLUMNS, [row("view", "view")])
    with pytest.raises(InvalidValueError, match="is not a level"):
        PermissionsCell(level="rules")


def test_empty() -> None:
    """A table without members or profiles is valid."""
    assert "<tbody></tbody>" in permissions_matrix(COLUMNS, [])
    assert "<table" in permissions_matrix([], [row()])
