"""The permissions table as HTML, with a row for each member and a column for each profile."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final

import attrs

from socialcollab.directory import Profile
from socialcollab.errors import InvalidValueError
from socialcollab.pages.badges import Tone, badge, network_badge
from socialcollab.pages.markup import Html, escape
from socialcollab.pages.words import words
from socialcollab.time import as_utc, local_time

# A caller of `permissions_table` has an organization, so its package is already imported. Importing
# it here would make a program that only draws a calendar from plain values start four times as
# slowly.
if TYPE_CHECKING:
    from socialcollab.organization import Organization

LEVELS: Final[Mapping[str, tuple[Tone, int]]] = {
    "none": ("grey", 0),
    "view": ("grey", 1),
    "draft": ("amber", 2),
    "approve": ("violet", 3),
    "publish": ("green", 4),
    "publish_and_approve": ("teal", 4),
}
"""The tone and the number of filled bars (of four) for each level of permissions on a profile."""


@attrs.frozen(kw_only=True)
class PermissionsColumn:
    """
    A profile, which is a column of the table.

    Attributes:
        workspace: The id of its workspace. Adjacent columns of the same workspace share a header.
        profile: The profile's id.
        network: The name of its network.
    """

    workspace: str
    profile: str
    network: str


@attrs.frozen(kw_only=True)
class PermissionsCell:
    """
    The permissions of one member on one profile.

    Attributes:
        level: A key of `LEVELS`.
        notes: Short notes, such as "until 30 June".
        forbidden: Permissions that the member would have through a grant, but that a forbid
            removes, sorted.
    """

    level: str
    notes: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        if self.level not in LEVELS:
            raise InvalidValueError(
                f"`{self.level}` is not a level", value=self.level, expected=" or ".join(LEVELS)
            )


@attrs.frozen(kw_only=True)
class PermissionsRow:
    """
    A member, with a cell for each column.

    Attributes:
        member: The member's id.
        name: The member's name, or an empty string.
        kind: "staff", "client" or "guest".
        suspended: Whether the member's permissions are suspended.
        left: Whether the member has left.
        cells: One cell for each column.
    """

    member: str
    name: str = ""
    kind: str = "staff"
    suspended: bool = False
    left: bool = False
    cells: tuple[PermissionsCell, ...]


def permissions_table(
    organization: Organization,
    *,
    at: dt.datetime,
    language: str = "en",
    workspaces: Collection[str] = (),
) -> Html:
    """
    Return a table of the permissions of every member on every profile, as the body of a `page`.

    Args:
        organization: The organization. If it includes its runtime state (see
            `Organization.with_state`), absences, shift swaps and temporary grants are taken into
            account.
        at: The instant for which permissions are shown.
        language: "en" or "nl".
        workspaces: Show only the profiles of these workspaces, and only members to whom a grant or
            forbid for these workspaces applies. By default, all profiles and members are shown.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
        InvalidValueError: If *language* does not exist.
    """
    at = as_utc(at)
    labels = words(language)
    profiles = sorted(
        (
            profile
            for profile in organization.profiles
            if not workspaces or profile.workspace in workspaces
        ),
        key=lambda profile: (profile.workspace, profile.id),
    )
    rows = [
        PermissionsRow(
            member=member.id,
            name=member.name,
            kind=member.kind,
            suspended=member.suspended,
            left=organization.access.bindings.scope.has_left(member.id, at),
            cells=tuple(
                _cell_of(organization, member.id, profile, at, labels) for profile in profiles
            ),
        )
        for member in organization.members
    ]
    return permissions_matrix(
        [
            PermissionsColumn(
                workspace=profile.workspace, profile=profile.id, network=profile.network
            )
            for profile in profiles
        ],
        [
            row
            for row in rows
            if not workspaces or any(cell.level != "none" or cell.forbidden for cell in row.cells)
        ],
        language=language,
    )


def _cell_of(
    organization: Organization,
    member: str,
    profile: Profile,
    at: dt.datetime,
    labels: Mapping[str, str],
) -> PermissionsCell:
    access = organization.access
    allowed = {
        permission
        for permission in ("view", "comment", "draft", "approve", "publish")
        if access.allows(member, permission, profile.id, at=at)
    }
    forbidden = [
        permission
        for permission in ("view", "draft", "approve", "publish")
        if access.bindings.granting_rule(member, permission, profile.id, at=at) is not None
        and access.bindings.matching_forbids(member, permission, profile.id, at=at)
    ]
    notes = _notes_of(organization, member, profile, at, allowed=allowed, labels=labels)
    return PermissionsCell(
        level=_level(allowed), notes=tuple(dict.fromkeys(notes)), forbidden=tuple(forbidden)
    )


def _level(allowed: Collection[str]) -> str:
    if "publish" in allowed:
        return "publish_and_approve" if "approve" in allowed else "publish"
    if "approve" in allowed:
        return "approve"
    if "draft" in allowed:
        return "draft"
    return "view" if allowed else "none"


def _notes_of(
    organization: Organization,
    member: str,
    profile: Profile,
    at: dt.datetime,
    *,
    allowed: Collection[str],
    labels: Mapping[str, str],
) -> Iterator[str]:
    """Yield notes on the limits of a cell's permissions: a shift, an absence or an end date."""
    access = organization.access
    for permission in sorted(allowed):
        for reason in access.check(member, permission, profile.id, at=at).reasons:
            if reason.code == "delegate_of":
                yield labels["permissions.delegate_of"].format(absent=reason["absent"])
            elif reason.code.startswith("shift.") and reason["member"] == member:
                yield labels["permissions.on_duty"]
    periods = access.permission_periods(member)
    ends = [
        end
        for permission in allowed
        for start, end in periods.get((permission, profile.id), ())
        if end is not None and (start is None or start <= at) and at < end
    ]
    if ends:
        local = local_time(min(ends), organization.zone_of(profile.workspace))
        until = local.strftime("%Y-%m-%d" if local.time() == dt.time() else "%Y-%m-%d %H:%M")
        yield labels["permissions.until"].format(until=until)


