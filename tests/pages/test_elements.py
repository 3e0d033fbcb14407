"""Headings, links, lists and tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pages.html_reader import Reader

from socialcollab.errors import InvalidValueError
from socialcollab.pages import bullet_list, file_link, link, table


def test_row_length() -> None:
    """A row must have one cell per header."""
    with pytest.raises(InvalidValueError, match="row 1 has 1 cells, but there are 2 headers"):
        table(["a", "b"], [["1", 2], ["1"]])


def test_numbers_align_right() -> None:
    """The header of a numeric column has the same alignment as the numbers."""
    html = table(["post", "likes"], [["spring", 3]])
    assert '<th scope="col" class="num">likes</th>' in html
    assert '<th scope="col">post</th>' in html


@given(st.text(max_size=60))
def test_link(url: str) -> None:
    """Web addresses become links; other addresses remain text."""
    assert "<a" not in link(f"javascript:{url}")
    Reader(link(url))
    Reader(link(f"https://tulip.example/{url}"))


def test_file_link() -> None:
    """Files in the folder of the page become links; other files remain text."""
    assert 'href="media/list.html"' in file_link("media/list.html")
    assert "href" not in file_link("../secret.html", "secret")


def test_empty_list() -> None:
    """A list without items is empty."""
    assert bullet_list([]) == ""
