"""Notebook cards for permission analyses, such as changes, losses and gaps."""

from __future__ import annotations

import datetime as dt

from socialcollab.pages.badges import badge
from socialcollab.pages.markup import Html
from socialcollab.pages.notebook.registry import card_of, cells_of, table_card
from socialcollab.permissions import (
    Comparison,
    Coverage,
    EffectivePermissions,
    Gap,
    Loss,
    PermissionChange,
    ResourcePermissions,
)
from socialcollab.time import local_time


def _local(at: dt.datetime | None, zone: str) -> str:
    return "" if at is None else f"{local_time(at, zone):%Y-%m-%d %H:%M} {zone}"


@cells_of.register
def change_cells(change: PermissionChange) -> dict[str, str]:
    return {
        "change": badge(change.kind, "green" if change.kind == "gains" else "red"),
        "member": change.member,
        "permissions": ", ".join(change.granted),
        "resources": ", ".join(change.resources_in_short),
        "from": _local(change.start, change.zone),
        "until": _local(change.end, change.zone),
        "rules": ", ".join(change.rules),
    }


@card_of.register
def comparison_card(comparison: Comparison) -> Html:
    return table_card(comparison.changes, title="Permission changes")


@cells_of.register
def loss_cells(loss: Loss) -> dict[str, str]:
    return {
        "absent": ", ".join(loss.absent),
        "lost": ", ".join(loss.lost),
        "resources": ", ".join(loss.in_short or loss.resources),
        "from": _local(loss.start, loss.zone),
        "until": _local(loss.end, loss.zone),
    }


@card_of.register
def coverage_card(coverage: Coverage) -> Html:
    return table_card(coverage.losses, title="Losses by absence")


@cells_of.register
def gap_cells(gap: Gap) -> dict[str, str]:
    return {
        "rotation": gap.rotation,
        "permissions": ", ".join(gap.permissions),
        "resources": ", ".join(gap.in_short or gap.resources),
        "from": _local(gap.start, gap.zone),
        "until": _local(gap.end, gap.zone),
        "cause": gap.cause,
    }


@cells_of.register
def resource_cells(permissions: ResourcePermissions) -> dict[str, str]:
    return {"resource": permissions.resource, "permissions": "; ".join(permissions.lines())}


@card_of.register
def effective_permissions_card(permissions: EffectivePermissions) -> Html:
    return table_card(permissions.resources, title=f"Permissions of {permissions.member}")
