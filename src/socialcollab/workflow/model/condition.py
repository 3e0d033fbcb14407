"""Conditions on a post's content under which an approval step applies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

import attrs

from socialcollab.content import SEVERITIES, Finding, PostContent, severity_at_least
from socialcollab.document_fields import Choice, Integer, ListOf, Text, as_words, shape
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.identifiers import check_id, did_you_mean
from socialcollab.styleguide import RULES, Avoided, Term
from socialcollab.text import DOMAIN_PATTERN, linked_domains

Condition: TypeAlias = Callable[[PostContent], bool]
"""
A condition that an application defines: a pure function of a post's content.

Adding content to a post may make the condition true but should not make it false, because a step
that has applied once remains required.
"""

MEDIA_KINDS: Final = ("image", "video")
MAX_AUTHOR_POSTS: Final = 1000


def _words_of(item: Any) -> Any:
    return attrs.field(
        metadata=shape(ListOf(item=item, or_one=True, at_least=1)), default=(), converter=as_words
    )


@attrs.frozen(kw_only=True)
class OnlyIf:
    """
    A condition on a post. All keys must match; a list matches if one of its values does.

    Attributes:
        link_domain: Domains, such as ``tulip.nl``, to which the post links; links to subdomains and
            links without a scheme also count.
        any_text: Words or phrases that the post contains, regardless of upper and lower case. They
            are searched for in the texts, alt texts, labels and poll options.
        media: The kinds of media that the post has.
        label: Labels that the post has.
        finding: Codes of style rules that report a finding.
        finding_at_least: The minimum severity of a finding; with `finding`, the finding must also
            have one of these codes.
        author_posts_fewer_than: A number of published posts. The condition is met if the post's
            author had fewer published posts in the workspace when the post was submitted.
        custom: The names of conditions that the application has registered with the desk.
    """

    link_domain: tuple[str, ...] = _words_of(Text(at_most=253))
    any_text: tuple[str, ...] = _words_of(Text(at_most=200))
    media: tuple[str, ...] = _words_of(Choice(MEDIA_KINDS))
    label: tuple[str, ...] = _words_of(Text(at_most=200))
    finding: tuple[str, ...] = _words_of(Choice(tuple(sorted(RULES))))
    finding_at_least: str = attrs.field(metadata=shape(Choice(SEVERITIES)), default="")
    author_posts_fewer_than: int = attrs.field(
        metadata=shape(Integer(at_least=1, at_most=MAX_AUTHOR_POSTS)), default=0
    )
    custom: tuple[str, ...] = _words_of(Text(at_most=64))

    def __attrs_post_init__(self) -> None:
        if not any(getattr(self, field.name) for field in attrs.fields(OnlyIf)):
            raise InvalidValueError(
                "a condition without keys would always be met",
                expected='a key such as link_domain = ["tulip.nl"], or no `only_if`',
            )
        for domain in self.link_domain:
            if not re.fullmatch(DOMAIN_PATTERN[1:-1], domain):
                raise InvalidValueError(
                    f"`{domain}` is not a domain; write it without a scheme, a path or `*`, such as"
                    " `tulip.nl`, which includes all subdomains",
                    value=domain,
                    expected="a domain such as tulip.nl",
                )
        for words in self.any_text:
            Avoided(term=words)
        for kind in self.media:
            check_choice("media", kind, MEDIA_KINDS)
        for code in self.finding:
            check_choice("finding", code, tuple(sorted(RULES)))
        if self.finding_at_least:
            check_choice("finding_at_least", self.finding_at_least, SEVERITIES)
        most = self.author_posts_fewer_than
        if type(most) is not int or not 0 <= most <= MAX_AUTHOR_POSTS:
            raise InvalidValueError(
                f"author_posts_fewer_than `{most}` is not a whole number from 1 to"
                f" {MAX_AUTHOR_POSTS}",
                value=most,
                expected=f"1 to {MAX_AUTHOR_POSTS}",
            )
        for name in self.custom:
            check_id("condition", name)

    @property
    def depends_on_findings(self) -> bool:
        """Whether the condition depends on the findings of the style guides."""
        return bool(self.finding or self.finding_at_least)

    def matches(
        self,
        content: PostContent,
        *,
        findings: Callable[[], Iterable[Finding]] = tuple,
        author_posts: int | None = None,
        conditions: Mapping[str, Condition] | None = None,
    ) -> Mapping[str, tuple[str, ...]]:
        """
        Return, for each key, the values that match a post, or an empty mapping if any key has no
        match.

        >>> OnlyIf(link_domain=["tulip.nl", "rose.nl"]).matches(PostContent(text="op tulip.nl"))
        {'link_domain': ('tulip.nl',)}

        Args:
            content: The post's content.
            findings: Returns the findings of the style guides; called only if needed.
            author_posts: The number of posts that the author has published, or None if not
                counted, which is treated like 0 so that no step is skipped by mistake.
            conditions: The conditions that the application has registered.

        Raises:
            NotFoundError: If a custom condition is not registered.
            InvalidValueError: If a custom condition raises an exception.
        """
        found: dict[str, tuple[str, ...]] = {}
        if 0 < self.author_posts_fewer_than <= (author_posts or 0):
            return {}
        for key, values in self._matches(content, findings, conditions or {}):
            if not values:
                return {}
            found[key] = values
        if self.author_posts_fewer_than:
            found["author_posts_fewer_than"] = (str(self.author_posts_fewer_than),)
        return found

    def _matches(
        self,
        content: PostContent,
        findings: Callable[[], Iterable[Finding]],
        conditions: Mapping[str, Condition],
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield each key with its values that match."""
        if self.media:
            kinds = {image.media_type.partition("/")[0] for image in content.all_media}
            yield "media", tuple(kind for kind in self.media if kind in kinds)
        if self.label:
            yield "label", tuple(label for label in self.label if label in content.labels)
        if self.link_domain:
            card = () if content.card is None else (content.card.url,)
            texts = [*content.texts, *content.links, *card]
            # A line break is not part of a link, so no link is found across two texts.
            yield "link_domain", linked_domains("\n".join(texts), self.link_domain)
        if self.any_text:
            yield "any_text", tuple(_found_words(self.any_text, content))
        if self.custom:
            yield "custom", tuple(name for name in self.custom if _holds(name, content, conditions))
        if self.depends_on_findings:
            codes = {
                finding.code
                for finding in findings()
                if (not self.finding or finding.code in self.finding)
                and severity_at_least(finding.severity, self.finding_at_least or SEVERITIES[0])
            }
            yield "finding", tuple(sorted(codes))

    def __str__(self) -> str:
        parts = []
        for field in attrs.fields(OnlyIf):
            value = getattr(self, field.name) or ()
            values = as_words(str(value) if isinstance(value, int) else value)
            if values:
                parts.append(f"{field.name} = {', '.join(values)}")
        return " and ".join(parts)


