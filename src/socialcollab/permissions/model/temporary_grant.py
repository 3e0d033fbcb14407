"""A grant that somebody gave by command."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Set

import attrs

from socialcollab.directory import Excluding, Selector
from socialcollab.errors import InvalidValueError
from socialcollab.permissions.engine.scope import EVERYWHERE, Scope
from socialcollab.permissions.model.grant import Grant
from socialcollab.permissions.model.permission import ALL

_LONGEST_DAYS = 3660


@attrs.frozen(kw_only=True)
class TemporaryGrant:
    """
    A grant that holds by command, and not by a line of the document.

    Attributes:
        id: Its identifier.

        grant: What is given to whom, where and until when; its `by` says who gave it.

        at: When it was given, or None before that.

    Raises:
        InvalidValueError: If it has no end, or holds for more than ten years.
    """

    id: str
    grant: Grant
    at: dt.datetime | None = None

    def __attrs_post_init__(self) -> None:
        start, end = self.grant.start, self.grant.end
        if end is None:
            raise InvalidValueError(
                "what is given by command ends", expected="until = a date, or a local time"
            )
        if self.at is not None:
            start = start or self.at
        if start is not None and (_day(end) - _day(start)).days > _LONGEST_DAYS:
            raise InvalidValueError(
                f"a grant until {end} holds for more than ten years",
                value=end,
                expected="at most ten years; what is to last is a line of the document",
            )

    @property
    def by(self) -> str:
        """Who gave it."""
        return self.grant.by

    @property
    def until(self) -> dt.date:
        """The first day, or local time, without it."""
        assert self.grant.end is not None  # noqa: S101  checked when it was made
        return self.grant.end

    @property
    def place(self) -> str:
        """What it is called among the lines of a document."""
        return f"grant {self.id}"

    def within(self, scope: Scope) -> Grant | None:
        """
        Return what of it is about people, roles and places that are known, or None.

        A word that names nothing any more is passed over, as if it had never
        been said beside others; alone it leaves nothing.
        """
        grant = self.grant
        known: Mapping[str, Mapping[str, object]] = {"team": scope.teams, "member": scope.members}
        to = tuple(principal for principal in grant.to if principal.name in known[principal.kind])
        permissions = tuple(
            one for one in grant.permissions if one == ALL or one in scope.roles.permission_names
        )
        on = _known_selector(grant.on, scope)
        if not to or on is None or (grant.role and grant.role not in scope.roles.by_id):
            return None
        if not grant.role and not permissions:
            return None
        return attrs.evolve(grant, to=to, permissions=permissions, on=on, place=self.place)

    def is_over(self, scope: Scope, *, at: dt.datetime) -> bool:
        """Tell whether it holds nowhere any more, at an instant and after it."""
        left = self.within(scope)
        resources = scope.resources_of(left.on) if left is not None else ()
        # What takes in no place, or none any more, ends as it would everywhere.
        ends = (
            scope.span(None, self.until, resource)[1] for resource in resources or (EVERYWHERE,)
        )
        return all(end is not None and end <= at for end in ends)

    def missing(self, scope: Scope) -> tuple[str, ...]:
        """Return what it names and nobody knows any more: people, roles, permissions, places."""
        grant = self.grant
        known = {"team": scope.teams.keys(), "member": scope.members.keys()}
        found = [
            str(principal) for principal in grant.to if principal.name not in known[principal.kind]
        ]
        if grant.role and grant.role not in scope.roles.by_id:
            found.append(f"role {grant.role}")
        names = {*scope.roles.permission_names, ALL}
        found += [f"permission {one}" for one in grant.permissions if one not in names]
        for on in (grant.on, grant.on.excluding):
            for key, words in () if on is None else _keys(scope):
                found += [f"{key} {word}" for word in getattr(on, key) if word not in words]
        return tuple(found)

    def __str__(self) -> str:
        what = self.grant.role or ", ".join(self.grant.permissions)
        to = ", ".join(map(str, self.grant.to))
        return f"{self.place}: {what} on {self.grant.on} to {to} until {self.until}, by {self.by}"


def _day(value: dt.date) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value


def _known_selector(on: Selector, scope: Scope) -> Selector | None:
    names = _known_names(on, scope)
    if names is None:
        return None
    excluding = None if on.excluding is None else _known_names(on.excluding, scope)
    return attrs.evolve(
        on,
        **names,
        # What is gone takes nothing out.
        excluding=None if excluding is None or on.excluding is None
        else attrs.evolve(on.excluding, **excluding),
    )  # fmt: skip


def _known_names(on: Selector | Excluding, scope: Scope) -> dict[str, tuple[str, ...]] | None:
    """Return the words of each key that name something; None if those of a key all name nothing."""
    found: dict[str, tuple[str, ...]] = {}
    for key, known in _keys(scope):
        words: tuple[str, ...] = getattr(on, key)
        left = tuple(word for word in words if word in known)
        if words and not left:
            return None
        found[key] = left
    return found


def _keys(scope: Scope) -> tuple[tuple[str, Set[str]], ...]:
    """Return the keys of a selector whose words name something, with all that can be named."""
    return (
        ("workspace", scope.workspace_names | {EVERYWHERE}),
        ("network", scope.network_names),
        ("profile", scope.profiles.keys()),
    )
