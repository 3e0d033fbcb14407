"""Findings: violations of a style guide or of a network's limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.errors import InvalidValueError
from socialcollab.verdicts import message

SEVERITIES = ("suggestion", "warning", "error")


def _as_pairs(
    params: Mapping[str, object] | Iterable[tuple[str, object]],
) -> tuple[tuple[str, str], ...]:
    pairs = params.items() if isinstance(params, Mapping) else params
    return tuple(sorted((str(name), str(value)) for name, value in pairs))


@attrs.frozen(kw_only=True)
class Finding(NotebookMixin):
    """
    A place in a post that violates the style guide or a network's limit.

    Attributes:
        code: The code of the rule, such as "SG101".
        severity: "suggestion", "warning" or "error".
        params: The parameters of the message, as sorted pairs of name and value.
        field: The field of the post, such as "text", "alt" or "links"; "thread.2" is the second text
            of a thread.
        start: The position of the first code point, or None for the whole field.
        end: The position after the last code point, or None.
        fix: The replacement for this part of the text, or None if a person must
            resolve the finding.
        choices: The possible replacements if there are several, the best first.
        profile: The affected target, or an empty string for all targets.
        message_code: The code of the message, if it differs from *code*.
    """

    code: str
    severity: str = "warning"
    params: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_as_pairs)
    field: str = "text"
    start: int | None = None
    end: int | None = None
    fix: str | None = None
    choices: tuple[str, ...] = ()
    profile: str = ""
    message_code: str = ""

    def __attrs_post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise InvalidValueError(
                f"severity `{self.severity}` is not one of {', '.join(SEVERITIES)}",
                value=self.severity,
                expected=" or ".join(SEVERITIES),
            )

    @property
    def message(self) -> str:
        """The message in English."""
        return self.text()

    def text(self, language: str = "en") -> str:
        """Return the message in *language*."""
        return message(self.message_code or self.code, dict(self.params), language=language)


def severity_at_least(severity: str, least: str) -> bool:
    """
    Return whether *severity* is at least as severe as *least*.

    >>> severity_at_least("error", "warning")
    True
    """
    return SEVERITIES.index(severity) >= SEVERITIES.index(least)
