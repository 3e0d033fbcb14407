"""Rules: grants and forbids."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.directory import Principal, Selector, as_principals, as_selector
from socialcollab.document_fields import (
    ListOf,
    NameShape,
    PrincipalShape,
    Section,
    Text,
    TimeOrDate,
    as_words,
    shape,
)
from socialcollab.errors import InvalidValueError
from socialcollab.permissions.model.permission import ALL

_TO = ListOf(item=PrincipalShape(("member", "team")), or_one=True, at_least=1)
_ON = Section(
    Selector,
    plain="profile",
    only=("workspace", "network", "profile", "profile_tag", "excluding"),
)


def _check_to(kind: str, to: tuple[Principal, ...]) -> None:
    if not to:
        raise InvalidValueError(
            f"a {kind} names no member or team", expected='to = "member:ana" or "team:social"'
        )
    for principal in to:
        if principal.kind not in ("member", "team"):
            raise InvalidValueError(
                f"a {kind} applies to members and teams, not to `{principal}`",
                value=str(principal),
                expected="member: or team:",
            )


def _check_bounds(kind: str, start: dt.date | None, end: dt.date | None) -> None:
    for bound in (start, end):
        if isinstance(bound, dt.datetime) and bound.tzinfo is not None:
            raise InvalidValueError(
                f"the {kind} bound `{bound.isoformat(sep=' ')}` has a UTC offset, but must be a"
                " local time in the workspace's zone",
                value=bound,
                expected="a date, or a local time such as 2026-04-07 09:30",
            )
    if start is None or end is None:
        return
    # A date and a local time can be compared once a date counts as its midnight.
    first, last = (
        value if isinstance(value, dt.datetime) else dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001  local times
        for value in (start, end)
    )
    if last <= first:
        raise InvalidValueError(
            f"a {kind} ends at `{end}`, which is not after its start `{start}`",
            value=end,
            expected="an end after the start",
        )


@attrs.frozen(kw_only=True)
class Grant:
    """
    A rule that gives members and teams a role or individual permissions.

    Attributes:
        to: The members and teams to which it applies.
        role: The role that it gives, or an empty string.
        permissions: The permissions that it gives, if it gives no role.
        on: The profiles or workspaces to which it applies, with ``*`` for every workspace.
        start: The first local time at which it is active, or None if it has no start.
        end: The first local time at which it is no longer active, or None if it has no end.
        reason: The reason for the grant.
        by: The member who made the grant with a command; empty for grants in the document.
        place: The position in the document, such as ``grants[0]``; set when the document is
            loaded.

    Raises:
        InvalidValueError: If the rule names no member or team, gives both a role and permissions or
            neither, does not end after its start, or has a bound with a UTC offset.
    """

    to: tuple[Principal, ...] = attrs.field(metadata=shape(_TO), converter=as_principals)
    role: str = attrs.field(metadata=shape(NameShape("role")), default="")
    permissions: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=NameShape("permission", also=(ALL,)))),
        default=(),
        converter=as_words,
    )
    on: Selector = attrs.field(metadata=shape(_ON), converter=as_selector)
    start: dt.date | dt.datetime | None = attrs.field(metadata=shape(TimeOrDate()), default=None)
    end: dt.date | dt.datetime | None = attrs.field(metadata=shape(TimeOrDate()), default=None)
    reason: str = attrs.field(
        metadata=shape(Text(at_most=500, prose=True, personal=True)), default=""
    )
    by: str = ""
    place: str = attrs.field(default="", eq=False)

    def __attrs_post_init__(self) -> None:
        _check_to("grant", self.to)
        if bool(self.role) == bool(self.permissions):
            raise InvalidValueError(
                "a grant gives either a role or permissions",
                value=(self.role, self.permissions),
                expected='role = "..." or permissions = [...]',
            )
        _check_bounds("grant", self.start, self.end)

    @property
    def summary(self) -> dict[str, str]:
        """The role or permissions, the selector and the end as strings, for messages."""
        return {
            "granted": self.role or ", ".join(self.permissions),
            "on": str(self.on),
            "until": "-"
            if self.end is None
            else f"{self.end:%Y-%m-%d %H:%M}".removesuffix(" 00:00"),
        }


@attrs.frozen(kw_only=True)
class Forbid:
    """
    A rule that forbids permissions, regardless of any grants.

    Attributes:
        to: The members and teams to which it applies.
        permissions: The forbidden permissions.
        on: The profiles or workspaces to which it applies.
        start: The first local time at which it is active, or None if it has no start.
        end: The first local time at which it is no longer active, or None if it has no end.
        reason: The reason for the forbid.
        place: The position in the document; set when the document is loaded.

    Raises:
        InvalidValueError: If the rule names no member or team, forbids no permission, does not end
            after its start, or has a bound with a UTC offset.
    """

    to: tuple[Principal, ...] = attrs.field(metadata=shape(_TO), converter=as_principals)
    permissions: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=NameShape("permission", also=(ALL,)), at_least=1)),
        converter=as_words,
    )
    on: Selector = attrs.field(metadata=shape(_ON), converter=as_selector)
    start: dt.date | dt.datetime | None = attrs.field(metadata=shape(TimeOrDate()), default=None)
    end: dt.date | dt.datetime | None = attrs.field(metadata=shape(TimeOrDate()), default=None)
    reason: str = attrs.field(
        metadata=shape(Text(at_most=500, prose=True, personal=True)), default=""
    )
    place: str = attrs.field(default="", eq=False)

    def __attrs_post_init__(self) -> None:
        _check_to("forbid", self.to)
        if not self.permissions:
            raise InvalidValueError("a forbid names no permissions", expected="permissions = [...]")
        _check_bounds("forbid", self.start, self.end)
