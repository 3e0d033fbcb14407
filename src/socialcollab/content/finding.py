"""One thing that the style guide has to say about a post."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.showing import Tone, badge, card, facts, quoted
from socialcollab.verdicts import message

SEVERITIES = ("suggestion", "warning", "error")
_TONES: Mapping[str, Tone] = {"suggestion": "blue", "warning": "amber", "error": "red"}


def _as_pairs(
    params: Mapping[str, object] | Iterable[tuple[str, object]],
) -> tuple[tuple[str, str], ...]:
    pairs = params.items() if isinstance(params, Mapping) else params
    return tuple(sorted((str(name), str(value)) for name, value in pairs))


@attrs.frozen(kw_only=True)
class Finding:
    """
    One thing that the style guide has to say about a post.

    Attributes:
        code: The rule's code, such as "SG101"; also the key of its message.
        severity: "suggestion", "warning" or "error".
        params: What fills the message, as sorted pairs of name and value.
        field: The field it is about: "text", "alt", "links", ...
        start: First code point it is about, or None for the whole field.
        end: The code point after the last, or None.
        fix: What to put in place of that span, or None where a person has to decide.
        profile: The target it holds for, or empty for all.
        message_code: The message's code, if it is not the rule's own.
    """

    code: str
    severity: str = "warning"
    params: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_as_pairs)
    field: str = "text"
    start: int | None = None
    end: int | None = None
    fix: str | None = None
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
        """The finding in English."""
        return self.text()

    def text(self, language: str = "en") -> str:
        """Say it in *language*."""
        return message(self.message_code or self.code, dict(self.params), language=language)

    def _html_cells_(self) -> dict[str, str]:
        place = self.field if self.start is None else f"{self.field} {self.start} to {self.end}"
        return {
            "rule": self.code,
            "severity": badge(self.severity, _TONES[self.severity]),
            "what": self.message,
            "where": f"{place} on {self.profile}" if self.profile else place,
            "instead": "" if self.fix is None else self.fix or "nothing",
        }

    def _repr_html_(self) -> str:
        cells = self._html_cells_()
        beside = {name: cells[name] for name in ("where", "instead")}
        return card(
            f"Finding {self.code}",
            quoted(self.message),
            facts(beside),
            badges=[cells["severity"]],
        )


def severity_at_least(severity: str, least: str) -> bool:
    """
    Tell whether *severity* is *least* or graver.

    >>> severity_at_least("error", "warning")
    True
    """
    return SEVERITIES.index(severity) >= SEVERITIES.index(least)
