"""Lines that give or forbid permissions."""

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


def _check_to(what: str, to: tuple[Principal, ...]) -> None:
    if not to:
        raise InvalidValueError(f"a {what} to nobody", expected="to = a member or a team")
    for principal in to:
        if principal.kind not in ("member", "team"):
            raise InvalidValueError(
                f"a {what} goes to members and teams, not to `{principal}`",
                value=str(principal),
                expected="member: or team:",
            )


def check_span(what: str, start: dt.date | None, end: dt.date | None) -> None:
    """Refuse a span that ends before it starts; a date counts from its first instant."""
    for bound in (start, end):
        if isinstance(bound, dt.datetime) and bound.tzinfo is not None:
            raise InvalidValueError(
                f"a {what}'s bound `{bound.isoformat(sep=' ')}` has a UTC offset, where a local"
                " time in the workspace's zone is needed",
                value=bound,
                expected="a date, or a local time such as 2026-04-07 09:30",
            )
    if start is None or end is None:
        return
    first, last = (
        value if isinstance(value, dt.datetime) else dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001  local times
        for value in (start, end)
    )
    if last <= first:
        raise InvalidValueError(
            f"a {what} ends at `{end}`, which is not after its start `{start}`",
            value=end,
            expected="an end after the start",
        )


@attrs.frozen(kw_only=True)
class Grant:
    """
    A line that gives a role, or single permissions.

    Attributes:
        to: Members and teams who get it.

        role: The role; or

        permissions: the single permissions.

        on: Where it holds; everywhere has to be said.

        start: First local time it holds, or None for always.

        end: First local time without it, or None for ever.

        reason: Why, for people.

        by: Who gave it, if somebody gave it by command; no document says so.

        place: Where the line stands, such as ``grants[0]``; set by what loads it.

    Raises:
        InvalidValueError: If it is to nobody, gives nothing, gives both a role
            and permissions, ends before it starts, or a bound has a UTC offset.
    """

    to: tuple[Principal, ...] = attrs.field(metadata=shape(_TO), converter=as_principals)
    role: str = attrs.field(metadata=shape(NameShape("role")), default="")
    permissions: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=NameShape("permission", also=(ALL,)))),
        default=(),
        converter=as_words,
    )
    on: Selector = attrs.field(metadata=shape(_ON), converter=as_selector)
    start: dt.date | None = attrs.field(metadata=shape(TimeOrDate()), default=None)
    end: dt.date | None = attrs.field(metadata=shape(TimeOrDate()), default=None)
    reason: str = attrs.field(metadata=shape(Text(at_most=500, personal=True)), default="")
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
        check_span("grant", self.start, self.end)


@attrs.frozen(kw_only=True)
class Forbid:
    """
    A line that forbids permissions, whatever any grant says.

    Attributes:
        to: Members and teams it binds.

        permissions: What they may not.

        on: Where.

        start: First local time it holds, or None for always.

        end: First local time without it, or None for ever.

        reason: Why, for people.

        place: Where the line stands.

    Raises:
        InvalidValueError: If it is to nobody, forbids nothing, or ends before it starts.
    """

    to: tuple[Principal, ...] = attrs.field(metadata=shape(_TO), converter=as_principals)
    permissions: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=NameShape("permission", also=(ALL,)), at_least=1)),
        converter=as_words,
    )
    on: Selector = attrs.field(metadata=shape(_ON), converter=as_selector)
    start: dt.date | None = attrs.field(metadata=shape(TimeOrDate()), default=None)
    end: dt.date | None = attrs.field(metadata=shape(TimeOrDate()), default=None)
    reason: str = attrs.field(metadata=shape(Text(at_most=500, personal=True)), default="")
    place: str = attrs.field(default="", eq=False)

    def __attrs_post_init__(self) -> None:
        _check_to("forbid", self.to)
        if not self.permissions:
            raise InvalidValueError("a forbid of nothing", expected="permissions = [...]")
        check_span("forbid", self.start, self.end)
