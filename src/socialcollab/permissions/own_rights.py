"""What one member may, place by place, for what reasons, and whom they ask for more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from socialcollab.identifiers import MemberId
from socialcollab.permissions.effect import whom_to_ask
from socialcollab.permissions.knowing import knows
from socialcollab.showing import show
from socialcollab.time import as_utc
from socialcollab.verdicts import Reason, message

if TYPE_CHECKING:
    from socialcollab.permissions.access import Access

__all__ = ["HeldRights", "MemberRights", "PlaceRights", "rights_of"]


@attrs.frozen(kw_only=True)
class HeldRights:
    """
    What somebody may at a place for one reason.

    Attributes:
        permissions: The permissions, sorted.

        because: What carries them, as far as they may know.
    """

    permissions: tuple[str, ...]
    because: tuple[Reason, ...]


@attrs.frozen(kw_only=True)
class PlaceRights:
    """
    What somebody may at one place.

    Attributes:
        where: A profile, or for a workspace as a whole its id.

        held: By reason, what they may.

        ask: Whom to ask for more, or an empty string.
    """

    where: str
    held: tuple[HeldRights, ...]
    ask: str = ""

    def lines(self, language: str = "en") -> Iterator[str]:
        """Yield a line for each reason, and one that says whom to ask."""
        for one in self.held:
            because = "; ".join(reason.text(language) for reason in one.because)
            said = {"permissions": ", ".join(one.permissions), "because": because}
            yield message("rights.held" if because else "rights.plain", said, language=language)
        if self.ask:
            yield message("rights.ask", {"ask": self.ask}, language=language)

    def _html_cells_(self) -> dict[str, str]:
        return {"where": self.where, "may": "; ".join(self.lines())}


@attrs.frozen(kw_only=True)
class MemberRights:
    """
    What one member may, everywhere.

    Attributes:
        member: Who.

        places: Every profile and workspace at which they may anything, sorted.
    """

    member: MemberId
    places: tuple[PlaceRights, ...]

    def text(self, language: str = "en") -> str:
        """Say it in *language*."""
        if not self.places:
            return message("rights.none", {"member": self.member}, language=language)
        return "\n".join(
            line
            for place in self.places
            for line in (place.where, *(f"  {one}" for one in place.lines(language)))
        )

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return show(self.places, title=self.member).html


def rights_of(access: Access, member: str, *, at: dt.datetime) -> MemberRights:
    """
    Return what a member may at an instant, as they themselves may know it.

    >>> from socialcollab.directory import Profile
    >>> from socialcollab.permissions import Access, Grant
    >>> access = Access.of(
    ...     members=["ana", "eva"],
    ...     profiles=[Profile(id="tulip-x", workspace="tulip", network="x")],
    ...     roles={"writer": ["view", "draft"], "owner": ["*"]},
    ...     grants=[
    ...         Grant(to="member:ana", role="writer", on="tulip-x"),
    ...         Grant(to="member:eva", role="owner", on={"workspace": "*"}),
    ...     ],
    ... )
    >>> print(rights_of(access, "ana", at=dt.datetime(2026, 4, 7, tzinfo=dt.UTC)))
    tulip-x
      draft, view: `ana` has `writer` on `tulip-x` by grants[0]
      for more, ask eva

    Args:
        access: The rules.

        member: A member's id; one who is none may nothing.

        at: The instant.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
    """
    at = as_utc(at)
    places = (_at(access, member, where, at) for where in sorted(access.rulebook.scope.places))
    return MemberRights(
        member=MemberId(member), places=tuple(one for one in places if one is not None)
    )


def _at(access: Access, member: str, where: str, at: dt.datetime) -> PlaceRights | None:
    may = access.permissions_of(member, where, at=at)
    if not may:
        return None
    groups: dict[tuple[Reason, ...], list[str]] = {}
    for permission in may:
        verdict = access.check(member, permission, where, at=at).for_viewer(member)
        groups.setdefault(verdict.because, []).append(permission)
    ask = ""
    if "manage_access" not in may:
        known = [
            one
            for one in access.members("manage_access", where, at=at)
            if knows(access, member, one, at=at)
        ]
        ask = whom_to_ask(access, known, where, at=at)
    return PlaceRights(
        where=where,
        held=tuple(
            HeldRights(permissions=tuple(permissions), because=because)
            for because, permissions in groups.items()
        ),
        ask=ask,
    )