def check_choice(name: str, value: str, words: Iterable[str]) -> None:
    """
    Check that *value* is one of *words*.

    Raises:
        InvalidValueError: If *value* is not one of *words*. The message contains *name*.
    """
    if value not in words:
        raise InvalidValueError(
            f"{name} `{value}` is not one of {', '.join(words)}",
            value=value,
            expected=" or ".join(words),
        )


def check_conditions(conditions: Mapping[str, Condition]) -> None:
    """
    Check the conditions that an application registers.

    Raises:
        InvalidValueError: If a name is not an identifier, or if a condition cannot be called.
    """
    for name, condition in conditions.items():
        check_id("condition", name)
        if not callable(condition):
            raise InvalidValueError(
                f"condition `{name}` is `{condition!r}`, which cannot be called",
                value=condition,
                expected="a function that accepts the content of a post and returns true or false",
            )


def check_registered(
    used: Iterable[tuple[object, OnlyIf]], conditions: Mapping[str, Condition]
) -> None:
    """
    Check that all custom conditions of the given steps are registered.

    Args:
        used: The conditions, each with the key of its step.
        conditions: The conditions that the application has registered.

    Raises:
        NotFoundError: If a condition is not registered; the message suggests the most similar name.
    """
    for step, condition in used:
        for name in condition.custom:
            if name not in conditions:
                raise _unregistered(name, conditions, before=f"step `{step}` depends on it; ")


def _unregistered(name: str, conditions: Iterable[str], *, before: str = "") -> NotFoundError:
    register = f'register it with the desk: conditions={{"{name}": ...}}'
    hint = did_you_mean(name, conditions, otherwise=register)
    return NotFoundError("condition", name, suggestion=f"{before}{hint}")


def _holds(name: str, content: PostContent, conditions: Mapping[str, Condition]) -> bool:
    if name not in conditions:
        # Ignoring the condition would let a post skip the step.
        raise _unregistered(name, conditions)
    try:
        return bool(conditions[name](content))
    except Exception as error:
        # The function belongs to the application. An error in it must affect only this post.
        raise InvalidValueError(
            f"condition `{name}` failed with {type(error).__name__}: {error}", value=name
        ) from error


def _found_words(words: tuple[str, ...], content: PostContent) -> Iterator[str]:
    """Yield the words or phrases that a post contains, sorted."""
    texts = [
        *content.texts,
        *(image.alt for image in content.all_media),
        *content.labels,
        *(content.poll.options if content.poll else ()),
    ]
    term = _term(words)
    yield from sorted({avoided.term for text in texts for avoided, _, _ in term.find(text)})


@lru_cache(maxsize=256)
def _term(words: tuple[str, ...]) -> Term:
    return Term(terms=tuple(Avoided(term=word) for word in words))
