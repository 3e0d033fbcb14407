"""Check the rules that a guide defines against the guide's own examples."""

from __future__ import annotations

from typing import Literal

import attrs

from socialcollab.styleguide.guide import StyleGuide
from socialcollab.styleguide.lint import lint
from socialcollab.styleguide.rule import ConfiguredRule
from socialcollab.verdicts import message


@attrs.frozen(kw_only=True)
class WrongExample:
    """
    An example of a rule that the rule does not treat as the guide says.

    Attributes:
        code: The code of the rule.
        example: The text.
        expected: "bad" if the rule should report it, or "good" if it should not.
    """

    code: str
    example: str
    expected: Literal["bad", "good"]

    def text(self, language: str = "en") -> str:
        """Return the problem in words."""
        params = {"code": self.code, "example": self.example}
        return message(f"style.wrong_example.{self.expected}", params, language=language)

    def __str__(self) -> str:
        return self.text()


def wrong_examples(guide: StyleGuide) -> tuple[WrongExample, ...]:
    """
    Return the examples in *guide* that its rules do not treat as the guide says.

    >>> guide = StyleGuide.from_dict(
    ...     {"rules": {"no-cheap": {"kind": "existence", "words": ["cheap"], "bad": ["cheaply"]}}}
    ... )
    >>> [str(example) for example in wrong_examples(guide)]
    ['rule `no-cheap` does not report its bad example “cheaply”']
    """
    wrong: list[WrongExample] = []
    for configured in guide.rules:
        code = configured.rule.code
        wrong += (
            WrongExample(code=code, example=example, expected="bad")
            for example in configured.bad
            if not _is_reported(configured, example)
        )
        wrong += (
            WrongExample(code=code, example=example, expected="good")
            for example in configured.good
            if _is_reported(configured, example)
        )
    return tuple(wrong)


def _is_reported(configured: ConfiguredRule, example: str) -> bool:
    findings = lint(
        example,
        StyleGuide(rules=(configured,)),
        profile=min(configured.networks, default=None),
        language=min(configured.languages, default=""),
    )
    return bool(findings)
