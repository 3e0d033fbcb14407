"""Who may do what on which profile: members by profiles, as one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Final

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.pages.calendar import network_sign
from socialcollab.pages.table import badge
from socialcollab.pages.words import words
from socialcollab.showing import Html, Tone, escape

LEVELS: Final[Mapping[str, tuple[Tone, int]]] = {
    "nothing": ("grey", 0),
    "sees": ("grey", 1),
    "drafts": ("amber", 2),
    "approves": ("violet", 3),
    "publishes": ("green", 4),
    "publishes_approves": ("teal", 4),
}
"""What somebody may at most on a profile: its tone, and how many of four bars it fills."""


@attrs.frozen(kw_only=True)
class PermissionsColumn:
    """
    A profile.

    Attributes:
        workspace: Its workspace; columns of one are put together.

        profile: Its id.

        network: Its network.
    """

    workspace: str
    profile: str
    network: str


@attrs.frozen(kw_only=True)
class PermissionsCell:
    """
    What one member may on one profile.

    Attributes:
        level: A key of `LEVELS`.

        notes: What there is to say of it, such as "until 30 June", each short.

        barred: Permissions that a forbid keeps from them, sorted.
    """

    level: str
    notes: tuple[str, ...] = ()
    barred: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        if self.level not in LEVELS:
            raise InvalidValueError(
                f"`{self.level}` is no level", value=self.level, expected=", ".join(LEVELS)
            )


@attrs.frozen(kw_only=True)
class PermissionsRow:
    """
    A member, with a cell for each column.

    Attributes:
        member: The member's id.

        name: Their name, or empty.

        kind: "staff", "client" or "guest".

        suspended: Whether all their rights rest.

        left: Whether they have left.

        cells: One for each column.
    """

    member: str
    name: str = ""
    kind: str = "staff"
    suspended: bool = False
    left: bool = False
    cells: tuple[PermissionsCell, ...]


def permissions_table(
    columns: Sequence[PermissionsColumn], rows: Iterable[PermissionsRow], *, language: str = "en"
) -> Html:
    """
    Return the table.

    Raises:
        InvalidValueError: If a row has more or fewer cells than there are
            columns, or there are no pages in *language*.
    """
    said = words(language)
    groups = [
        (workspace, len(list(some)))
        for workspace, some in groupby(columns, key=lambda column: column.workspace)
    ]
    first = f'<th scope="col" rowspan="2">{escape(said["rights.member"])}</th>'
    top = "".join(
        f'<th scope="colgroup" colspan="{count}" class="ws"><bdi>{escape(workspace)}</bdi></th>'
        for workspace, count in groups
    )
    profiles = "".join(
        f'<th scope="col">{network_sign(column.network)} <bdi>{escape(column.profile)}</bdi></th>'
        for column in columns
    )
    body = "".join(_row(row, len(columns), said) for row in rows)
    legend = "".join(
        f'<li class="t-{tone}">{_bars(level)} {escape(said[f"rights.{level}"])}</li>'
        for level, (tone, _) in LEVELS.items()
        if level != "nothing"
    )
    return Html(
        f'<ul class="legend rights-legend">{legend}</ul>'
        f'<div class="scroll"><table class="rights"><thead><tr>{first}{top}</tr>'
        f"<tr>{profiles}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(row: PermissionsRow, count: int, said: Mapping[str, str]) -> str:
    if len(row.cells) != count:
        raise InvalidValueError(
            f"the row of `{row.member}` has {len(row.cells)} cells for {count} profiles",
            value=len(row.cells),
            expected=f"{count} cells",
        )
    marks = [] if row.kind == "staff" else [badge(said[f"rights.{row.kind}"], "blue")]
    if row.left:
        marks.append(badge(said["rights.left"], "grey"))
    if row.suspended:
        marks.append(badge(said["rights.suspended"], "red"))
    name = f"<bdi>{escape(row.name or row.member)}</bdi>"
    below = f"<small><bdi>{escape(row.member)}</bdi></small>" if row.name else ""
    cells = "".join(_cell(cell, said) for cell in row.cells)
    return f'<tr><th scope="row">{name} {" ".join(marks)}{below}</th>{cells}</tr>'


def _cell(cell: PermissionsCell, said: Mapping[str, str]) -> str:
    tone, _ = LEVELS[cell.level]
    notes = "".join(f"<small><bdi>{escape(note)}</bdi></small>" for note in cell.notes)
    barred = "".join(
        f'<small class="no">{escape(said["rights.barred"].format(permission=one))}</small>'
        for one in cell.barred
    )
    if cell.level == "nothing":
        return f'<td class="none"><span class="sr">{escape(said["rights.nothing"])}</span>{barred}</td>'
    word = escape(said[f"rights.{cell.level}"])
    return f'<td class="t-{tone}">{_bars(cell.level)}<b>{word}</b>{notes}{barred}</td>'


def _bars(level: str) -> str:
    filled = LEVELS[level][1]
    bars = "".join(f"<i{' class=on' if number < filled else ''}></i>" for number in range(4))
    return f'<span class="bars" aria-hidden="true">{bars}</span>'
