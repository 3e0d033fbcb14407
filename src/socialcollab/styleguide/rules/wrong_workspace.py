"""SG105: links, mentions and names that belong to another workspace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import ClassVar

import attrs

from socialcollab.content import Finding
from socialcollab.errors import InvalidValueError
from socialcollab.styleguide.lint_input import LintInput, Neighbour, TextSpan
from socialcollab.styleguide.rules.term import Avoided, Term, outside_links
from socialcollab.text import host_of


@attrs.frozen(kw_only=True)
class WrongWorkspace:
    """
    Report links, mentions and names that belong to another workspace.

    What it does:
        The rule compares the links and mentions in the post with the domains and
        handles of all other workspaces. Unless *names* is false, it also
        searches the text for the names of other workspaces. Domains, handles
        and names that the post's own workspace also uses are not reported.

    Why it matters:
        An agency that publishes one client's link on another client's profile
        may lose both clients.

    Example:
        workspace = "tulip"
        neighbours = [
            { workspace = "tulip", domains = ["tulip.nl"] },
            { workspace = "polder", name = "Polder Bank", domains = ["polderbank.nl"] },
        ]
        text = "Boek nu op www.polderbank.nl/voorjaar"

    Instead:
        workspace = "tulip"
        neighbours = [
            { workspace = "tulip", domains = ["tulip.nl"] },
            { workspace = "polder", name = "Polder Bank", domains = ["polderbank.nl"] },
        ]
        text = "Boek nu op www.tulip.nl/voorjaar"

    Source:
        The workspaces and profiles of the organization.

    Attributes:
        names: Whether the rule also searches for the names of other workspaces.
    """

    code: ClassVar[str] = "SG105"

    names: bool = attrs.field(default=True)

    @names.validator
    def _check_names(self, _: attrs.Attribute[bool], value: object) -> None:
        if not isinstance(value, bool):
            raise InvalidValueError(
                f"names must be true or false, not {value!r:.60}",
                value=value,
                expected="true or false",
            )

    def check(self, draft: LintInput) -> Iterator[Finding]:
        """Report every link, mention and name that belongs to another workspace."""
        if not draft.workspace:
            return
        if all(each.workspace == draft.workspace for each in draft.neighbours):
            return
        known = _known(draft.neighbours)
        for link in draft.addresses:
            owner = known.owner_of_link(link, draft.workspace)
            if owner:
                yield self._finding("link", owner, link, field="links")
        for span in draft.spans:
            yield from self._find_entities(draft, span, known)
            if self.names:
                yield from self._find_names(draft, span, known)

    def _find_entities(self, draft: LintInput, span: TextSpan, known: _Known) -> Iterator[Finding]:
        for entity in draft.entities_of(span):
            owner = None
            if entity.kind == "url":
                owner = known.owner_of_link(entity.text, draft.workspace)
            elif entity.kind == "mention":
                users = known.handles.get(_plain_handle(entity.text), ())
                owner = _owner(users, draft.workspace)
            if owner:
                yield self._finding(
                    "link" if entity.kind == "url" else "mention",
                    owner,
                    entity.text,
                    field=span.field,
                    start=entity.start,
                    end=entity.end,
                    profile=span.profile,
                )

    def _find_names(self, draft: LintInput, span: TextSpan, known: _Known) -> Iterator[Finding]:
        hits = list(known.term.find(span.text))
        active = draft.entities_of(span) if hits else ()
        for avoided, start, end in outside_links(hits, active):
            owner = _owner(known.names[_plain_name(avoided.term)], draft.workspace)
            if owner:
                yield self._finding(
                    "name",
                    owner,
                    span.text[start:end],
                    field=span.field,
                    start=start,
                    end=end,
                    profile=span.profile,
                )

    def _finding(
        self,
        kind: str,
        owner: Neighbour,
        text: str,
        *,
        field: str,
        start: int | None = None,
        end: int | None = None,
        profile: str = "",
    ) -> Finding:
        return Finding(
            code=self.code,
            message_code=f"SG105.{kind}",
            params={"text": text, "workspace": owner.name or owner.workspace},
            field=field,
            start=start,
            end=end,
            profile=profile,
        )


def _word(name: str) -> bool:
    return any(char.isalnum() for char in name) and len(name) <= 200


def _plain_name(name: str) -> str:
    return " ".join(name.casefold().split())


def _plain_handle(handle: str) -> str:
    return handle.lstrip("@\uff20").casefold()


def _plain_domain(domain: str) -> str:
    return _plain_handle(domain).removeprefix("www.")


_Users = Mapping[str, tuple[Neighbour, ...]]


@attrs.frozen(kw_only=True)
class _Known:
    """
    The domains, handles and names of all workspaces, with the workspaces that use each.

    Attributes:
        domains: The workspaces that use each domain.
        handles: The workspaces that use each handle.
        names: The workspaces that have each name.
        term: A rule that finds the names in a text.
    """

    domains: _Users
    handles: _Users
    names: _Users
    term: Term

    def owner_of_link(self, link: str, workspace: str) -> Neighbour | None:
        """Return the workspace that uses the domain of *link*, unless *workspace* also uses it."""
        host = host_of(link)
        while host:
            if host in self.domains:
                return _owner(self.domains[host], workspace)
            host = host.partition(".")[2]
        return None


@lru_cache(maxsize=16)
def _known(neighbours: tuple[Neighbour, ...]) -> _Known:
    """
    Return the domains, handles and names of *neighbours*, compiled for searching.

    All posts of an organization are checked with the same neighbours, and compiling
    their names takes longer than checking a post.
    """
    names = {
        name: users
        for name, users in _users((n, [_plain_name(n.name)]) for n in neighbours).items()
        if _word(users[0].name)
    }
    return _Known(
        domains=_users((n, map(_plain_domain, n.domains)) for n in neighbours),
        handles=_users((n, map(_plain_handle, n.handles)) for n in neighbours),
        names=names,
        term=Term(terms=(Avoided(term=users[0].name) for users in names.values())),
    )


def _users(values: Iterable[tuple[Neighbour, Iterable[str]]]) -> dict[str, tuple[Neighbour, ...]]:
    users: dict[str, list[Neighbour]] = {}
    for neighbour, own in values:
        for value in filter(None, own):
            users.setdefault(value, []).append(neighbour)
    return {value: tuple(using) for value, using in users.items()}


def _owner(users: tuple[Neighbour, ...], workspace: str) -> Neighbour | None:
    """Return the first of *users*, or None if they include *workspace*."""
    if any(user.workspace == workspace for user in users):
        return None
    return users[0] if users else None
