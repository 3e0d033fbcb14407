"""Temporary grants: grants that members make with a command."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Set

import attrs

from socialcollab.directory import Excluding, Selector
from socialcollab.errors import InvalidValueError
from socialcollab.permissions.engine.scope import EVERYWHERE, Scope
from socialcollab.permissions.model.grant import Grant
from socialcollab.permissions.model.permission import ALL

_MAX_DAYS = 3660


@attrs.frozen(kw_only=True)
class TemporaryGrant:
    """
    A grant that a member made with a command, rather than in the document.

    Attributes:
        id: The identifier.
        grant: The permissions or role, their recipients, the resources and the end; its `by` is the
            member who made the grant.
        at: When the grant was made, or None if it has not been made yet.

    Raises:
        InvalidValueError: If the grant has no end, or is active for more than ten years.
    """

    id: str
    grant: Grant
    at: dt.datetime | None = None

    def __attrs_post_init__(self) -> None:
        start, end = self.grant.start, self.grant.end
        if end is None:
            raise InvalidValueError(
                "a temporary grant needs an end", expected="until = a date, or a local time"
            )
        if self.at is not None:
            start = start or self.at
        if start is not None and (_day(end) - _day(start)).days > _MAX_DAYS:
            raise InvalidValueError(
                f"a temporary grant until {end} is active for more than ten years",
                value=end,
                expected="at most ten years; a permanent grant belongs in the document",
            )

    @property
    def by(self) -> str:
        """The member who made the grant."""
        return self.grant.by

    @property
    def until(self) -> dt.date:
        """The first day, or local time, at which it is no longer active."""
        assert self.grant.end is not None  # noqa: S101  checked by the initializer
        return self.grant.end

    @property
    def place(self) -> str:
        """The name by which reasons refer to the grant, which has no position in the document."""
        return f"grant {self.id}"

    def existing_part(self, scope: Scope) -> Grant | None:
        """
        Return the grant without names that no longer exist, or None if nothing remains.

        A name that no longer exists is dropped if the grant contains existing names of the same
        kind. Otherwise the grant has no effect, because dropping the whole key would widen its
        selector.
        """
        grant = self.grant
        known: Mapping[str, Mapping[str, object]] = {"team": scope.teams, "member": scope.members}
        to = tuple(principal for principal in grant.to if principal.name in known[principal.kind])
        permissions = tuple(
            name
            for name in grant.permissions
            if name == ALL or name in scope.roles.permission_names
        )
        on = _existing_selector(grant.on, scope)
        if not to or on is None or (grant.role and grant.role not in scope.roles.by_id):
            return None
        if not grant.role and not permissions:
            return None
        return attrs.evolve(grant, to=to, permissions=permissions, on=on, place=self.place)

    def is_over(self, scope: Scope, *, at: dt.datetime) -> bool:
        """Return whether the grant is no longer active on any resource at an instant."""
        grant = self.existing_part(scope)
        resources = scope.resources_of(grant.on) if grant is not None else ()
        # If the grant matches no resource, it ends according to the organization's time zone.
        ends = (
            scope.span(None, self.until, resource)[1] for resource in resources or (EVERYWHERE,)
        )
        return all(end is not None and end <= at for end in ends)

    def missing(self, scope: Scope) -> tuple[str, ...]:
        """Return the names in the grant that no longer exist, each with its kind."""
        grant = self.grant
        known = {"team": scope.teams.keys(), "member": scope.members.keys()}
        names = [
            str(principal) for principal in grant.to if principal.name not in known[principal.kind]
        ]
        if grant.role and grant.role not in scope.roles.by_id:
            names.append(f"role {grant.role}")
        permissions = {*scope.roles.permission_names, ALL}
        names += [f"permission {name}" for name in grant.permissions if name not in permissions]
        for on in (grant.on, grant.on.excluding):
            for key, existing in () if on is None else _names_by_key(scope):
                names += [f"{key} {name}" for name in getattr(on, key) if name not in existing]
        return tuple(names)

    def __str__(self) -> str:
        granted = self.grant.role or ", ".join(self.grant.permissions)
        to = ", ".join(map(str, self.grant.to))
        return (
            f"{self.place}: {granted} on {self.grant.on} to {to} until {self.until}, by {self.by}"
        )


def _day(value: dt.date) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value


def _existing_selector(on: Selector, scope: Scope) -> Selector | None:
    names = _existing_names(on, scope)
    if names is None:
        return None
    excluding = None if on.excluding is None else _existing_names(on.excluding, scope)
    return attrs.evolve(
        on,
        **names,
        # If the excluded names no longer exist, nothing is excluded.
        excluding=None if excluding is None or on.excluding is None
        else attrs.evolve(on.excluding, **excluding),
    )  # fmt: skip


def _existing_names(on: Selector | Excluding, scope: Scope) -> dict[str, tuple[str, ...]] | None:
    """Return the existing names of each key, or None if a key has only missing names."""
    found: dict[str, tuple[str, ...]] = {}
    for key, existing in _names_by_key(scope):
        names: tuple[str, ...] = getattr(on, key)
        kept = tuple(name for name in names if name in existing)
        if names and not kept:
            return None
        found[key] = kept
    return found


def _names_by_key(scope: Scope) -> tuple[tuple[str, Set[str]], ...]:
    """Return the keys of a selector that refer to names, each with the names that exist."""
    return (
        ("workspace", scope.workspace_names | {EVERYWHERE}),
        ("network", scope.network_names),
        ("profile", scope.profiles.keys()),
    )
