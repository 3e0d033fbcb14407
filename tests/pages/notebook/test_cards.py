"""The building blocks of cards."""

from __future__ import annotations

import datetime as dt
import re

from hypothesis import given
from hypothesis import strategies as st
from tests.pages.html_reader import Reader

from socialcollab.pages import Html
from socialcollab.pages.notebook import card, definitions, format_time, quote, rows_table


def test_themes() -> None:
    """A card sets neither a background nor a text colour, so it fits every theme."""
    [style] = Reader(card("Post")).styles
    assert "currentColor" in style
    assert not re.search(r"(background|color):\s*(#|rgb|white|black)", style)


def test_style_sheet_is_scoped() -> None:
    """The style sheet of a card does not affect the rest of the notebook."""
    [style] = Reader(card("Post")).styles
    for selectors in re.findall(r"(?:^|\})([^{}]+)\{", style):
        assert all(selector.startswith(".sc-card") for selector in selectors.split(","))


@given(st.text(max_size=40), st.text(max_size=40), st.lists(st.text(max_size=20), max_size=3))
def test_any_text(title: str, text: str, cells: list[str]) -> None:
    """A card with any text is well-formed and displays it."""
    table = rows_table(["a", *cells], [["b", *cells]])
    reader = Reader(card(title, quote(text), definitions({text: title}), table, aside=text))
    assert "\x00" not in reader.text


def test_long_values_are_cut() -> None:
    """A long table shows 50 rows and the number of omitted rows; a long text ends with an ellipsis."""
    reader = Reader(rows_table(["n"], [[n] for n in range(80)]))
    assert "and 30 more" in reader.text
    assert "49" in reader.text
    assert "79" not in reader.text
    assert "more" not in Reader(rows_table(["n"], [[n] for n in range(50)])).text
    assert Reader(quote("a" * 5_000)).text.endswith("…")


def test_format_time() -> None:
    """An instant is shown in UTC."""
    zone = dt.timezone(dt.timedelta(hours=2))
    assert format_time(dt.datetime(2026, 4, 7, 9, 30, tzinfo=zone)) == "Tue 7 Apr 2026, 07:30 UTC"
    assert format_time(None) == ""


def test_empty_values() -> None:
    """Blocks without content are empty."""
    assert definitions({}) == definitions({"a": ""}) == quote("") == rows_table(["a"], []) == ""
    assert isinstance(definitions({}), Html)
