"""Members by profiles: what each may at most, as a table for people."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from socialcollab.pages import (
    PermissionsCell,
    PermissionsColumn,
    PermissionsRow,
    permissions_table,
    words,
)
from socialcollab.permissions import Access
from socialcollab.showing import Html
from socialcollab.time import as_utc, local_time

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from socialcollab.organization.organization import Organization

_SHOWN = ("approve", "publish")


def organization_permissions(
    organization: Organization,
    *,
    at: dt.datetime,
    language: str = "en",
    workspaces: Collection[str] = (),
) -> Html:
    """
    Return who may do what at an instant: members by profiles.

    Args:
        organization: The organization, with its facts if they are to count.

        at: The instant.

        language: Of the words, "en" or "nl".

        workspaces: Only the profiles of these, and whoever may do something or
            is forbidden something there; of all, and everybody, if empty.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.

        InvalidValueError: If there are no pages in *language*.
    """
    at = as_utc(at)
    said = words(language)
    profiles = sorted(
        (one for one in organization.profiles if not workspaces or one.workspace in workspaces),
        key=lambda one: (one.workspace, one.id),
    )
    rows = [
        PermissionsRow(
            member=member.id,
            name=member.name,
            kind=member.kind,
            suspended=member.suspended,
            left=organization.access.bindings.scope.has_left(member.id, at),
            cells=tuple(
                _cell(
                    organization.access,
                    member.id,
                    one.id,
                    at,
                    zone=organization.zone_of(one.workspace),
                    said=said,
                )
                for one in profiles
            ),
        )
        for member in organization.members
    ]
    return permissions_table(
        [
            PermissionsColumn(workspace=one.workspace, profile=one.id, network=one.network)
            for one in profiles
        ],
        [row for row in rows if not workspaces or any(map(_says, row.cells))],
        language=language,
    )


def _says(cell: PermissionsCell) -> bool:
    return cell.level != "nothing" or bool(cell.barred)


def _cell(
    access: Access,
    member: str,
    profile: str,
    at: dt.datetime,
    *,
    zone: str,
    said: Mapping[str, str],
) -> PermissionsCell:
    may = {
        permission
        for permission in ("view", "comment", "draft", *_SHOWN)
        if access.allows(member, permission, profile, at=at)
    }
    level = "nothing"
    if "publish" in may:
        level = "publishes_approves" if "approve" in may else "publishes"
    elif "approve" in may:
        level = "approves"
    elif "draft" in may:
        level = "drafts"
    elif may:
        level = "sees"
    barred = [
        permission
        for permission in ("view", "draft", *_SHOWN)
        if access.bindings.granting_rule(member, permission, profile, at=at) is not None
        and access.bindings.matching_forbids(member, permission, profile, at=at)
    ]
    return PermissionsCell(
        level=level,
        notes=tuple(_notes(access, member, profile, at, may, zone=zone, said=said)),
        barred=tuple(barred),
    )


def _notes(
    access: Access,
    member: str,
    profile: str,
    at: dt.datetime,
    may: set[str],
    *,
    zone: str,
    said: Mapping[str, str],
) -> list[str]:
    """Say on duty, in whose place, and until when, of what is shown."""
    notes: dict[str, None] = {}
    for permission in sorted(may):
        verdict = access.check(member, permission, profile, at=at)
        for reason in verdict.reasons:
            if reason.code == "delegate_of":
                notes[said["rights.stands_in"].format(absent=reason["absent"])] = None
            elif reason.code.startswith("shift.") and reason["member"] == member:
                notes[said["permissions.on_duty"]] = None
    ends = {
        end
        for permission in may
        for start, end in access.permission_periods(member).get((permission, profile), ())
        if end is not None and (start is None or start <= at) and at < end
    }
    if ends:
        local = local_time(min(ends), zone)
        form = "%Y-%m-%d" if local.time() == dt.time() else "%Y-%m-%d %H:%M"
        notes[said["rights.until"].format(until=local.strftime(form))] = None
    return list(notes)
