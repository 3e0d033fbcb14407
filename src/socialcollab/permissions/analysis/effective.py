"""Effective permissions: a member's permissions on each resource, and the owners."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.identifiers import MemberId
from socialcollab.permissions.access import Access
from socialcollab.permissions.analysis.explain import knows
from socialcollab.permissions.analysis.remedies import choose_contact
from socialcollab.permissions.engine.scope import EVERYWHERE
from socialcollab.permissions.model.permission import PERMISSIONS
from socialcollab.time import as_utc
from socialcollab.verdicts import Reason, message


@attrs.frozen(kw_only=True)
class HeldPermissions:
    """
    Permissions that a member has for the same reasons.

    Attributes:
        permissions: The permissions, sorted.
        reasons: The reasons, except reasons that are hidden from the member.
    """

    permissions: tuple[str, ...]
    reasons: tuple[Reason, ...]


@attrs.frozen(kw_only=True)
class ResourcePermissions:
    """
    A member's permissions on one resource.

    Attributes:
        resource: A profile, a workspace, or ``*``.
        held: The permissions, grouped by their reasons.
        ask: The member to ask for more permissions, or an empty string.
    """

    resource: str
    held: tuple[HeldPermissions, ...]
    ask: str = ""

    def lines(self, language: str = "en") -> Iterator[str]:
        """Yield a line for each group, and a line that names the member to ask."""
        for group in self.held:
            reasons = "; ".join(reason.text(language) for reason in group.reasons)
            yield message(
                "permissions.with_reasons" if reasons else "permissions.plain",
                {"permissions": ", ".join(group.permissions), "reasons": reasons},
                language=language,
            )
        if self.ask:
            yield message("permissions.ask", {"ask": self.ask}, language=language)


@attrs.frozen(kw_only=True)
class EffectivePermissions(NotebookMixin):
    """
    One member's permissions on all resources.

    Attributes:
        member: The member.
        resources: The resources on which the member has any permission, sorted.
    """

    member: MemberId
    resources: tuple[ResourcePermissions, ...]

    def text(self, language: str = "en") -> str:
        """Return the permissions as text."""
        if not self.resources:
            return message("permissions.none", {"member": self.member}, language=language)
        return "\n".join(
            line
            for resource in self.resources
            for line in (
                resource.resource,
                *(f"  {permissions}" for permissions in resource.lines(language)),
            )
        )

    def __str__(self) -> str:
        return self.text()


def effective_permissions(access: Access, member: str, *, at: dt.datetime) -> EffectivePermissions:
    """
    Return a member's permissions at an instant, with reasons that the member may see.

    >>> from socialcollab.directory import Profile
    >>> from socialcollab.permissions import Access, Grant, effective_permissions
    >>> access = Access.of(
    ...     members=["ana", "eva"],
    ...     profiles=[Profile(id="tulip-x", workspace="tulip", network="x")],
    ...     roles={"writer": ["view", "draft"], "owner": ["*"]},
    ...     grants=[
    ...         Grant(to="member:ana", role="writer", on="tulip-x"),
    ...         Grant(to="member:eva", role="owner", on={"workspace": "*"}),
    ...     ],
    ... )
    >>> print(effective_permissions(access, "ana", at=dt.datetime(2026, 4, 7, tzinfo=dt.UTC)))
    tulip-x
      draft, view: grants[0] grants `ana` `writer` on `tulip-x`
      for more permissions, ask eva

    Args:
        access: The rules.
        member: A member's id; an unknown member has no permissions.
        at: The instant.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
    """
    at = as_utc(at)
    resources = (
        _on_resource(access, member, resource, at)
        for resource in sorted(access.bindings.scope.resources)
    )
    return EffectivePermissions(
        member=MemberId(member),
        resources=tuple(resource for resource in resources if resource is not None),
    )


def _on_resource(
    access: Access, member: str, resource: str, at: dt.datetime
) -> ResourcePermissions | None:
    permissions = access.permissions_of(member, resource, at=at)
    if not permissions:
        return None
    groups: dict[tuple[Reason, ...], list[str]] = {}
    for permission in permissions:
        verdict = access.check(member, permission, resource, at=at).for_viewer(member)
        groups.setdefault(verdict.reasons, []).append(permission)
    ask = ""
    if "manage_access" not in permissions:
        managers = [
            manager
            for manager in access.members("manage_access", resource, at=at)
            if knows(access, member, manager, at=at)
        ]
        ask = choose_contact(access, managers, resource, at=at)
    return ResourcePermissions(
        resource=resource,
        held=tuple(
            HeldPermissions(permissions=tuple(names), reasons=reasons)
            for reasons, names in groups.items()
        ),
        ask=ask,
    )


def owners(access: Access, *, at: dt.datetime) -> tuple[MemberId, ...]:
    """Return the members who have every permission everywhere from *at* onwards, sorted."""
    return tuple(
        member
        for member in access.member_ids
        if all(
            holds_for_ever(access, member, permission, EVERYWHERE, at=at)
            for permission in PERMISSIONS
        )
    )


def holds_for_ever(
    access: Access, member: str, permission: str, resource: str, *, at: dt.datetime
) -> bool:
    """Return whether grants give a member a permission from *at* onwards, with no end."""
    return any(
        (start is None or start <= at) and end is None
        for start, end in access.permission_periods(member).get((permission, resource), ())
    )
