"""An included file speaks of the workspace that it defines, and of nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from socialcollab.directory import Selector
from socialcollab.organization.document.faults import Faults

INCLUDED_KEYS: Final = (
    "workspaces",
    "profiles",
    "members",
    "campaigns",
    "grants",
    "forbids",
    "rotations",
    "approvals",
    "slot_plans",
    "blackouts",
    "expect",
)
"""The sections that an included file may have."""


def check_confined(
    name: str,
    table: Mapping[str, Any],
    made: Mapping[str, list[tuple[Any, str]]],
    faults: Faults,
) -> None:
    """
    Note everything in an included file that reaches beyond its workspace.

    Args:
        name: The file's name.

        table: What it says.

        made: Per field, the sections that could be read and their places.

        faults: Where faults are noted.
    """
    workspaces = table.get("workspaces")
    count = len(workspaces) if isinstance(workspaces, list | tuple) else 0
    if count != 1:
        faults.add(
            f"{name}: workspaces",
            f"the file defines {count} workspaces",
            "an included file defines one, and speaks of it alone",
        )
        return
    first = workspaces[0] if isinstance(workspaces, list | tuple) else None
    own = first.get("id") if isinstance(first, Mapping) else None
    if not isinstance(own, str):
        return
    alone = f"this file speaks of workspace `{own}` alone"
    for field, key in (("profiles", "workspace"), ("campaigns", "workspace"), ("members", "of")):
        for section, place in made[field]:
            if getattr(section, key) != own:
                said = getattr(section, key) or "the whole organization"
                faults.add(f"{place}.{key}", f"`{said}` is not this file's workspace", alone)
    profiles = {profile.id for profile, _ in made["profiles"] if profile.workspace == own}
    for sections in made.values():
        for section, place in sections:
            on = getattr(section, "on", None)
            if isinstance(on, Selector) and not _within(on, own, profiles):
                faults.add(f"{place}.on", f"`{on}` reaches beyond this file's workspace", alone)


def _within(on: Selector, workspace: str, profiles: set[str]) -> bool:
    return set(on.workspace) == {workspace} or (
        bool(on.profile) and profiles.issuperset(on.profile)
    )
