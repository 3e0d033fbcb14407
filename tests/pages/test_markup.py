"""Escaping, and the addresses that are safe to link or load."""

from __future__ import annotations

import pytest

from socialcollab.pages import escape, safe_href, safe_source


def test_escape_twice() -> None:
    """HTML is not escaped again."""
    assert escape(escape("<")) == "&lt;"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "/x", "http://[", "https:"]
)
def test_safe_href(url: str) -> None:
    """Only http and https addresses become links."""
    assert safe_href(url) == ""


@pytest.mark.parametrize(
    "source",
    ["https://e.example/x.png", "//e.example/x.png", "../x.png", "/etc/x", "data:image/svg+xml;base64,AA",
     "data:text/html;base64,AA", "x y.png", "a\\b"],
)  # fmt: skip
def test_safe_source(source: str) -> None:
    """Images are embedded, or files in the folder of the page."""
    assert safe_source(source) == ""
    assert safe_source("data:image/png;base64,AA==") == "data:image/png;base64,AA=="
