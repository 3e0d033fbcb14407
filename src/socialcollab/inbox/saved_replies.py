"""Saved replies: texts with variables, in several languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import attrs

from socialcollab.content import Finding
from socialcollab.directory import PROFILE_KEYS, Profile, Selector, as_selector
from socialcollab.document_fields import (
    Id,
    ListOf,
    MapOf,
    Section,
    Text,
    as_words,
    shape,
)
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import check_id, did_you_mean
from socialcollab.styleguide import StyleGuide, lint

CUSTOMER_VARIABLES: Final = ("customer_handle", "customer_name")
"""Variables whose values customers choose themselves."""

VARIABLES: Final = (
    "agent_name",
    "case_id",
    *CUSTOMER_VARIABLES,
    "profile_handle",
    "workspace_name",
)
"""The variables that every saved reply can use, sorted."""

LONGEST_REPLY: Final = 10_000
"""The maximum length of a saved reply in characters."""

_PartKind: TypeAlias = Literal["literal", "variable", "brace"]
_LONGEST_NAME: Final = 80
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_VARIABLE: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_PART: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_JOINER: Final = "\u2060"
# Networks link mentions, hashtags and domains. A word joiner on both sides of these characters is
# invisible and prevents the link.
_LINKING: Final = re.compile(r"(?<=\S)[./:](?=\S)|[@#\uff20\uff03\u3002\uff0e](?=\S)")


def _as_texts(texts: Mapping[str, str]) -> Mapping[str, str]:
    if not isinstance(texts, Mapping):
        raise InvalidValueError(
            f"`{texts!r}` is not a table of texts by language",
            value=texts,
            expected='a table such as {"en": "Thank you, {customer_name}."}',
        )
    return MappingProxyType(dict(texts))


@attrs.frozen(kw_only=True)
class SavedReply:
    """
    A text for replies, which can contain variables such as ``{customer_name}``.

    A brace is written twice: ``{{``.

    >>> thanks = SavedReply(
    ...     id="delay", on={"workspace": "tulip"}, ask=["flight"],
    ...     texts={"en": "Sorry, {customer_name}. {flight} is late."},
    ... )
    >>> thanks.variables("en")
    ('customer_name', 'flight')

    Attributes:
        id: The identifier, by which routing rules choose the reply.
        on: The profiles on which the reply can be used.
        texts: The texts by language, such as ``en`` or ``pt-BR``.
        ask: Further variables, whose values the member who replies fills in. Such a reply cannot be
            sent automatically.

    Raises:
        InvalidValueError: If there is no text, or if a text is empty, too long, or contains an
            unknown variable or a single brace.
    """

    id: str = attrs.field(metadata=shape(Id("saved reply")))
    on: Selector = attrs.field(
        metadata=shape(Section(Selector, plain="profile", only=(*PROFILE_KEYS, "excluding"))),
        converter=as_selector,
    )
    texts: Mapping[str, str] = attrs.field(
        metadata=shape(MapOf(item=Text(at_most=LONGEST_REPLY, prose=True))),
        converter=_as_texts,
        hash=False,
    )
    ask: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=Text(at_most=40), or_one=True)), default=(), converter=as_words
    )

    def __attrs_post_init__(self) -> None:
        check_id("saved reply", self.id)
        for name in self.ask:
            if _VARIABLE.fullmatch(name) is None or name in VARIABLES:
                raise InvalidValueError(
                    f"`{name}` cannot be a variable to ask for; use a new name of lower-case letters,"
                    " digits and `_`, such as `flight`",
                    value=name,
                    expected="a name such as flight",
                )
        if not self.texts:
            raise InvalidValueError(
                f'saved reply `{self.id}` has no text; write texts = {{ en = "..." }}',
                value=self.id,
                expected="at least one text",
            )
        for language, text in self.texts.items():
            if _LANGUAGE.fullmatch(language) is None:
                raise InvalidValueError(
                    f"`{language}` is not a language; write a tag such as `en` or `pt-BR`",
                    value=language,
                    expected="a language tag such as en",
                )
            if not text.strip() or len(text) > LONGEST_REPLY:
                raise InvalidValueError(
                    f"the `{language}` text of saved reply `{self.id}` is empty or longer than"
                    f" {LONGEST_REPLY} characters",
                    value=text[:60],
                    expected=f"1 to {LONGEST_REPLY} characters",
                )
            self._check_variables(language, text)

    def _check_variables(self, language: str, text: str) -> None:
        known = (*VARIABLES, *self.ask)
        place = f"the `{language}` text of saved reply `{self.id}`"
        for kind, name in _parts(text):
            if kind == "brace":
                raise InvalidValueError(
                    f"{place} contains a single `{name}`; write `{name * 2}` for a brace",
                    value=text[:60],
                    expected="a variable such as {customer_name}",
                )
            if kind == "variable" and name not in known:
                hint = did_you_mean(
                    name, known, otherwise=f"use one of {', '.join(known)}, or list it in `ask`"
                )
                raise InvalidValueError(
                    f"{place} contains the unknown variable `{{{name[:40]}}}`; {hint}",
                    value=name,
                    expected="a known variable",
                )

    def variables(self, language: str) -> tuple[str, ...]:
        """Return the variables in the text of a language, in order of their first use."""
        names = (name for kind, name in _parts(self.texts[language]) if kind == "variable")
        return tuple(dict.fromkeys(names))

    def language_for(self, *languages: str) -> str:
        """
        Return the first language of *languages* in which there is a text.

        A text in ``pt`` also serves ``pt-BR``, and one in ``pt-BR`` also serves ``pt``.

        Raises:
            InvalidValueError: If there is none.
        """
        for wanted in filter(None, languages):
            folded = wanted.casefold()
            by_fit = sorted(
                (rank, language)
                for language in self.texts
                if (rank := _fit(folded, language.casefold())) is not None
            )
            if by_fit:
                return by_fit[0][1]
        known = ", ".join(self.texts)
        raise InvalidValueError(
            f"saved reply `{self.id}` has no text in `{languages[0] if languages else ''}`;"
            f" it has texts in {known}",
            value=languages[0] if languages else "",
            expected=f"one of {known}",
        )


def _fit(wanted: str, given: str) -> int | None:
    if wanted == given:
        return 0
    if wanted.startswith(f"{given}-"):
        return 1
    return 2 if wanted.partition("-")[0] == given.partition("-")[0] else None


def _parts(text: str) -> Iterator[tuple[_PartKind, str]]:
    """Yield the parts of a text: its literal text, variables by name, and single braces."""
    done = 0
    for match in _PART.finditer(text):
        if match.start() > done:
            yield "literal", text[done : match.start()]
        done = match.end()
        if match[1] is not None:
            yield "variable", match[1]
        elif len(match.group()) == 2:
            yield "literal", match.group()[0]
        else:
            yield "brace", match.group()
    if done < len(text):
        yield "literal", text[done:]


def escape(value: str, *, trusted: bool = False) -> str:
    """
    Return the value of a variable in a form that cannot change the meaning of a reply.

    Line breaks become spaces, and control characters and marks that change the text direction are
    removed. Values that customers choose are also shortened to 80 characters, and mentions,
    hashtags and links in them are broken with an invisible word joiner: a customer who is called
    "@everyone" or "win.example" would otherwise make the brand mention or link it.

    Args:
        value: The value.
        trusted: Whether a member or the organization chose the value.
    """
    spaced = " ".join(value.split())
    kept = "".join(char for char in spaced if unicodedata.category(char) not in ("Cc", "Cs", "Co"))
    plain = re.sub("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]", "", kept)
    if trusted:
        return plain
    short = plain if len(plain) <= _LONGEST_NAME else f"{plain[: _LONGEST_NAME - 1].rstrip()}…"
    return _LINKING.sub(lambda found: f"{_JOINER}{found.group()}{_JOINER}", short)


@attrs.frozen(kw_only=True)
class FilledReply:
    """
    A saved reply with the values of its variables.

    Attributes:
        reply: The id of the saved reply.
        language: The language of the text.
        text: The text.
        findings: What the style guide reports.
    """

    reply: str
    language: str
    text: str
    findings: tuple[Finding, ...] = ()


def fill(
    reply: SavedReply,
    values: Mapping[str, str],
    *,
    languages: Iterable[str],
    guide: StyleGuide | None = None,
    profile: Profile | None = None,
) -> FilledReply:
    """
    Fill in the variables of a saved reply, and check the result with the style guide.

    Variables inside values are not filled in.

    >>> thanks = SavedReply(id="thanks", on="tulip-x", texts={"en": "Thanks, {customer_name}!"})
    >>> fill(thanks, {"customer_name": "Jo {case_id}"}, languages=["nl", "en"]).text
    'Thanks, Jo {case_id}!'

    Args:
        reply: The saved reply.
        values: The values by variable; other values are ignored.
        languages: The languages in order of preference, such as the customer's and the workspace's.
        guide: The style guide.
        profile: The profile that replies, for rules about networks and workspaces.

    Raises:
        InvalidValueError: If there is no text in any of the languages, or a value is missing or
            empty.
    """
    language = reply.language_for(*languages)
    parts = []
    for kind, name in _parts(reply.texts[language]):
        if kind == "literal":
            parts.append(name)
            continue
        trusted = name not in CUSTOMER_VARIABLES
        value = escape(values.get(name, ""), trusted=trusted)
        if not value:
            raise InvalidValueError(
                f"saved reply `{reply.id}` needs a value for `{{{name}}}`",
                value=name,
                expected="a text that is not empty",
            )
        parts.append(value)
    text = "".join(parts)
    findings: tuple[Finding, ...] = ()
    if guide is not None:
        workspace = "" if profile is None else profile.workspace
        findings = lint(text, guide, profile=profile, workspace=workspace, language=language)
    return FilledReply(reply=reply.id, language=language, text=text, findings=findings)


def check_saved_reply(
    reply: SavedReply, guide: StyleGuide, *, profile: Profile | None = None
) -> Mapping[str, tuple[Finding, ...]]:
    """Return what the style guide reports about the texts of a saved reply, by language."""
    workspace = "" if profile is None else profile.workspace
    found = {
        language: lint(text, guide, profile=profile, workspace=workspace, language=language)
        for language, text in reply.texts.items()
    }
    return {language: findings for language, findings in found.items() if findings}


def replies_for(replies: Iterable[SavedReply], profile: Profile) -> tuple[SavedReply, ...]:
    """Return the saved replies that can be used on a profile, in order."""
    return tuple(reply for reply in replies if reply.on.matches_profile(profile))
