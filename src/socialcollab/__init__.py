"""
Permissions, approvals, scheduling, style checks and reliable publishing for social media teams.

Each subject has its own package (``from socialcollab.scheduling import SlotPlan``). The
names that a first script needs can also be imported from here; each is loaded when it
is first used.
"""

from __future__ import annotations

# Type checkers treat this name as true. Importing it from `typing` would slow down `import
# socialcollab`.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from socialcollab.content import Image, Post
    from socialcollab.desk import AsyncDesk, Desk
    from socialcollab.directory import Member, Profile, Team, Workspace
    from socialcollab.networks.sandbox import Sandbox
    from socialcollab.organization import Organization
    from socialcollab.permissions import Access
    from socialcollab.stores import MemoryStore, SqliteStore

__all__ = [
    "Access",
    "AsyncDesk",
    "Desk",
    "Image",
    "Member",
    "MemoryStore",
    "Organization",
    "Post",
    "Profile",
    "Sandbox",
    "SqliteStore",
    "Team",
    "Workspace",
]

_PACKAGES = {
    "Access": "permissions",
    "AsyncDesk": "desk",
    "Desk": "desk",
    "Image": "content",
    "Member": "directory",
    "MemoryStore": "stores",
    "Organization": "organization",
    "Post": "content",
    "Profile": "directory",
    "Sandbox": "networks.sandbox",
    "SqliteStore": "stores",
    "Team": "directory",
    "Workspace": "directory",
}

if not TYPE_CHECKING:
    # Hidden from type checkers, which would otherwise accept any attribute name.
    def __getattr__(name: str) -> object:
        from importlib import import_module  # noqa: PLC0415  only when a name is first used

        if name in _PACKAGES:
            value = getattr(import_module(f"socialcollab.{_PACKAGES[name]}"), name)
            globals()[name] = value
            return value
        from difflib import get_close_matches  # noqa: PLC0415

        near = get_close_matches(name, _PACKAGES, n=1)
        hint = f"; did you mean `{near[0]}`?" if near else ""
        raise AttributeError(f"module `socialcollab` has no attribute `{name}`{hint}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
