"""The table of rights: complete, escaped, and the same words in both languages."""

from __future__ import annotations

import pytest

from socialcollab.errors import InvalidValueError
from socialcollab.pages import PermissionsCell, PermissionsColumn, PermissionsRow, permissions_table

COLUMNS = [
    PermissionsColumn(workspace="tulip", profile="tulip-x", network="x"),
    PermissionsColumn(workspace="tulip", profile="tulip-m", network="mastodon"),
    PermissionsColumn(workspace="dike", profile="dike-x", network="x"),
]


def row(*levels: str, **more) -> PermissionsRow:
    return PermissionsRow(
        member="ana", cells=tuple(PermissionsCell(level=one) for one in levels), **more
    )


def test_columns_of_one_workspace_stand_together() -> None:
    html = permissions_table(COLUMNS, [row("sees", "drafts", "nothing")])
    assert 'colspan="2" class="ws"><bdi>tulip</bdi>' in html
    assert 'colspan="1" class="ws"><bdi>dike</bdi>' in html
    assert 3 == html.count("<td ")


def test_every_level_has_its_words_in_both_languages() -> None:
    levels = ("sees", "drafts", "approves")
    english = permissions_table(COLUMNS, [row(*levels)])
    dutch = permissions_table(COLUMNS, [row(*levels)], language="nl")
    for word in ("<b>sees</b>", "<b>drafts</b>", "<b>approves</b>"):
        assert word in english
        assert word not in dutch
    for word in ("<b>kijkt mee</b>", "<b>schrijft</b>", "<b>keurt goed</b>"):
        assert word in dutch


def test_notes_and_what_is_barred_are_said_and_nothing_runs() -> None:
    cell = PermissionsCell(level="drafts", notes=("until <b>", "on duty"), barred=("publish",))
    bad = '<script>alert(1)</script>"'
    html = permissions_table(
        [PermissionsColumn(workspace=bad, profile=bad, network=bad)],
        [PermissionsRow(member=bad, name=bad, kind="client", suspended=True, cells=(cell,))],
    )
    assert "<script" not in html
    assert "until &lt;b&gt;" in html
    assert "not publish" in html
    assert "client" in html
    assert "suspended" in html


def test_a_row_of_another_length_or_an_unknown_level_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="2 cells for 3 profiles"):
        permissions_table(COLUMNS, [row("sees", "sees")])
    with pytest.raises(InvalidValueError, match="no level"):
        PermissionsCell(level="rules")


def test_nobody_and_no_profile_are_a_table_too() -> None:
    assert "<tbody></tbody>" in permissions_table(COLUMNS, [])
    assert "<table" in permissions_table([], [row()])
