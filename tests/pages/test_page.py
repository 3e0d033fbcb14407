"""Complete pages."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.complexity import is_roughly_linear
from tests.pages.html_reader import Reader
from tests.randomness import fewer_examples

from socialcollab.directory import NETWORKS
from socialcollab.errors import InvalidValueError
from socialcollab.pages import (
    CalendarBlock,
    CalendarEntry,
    CalendarNote,
    Html,
    PreviewCard,
    PreviewImage,
    PreviewPost,
    badge,
    bullet_list,
    file_link,
    heading,
    join,
    link,
    month_calendar,
    page,
    paragraph,
    preview,
    preview_grid,
    table,
)
from socialcollab.pages.words import LANGUAGES

AT = dt.datetime.fromisoformat("2026-04-07 09:30")
HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</style></title><svg onload=alert(1)>",
    "\u202e\u2066 abc \x00\ud800",
    "&lt;b&gt; &amp; javascript:alert(1)",
)


def full_page(text: str, *, language: str = "en") -> str:
    """Return a page with *text* in every place that accepts text."""
    post = PreviewPost(
        text=text,
        name=text,
        handle=text,
        at=AT,
        warning=text,
        url=text,
        images=[PreviewImage(alt=text, source=text), PreviewImage()],
        card=PreviewCard(url=text, title=text, description=text, source=text),
        reply_to=text,
        quote_of=text,
        poll=[text, "no"],
        note=text,
        anchor=text,
    )
    entry = CalendarEntry(at=AT, title=text, profile=text, network=text, state="draft", url=text)
    calendar = month_calendar(
        [entry],
        2026,
        4,
        language=language,
        notes=[CalendarNote(date=AT.date(), text=text)],
        blocks=[CalendarBlock(first=AT.date(), text=text)],
    )
    parts = [
        calendar,
        table([text], [[text]], caption=text),
        badge(text),
        heading(text),
        paragraph(text),
        bullet_list([text]),
        link(text),
        file_link(f"{text}/..", text),
        text,
    ]
    parts.append(preview_grid(preview(post, name, language=language) for name in NETWORKS))
    return page(text, join(parts), language=language, lede=text)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_text(text: str, language: str) -> None:
    """Text that looks like HTML is displayed literally."""
    reader = Reader(full_page(text, language=language))
    displayed = text.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    assert reader.text.count(displayed) >= 10


@fewer_examples()
@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    """A page with any text is well-formed."""
    Reader(full_page(text))


@pytest.mark.integration
def test_time_grows_with_text() -> None:
    """The time for previews and calendars is linear in the length of their texts."""

    def work(size: int) -> None:
        for piece in ("a", "<", "a.nl ", "👨‍👩‍👧", "@a "):
            text = piece * (size // len(piece))
            for name in NETWORKS:
                preview(PreviewPost(text=text, name=text, handle=text), name)
            month_calendar([CalendarEntry(at=AT, title=text, profile=text)], 2026, 4)

    assert is_roughly_linear(work, 3_000)


def test_loads_nothing() -> None:
    """A page has a content security policy that forbids loading, and contains no URLs to load."""
    html = page("Title", "body")
    assert "default-src 'none'" in html
    assert "http" not in html.replace('http-equiv="Content-Security-Policy"', "")


def test_language_and_escaping() -> None:
    """A page states its language and escapes plain strings, but not HTML."""
    html = page("April <1>", Html("<p>x</p>"), language="nl")
    assert '<html lang="nl">' in html
    assert "<title>April &lt;1&gt;</title>" in html
    assert "<p>x</p>" in html
    with pytest.raises(InvalidValueError, match="is not a language tag"):
        page("", "", language='"><script>')
