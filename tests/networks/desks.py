"""A desk whose organization has one profile and one member."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from socialcollab.desk import Desk
from socialcollab.directory import Profile
from socialcollab.organization import Organization
from socialcollab.stores import MemoryStore


def organization_of(profile: Profile) -> Organization:
    """Return an organization in which eva publishes on a profile without an approval."""
    names = ("id", "workspace", "network", "handle", "server")
    fields = {name: getattr(profile, name) for name in names}
    return Organization.from_dict(
        {
            "organization": {"id": "tulip", "timezone": "Europe/Amsterdam"},
            "workspaces": [{"id": "tulip", "lead": "eva", "default_approval": "none"}],
            "profiles": [{name: value for name, value in fields.items() if value}],
            "members": [{"id": "eva"}],
            "roles": {"owner": {"permissions": ["*"]}},
            "grants": [{"to": "member:eva", "role": "owner", "on": {"workspace": "*"}}],
        }
    )


@contextmanager
def desk_of(
    profile: Profile, network: Any, *, store: MemoryStore | None = None, **options: Any
) -> Iterator[Desk]:
    """
    Yield a desk that publishes on one profile, and that does not wait between requests.

    Args:
        profile: The profile.
        network: The network of the profile.
        store: The store. By default, the desk has a store that nothing else uses.
        **options: More options of the desk.
    """
    with Desk.create(
        MemoryStore() if store is None else store,
        organization_of(profile),
        owner="eva",
        networks={profile.network: network},
        sleep=lambda _: None,
        **options,
    ) as desk:
        yield desk
