"""SG105: links, mentions and names of another workspace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar
from urllib.parse import urlsplit

import attrs

from socialcollab.content import Finding
from socialcollab.errors import InvalidValueError
from socialcollab.styleguide.lint_input import LintInput, Neighbour, TextSpan
from socialcollab.styleguide.rules.term import Avoided, Term, outside_links

_SCHEME = re.compile("https?://", re.IGNORECASE)


@attrs.frozen(kw_only=True)
class WrongWorkspace:
    """
    Report links, mentions and names that belong to another workspace.

    What it does:
        It compares the links and mentions in the post with the domains and
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
                f"names is {value!r:.60}, not true or false", value=value, expected="true or false"
            )

    def check(self, draft: LintInput) -> Iterator[Finding]:
        """Report every link, mention and name of another workspace."""
        if not draft.workspace:
            return
        own = [n for n in draft.neighbours if n.workspace == draft.workspace]
        others = [n for n in draft.neighbours if n.workspace != draft.workspace]
        if not others:
            return
        domains = _owners(others, own, "domains")
        handles = _owners(others, own, "handles")
        names = {
            _plain_name(n.name): n
            for n in others
            if n.name and _plain_name(n.name) not in {_plain_name(o.name) for o in own}
        }
        term = Term(terms=(Avoided(term=n.name) for n in names.values() if _word(n.name)))
        for link in draft.links:
            owner = _owner_of_host(link, domains)
            if owner:
                yield self._finding("link", owner, link, field="links")
        for span in draft.spans:
            yield from self._find_entities(draft, span, domains, handles)
            if self.names and names:
                yield from self._find_names(draft, span, term, names)

    def _find_entities(
        self,
        draft: LintInput,
        span: TextSpan,
        domains: dict[str, Neighbour],
        handles: dict[str, Neighbour],
    ) -> Iterator[Finding]:
        for entity in draft.entities_of(span):
            owner = None
            if entity.kind == "url":
                owner = _owner_of_host(entity.text, domains)
            elif entity.kind == "mention":
                owner = handles.get(_plain_handle(entity.text))
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

    def _find_names(
        self, draft: LintInput, span: TextSpan, term: Term, names: dict[str, Neighbour]
    ) -> Iterator[Finding]:
        hits = list(term.find(span.text))
        active = draft.entities_of(span) if hits else ()
        for avoided, start, end in outside_links(hits, active):
            yield self._finding(
                "name",
                names[_plain_name(avoided.term)],
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


def _owners(others: list[Neighbour], own: list[Neighbour], field: str) -> dict[str, Neighbour]:
    def plain(value: str) -> str:
        return _plain_handle(value).removeprefix("www.")

    shared = {plain(value) for neighbour in own for value in getattr(neighbour, field)}
    owners: dict[str, Neighbour] = {}
    for neighbour in others:
        for value in getattr(neighbour, field):
            if plain(value) and plain(value) not in shared:
                owners.setdefault(plain(value), neighbour)
    return owners


def _owner_of_host(link: str, domains: dict[str, Neighbour]) -> Neighbour | None:
    if not _SCHEME.match(link):
        link = f"https://{link}"
    try:
        host = (urlsplit(link).hostname or "").casefold()
    except ValueError:
        return None
    while host:
        if host in domains:
            return domains[host]
        host = host.partition(".")[2]
    return None
