"""The page `docs/reference/events.md` lists every event, and every event has a description."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest

from socialcollab.desk.journal.encoding import EVENT_TYPES
from socialcollab.verdicts import LANGUAGES
from socialcollab.verdicts.catalogue import catalogue

_PAGE = Path(__file__).parents[2] / "docs" / "reference" / "events.md"


def test_table_of_events() -> None:
    """The table contains each event type with its class and fields."""
    listed = {
        row[0]: (row[1], tuple(re.findall(r"`(\w+)`", row[2])))
        for row in re.findall(
            r"^\| `([a-z_.]+)` \| [^|]*?(\w+)` \| (.*) \|$", _PAGE.read_text(encoding="utf-8"), re.M
        )
    }
    assert listed == {
        name: (event.__name__, tuple(field.name for field in attrs.fields(event)))
        for name, event in EVENT_TYPES.items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_descriptions(language: str) -> None:
    """Every event type has a message, or one for each of its variants."""
    codes = catalogue(language)
    assert [
        name
        for name in EVENT_TYPES
        if not any(
            code == f"history.{name}" or code.startswith(f"history.{name}.") for code in codes
        )
    ] == []