def permissions_matrix(
    columns: Sequence[PermissionsColumn], rows: Iterable[PermissionsRow], *, language: str = "en"
) -> Html:
    """
    Return a permissions table from plain values, for permissions from another source.

    Raises:
        InvalidValueError: If the number of cells in a row differs from the number of columns, or if
            *language* does not exist.
    """
    labels = words(language)
    workspaces = "".join(
        f'<th scope="colgroup" colspan="{len(list(group))}" class="ws">'
        f"<bdi>{escape(workspace)}</bdi></th>"
        for workspace, group in groupby(columns, key=lambda column: column.workspace)
    )
    profiles = "".join(
        f'<th scope="col">{network_badge(column.network)} <bdi>{escape(column.profile)}</bdi></th>'
        for column in columns
    )
    legend = "".join(
        f'<li class="t-{tone}">{_bars(filled)} {escape(labels[f"level.{level}"])}</li>'
        for level, (tone, filled) in LEVELS.items()
        if level != "none"
    )
    body = "".join(_row(row, columns, labels) for row in rows)
    return Html(
        f'<ul class="legend permissions-legend">{legend}</ul>'
        '<div class="scroll"><table class="permissions"><thead>'
        f'<tr><th scope="col" rowspan="2">{escape(labels["permissions.member"])}</th>{workspaces}</tr>'
        f"<tr>{profiles}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(
    row: PermissionsRow, columns: Sequence[PermissionsColumn], labels: Mapping[str, str]
) -> str:
    if len(row.cells) != len(columns):
        raise InvalidValueError(
            f"the row of `{row.member}` has {len(row.cells)} cells,"
            f" but there are {len(columns)} profiles",
            value=len(row.cells),
            expected=f"{len(columns)} cells",
        )
    badges = [] if row.kind == "staff" else [badge(labels[f"permissions.{row.kind}"], "blue")]
    if row.left:
        badges.append(badge(labels["permissions.left"], "grey"))
    if row.suspended:
        badges.append(badge(labels["permissions.suspended"], "red"))
    name = f"<bdi>{escape(row.name or row.member)}</bdi>"
    # The id is shown below the name, or instead of the name if there is no name.
    below = f"<small><bdi>{escape(row.member)}</bdi></small>" if row.name else ""
    cells = "".join(
        _cell(cell, column.profile, labels) for cell, column in zip(row.cells, columns, strict=True)
    )
    return f'<tr><th scope="row">{name} {" ".join(badges)}{below}</th>{cells}</tr>'


def _cell(cell: PermissionsCell, profile: str, labels: Mapping[str, str]) -> str:
    label = f'data-label="{escape(profile)}"'
    tone, filled = LEVELS[cell.level]
    level = escape(labels[f"level.{cell.level}"])
    notes = "".join(f"<small><bdi>{escape(note)}</bdi></small>" for note in cell.notes)
    for permission in cell.forbidden:
        # There is no translation for a custom permission, so its name is shown.
        word = labels.get(f"permission.{permission}", permission)
        text = labels["permissions.forbidden"].format(permission=word)
        notes += f'<small class="no">{escape(text)}</small>'
    if cell.level == "none":
        # The cell looks empty, so that other cells stand out, but a screen reader needs the word.
        return f'<td class="none" {label}><span class="sr">{level}</span>{notes}</td>'
    return f'<td class="t-{tone}" {label}>{_bars(filled)}<b>{level}</b>{notes}</td>'


def _bars(filled: int) -> str:
    bars = "".join(f"<i{' class=on' if number < filled else ''}></i>" for number in range(4))
    return f'<span class="bars" aria-hidden="true">{bars}</span>'
