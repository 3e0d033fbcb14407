"""What one member may, place by place, for what reasons, and whom they ask for more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.identifiers import MemberId
from socialcollab.permissions.analysis.effect import whom_to_ask
from socialcollab.permissions.analysis.visibility import knows
from socialcollab.time import as_utc
from socialcollab.verdicts import Reason, message

if TYPE_CHECKING:
    from socialcollab.permissions.access import Access


@attrs.frozen(kw_only=True)
class HeldPermissions:
    """
    What somebody may at a place for one reason.

    Attributes:
        permissions: The permissions, sorted.

        because: What carries them, as far as they may know.
    """

    permissions: tuple[str, ...]
    reasons: tuple[Reason, ...]


@attrs.frozen(kw_only=True)
class ResourcePermissions:
    """
    What somebody may at one place.

    Attributes:
        where: A profile, or for a workspace as a whole its id.

        held: By reason, what they may.

        ask: Whom to ask for more, or an empty string.
    """

    resource: str
    held: tuple[HeldPermissions, ...]
    ask: str = ""

    def lines(self, language: str = "en") -> Iterator[str]:
        """Yield a line for each reason, and one that says whom to ask."""
        for one in self.held:
            because = "; ".join(reason.text(language) for reason in one.reasons)
            said = {"permissions": ", ".join(one.permissions), "reasons": because}
            yield message(
                "permissions.with_reasons" if because else "permissions.plain",
                said,
                language=language,
            )
        if self.ask:
            yield message("permissions.ask", {"ask": self.ask}, language=language)


@attrs.frozen(kw_only=True)
class EffectivePermissions(NotebookMixin):
    """
    What one member may, everywhere.

    Attributes:
        member: Who.

        places: Every profile and workspace at which they may anything, sorted.
    """

    member: MemberId
    resources: tuple[ResourcePermissions, ...]

    def text(self, language: str = "en") -> str:
        """Say it in *language*."""
        if not self.resources:
            return message("permissions.none", {"member": self.member}, language=language)
        return "\n".join(
            line
            for place in self.resources
            for line in (place.resource, *(f"  {one}" for one in place.lines(language)))
        )

    def __str__(self) -> str:
        return self.text()


def effective_permissions(access: Access, member: str, *, at: dt.datetime) -> EffectivePermissions:
    """
    Return what a member may at an instant, as they themselves may know it.

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

        member: A member's id; one who is none may nothing.

        at: The instant.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
    """
    at = as_utc(at)
    resources = (
        _at(access, member, resource, at) for resource in sorted(access.bindings.scope.resources)
    )
    return EffectivePermissions(
        member=MemberId(member), resources=tuple(one for one in resources if one is not None)
    )


def _at(access: Access, member: str, resource: str, at: dt.datetime) -> ResourcePermissions | None:
    may = access.permissions_of(member, resource, at=at)
    if not may:
        return None
    groups: dict[tuple[Reason, ...], list[str]] = {}
    for permission in may:
        verdict = access.check(member, permission, resource, at=at).for_viewer(member)
        groups.setdefault(verdict.reasons, []).append(permission)
    ask = ""
    if "manage_access" not in may:
        known = [
            one
            for one in access.members("manage_access", resource, at=at)
            if knows(access, member, one, at=at)
        ]
        ask = whom_to_ask(access, known, resource, at=at)
    return ResourcePermissions(
        resource=resource,
        held=tuple(
            HeldPermissions(permissions=tuple(permissions), reasons=because)
            for because, permissions in groups.items()
        ),
        ask=ask,
    )
