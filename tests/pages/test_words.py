"""The fixed texts of pages."""

from __future__ import annotations

import string

import pytest

from socialcollab.errors import InvalidValueError
from socialcollab.pages import STATES
from socialcollab.pages.permissions_table import LEVELS
from socialcollab.pages.words import LANGUAGES, MONTHS, WEEKDAYS, words


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_languages_are_complete() -> None:
    """Every language has the same keys, with the same fields to fill."""
    english = words("en")
    for language in LANGUAGES:
        assert set(english) == set(words(language))
        for key, template in words(language).items():
            assert fields(template) == fields(english[key]), key
    assert {f"state.{state}" for state in STATES} <= set(english)
    assert {f"level.{level}" for level in LEVELS} <= set(english)
    assert all(len(MONTHS[each]) == 12 and len(WEEKDAYS[each]) == 7 for each in LANGUAGES)


def test_regions() -> None:
    """The region of a language tag is ignored."""
    assert words("nl-BE") == words("nl")


def test_unknown_language() -> None:
    """An unknown language is rejected."""
    with pytest.raises(InvalidValueError, match="pages are not available in `fr`"):
        words("fr")
