"""Generate the documentation page for a rule from its docstring, and check its examples."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Mapping
from typing import Any

import attrs

from socialcollab.content import Finding, Image, PostContent, media_digest
from socialcollab.errors import InvalidValueError
from socialcollab.styleguide.guide import StyleGuide
from socialcollab.styleguide.lint import lint
from socialcollab.styleguide.lint_input import Neighbour
from socialcollab.styleguide.rule import Rule
from socialcollab.styleguide.rules import RULES

_PARTS = ("What it does", "Why it matters", "Example", "Instead", "Source", "Attributes")


@attrs.frozen(kw_only=True)
class RulePage:
    """
    The docstring of a rule, split into its sections.

    Attributes:
        code: The code of the rule.
        name: The name of its class.
        summary: The first line.
        parts: The text of each section, by title.
    """

    code: str
    name: str
    summary: str
    parts: Mapping[str, str] = attrs.field(hash=False)

    @classmethod
    def of(cls, rule: type[Rule]) -> RulePage:
        """
        Read the docstring of *rule*.

        Raises:
            InvalidValueError: If a section is missing.
        """
        code: Any = rule.code  # a class variable of every built-in rule
        lines = inspect.cleandoc(rule.__doc__ or "").splitlines()
        titles = {f"{part}:": part for part in _PARTS}
        parts: dict[str, list[str]] = {}
        current: list[str] = []
        for line in lines:
            if line in titles:
                current = parts.setdefault(titles[line], [])
            else:
                current.append(line)
        for part in _PARTS[:-1]:
            if part not in parts:
                raise InvalidValueError(
                    f"the docstring of rule `{rule.code}` has no section `{part}`",
                    value=rule.code,
                    expected=part,
                )
        return cls(
            code=code,
            name=rule.__name__,
            summary=lines[0],
            parts={part: inspect.cleandoc("\n".join(text)) for part, text in parts.items()},
        )

    def markdown(self) -> str:
        """Return the page as MyST Markdown."""
        page = [
            f"# {self.code} {_words(self.name)}",
            "",
            self.summary,
        ]
        for part in _PARTS:
            if part not in self.parts:
                continue
            title, text = part, self.parts[part]
            if part in ("Example", "Instead"):
                text = f"```toml\n{text}\n```"
            elif part == "Attributes":
                title = "Settings"
                text = "\n".join(_setting(entry) for entry in re.split(r"\n(?=\S)", text))
            else:
                text = text.replace("*", "`")
            page += ["", f"## {title}", "", text]
        return "\n".join(page) + "\n"


def _words(name: str) -> str:
    spaced = "".join(f" {char.lower()}" if char.isupper() else char for char in name).strip()
    return spaced.capitalize()


def _setting(entry: str) -> str:
    name, _, description = " ".join(entry.split()).partition(": ")
    return f"- `{name}`: {description.replace('*', '`')}"


def lint_example(block: str) -> tuple[Finding, ...]:
    """
    Return the findings in an example, written in TOML, from the docstring of a rule.

    The keys of an example are ``text``, ``repeat``, ``network``, ``language``,
    ``workspace``, ``guide`` (the text of a style guide), ``images`` and ``neighbours``.

    Raises:
        ExceptionGroup: If the style guide of the example has faults.
    """
    table: dict[str, Any] = tomllib.loads(block)
    images: Any = tuple(
        Image(digest=media_digest(bytes([index])), **image)
        for index, image in enumerate(table.get("images", ()))
    )
    return lint(
        PostContent(text=table["text"] * table.get("repeat", 1), media=images),
        StyleGuide.loads(table.get("guide", "")),
        profile=table.get("network"),
        language=table.get("language", ""),
        workspace=table.get("workspace", ""),
        neighbours=[Neighbour(**each) for each in table.get("neighbours", ())],
    )


def rule_pages() -> dict[str, str]:
    """Return the pages of all built-in rules, by file name."""
    return {f"{code}.md": RulePage.of(rule).markdown() for code, rule in RULES.items()}
