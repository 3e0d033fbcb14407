"""Pages show what they are given, and run nothing of it."""

from __future__ import annotations

import datetime as dt
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.drawing import a_third
from tests.growth import grows_gently

from socialcollab import pages
from socialcollab.directory import NETWORKS, network
from socialcollab.errors import InvalidValueError
from socialcollab.pages import (
    STATES,
    CalendarBlock,
    CalendarEntry,
    CalendarNote,
    Html,
    LinkCard,
    PreviewImage,
    PreviewPost,
    badge,
    escape,
    heading,
    join,
    month_calendar,
    page,
    paragraph,
    preview,
    safe_href,
    safe_source,
    table,
)
from socialcollab.pages.words import LANGUAGES, MONTHS, WEEKDAYS, words

HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</style></title><svg onload=alert(1)>",
    "\u202e\u2066 abc \x00\ud800",
    "&lt;b&gt; &amp; javascript:alert(1)",
)
VOID = {"meta", "img", "br", "rect", "circle", "path"}


class Reader(HTMLParser):
    """Reads a page back: its tags, its attributes and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Reader:
    """Read a page, and check what holds for every page."""
    html.encode("utf-8")
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    for tag, attributes in reader.seen:
        assert tag not in {"script", "iframe", "object", "embed", "link", "form", "base"}
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("href", "src"):
            value = attributes.get(name) or "https:"
            assert value.startswith(("https:", "http:")) or name == "src"
        if tag == "img":
            assert "//" not in (attributes["src"] or "").partition(",")[0]
            assert attributes["alt"]
    return reader


def full(text: str, *, language: str = "en") -> str:
    """Put one text into every place of every page."""
    at = dt.datetime.fromisoformat("2026-04-07 09:30")
    post = PreviewPost(
        text=text,
        name=text,
        handle=text,
        at=at,
        warning=text,
        url=text,
        images=[PreviewImage(alt=text, source=text), PreviewImage()],
        card=LinkCard(url=text, title=text),
    )
    entry = CalendarEntry(at=at, title=text, profile=text, network=text, state="draft", url=text)
    calendar = month_calendar(
        [entry],
        2026,
        4,
        language=language,
        notes=[CalendarNote(on=at.date(), text=text)],
        blocks=[CalendarBlock(first=at.date(), text=text)],
    )
    parts = [
        calendar,
        table([text], [[text]], caption=text),
        badge(text),
        heading(text),
        paragraph(text),
        text,
    ]
    parts += [preview(post, name, language=language) for name in NETWORKS]
    return page(text, join(parts), language=language, lede=text)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_text_stays_text(text: str, language: str) -> None:
    reader = read(full(text, language=language))
    shown = text.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    assert reader.text.count(shown) >= 10


@a_third()
@given(st.text(max_size=60))
def test_any_text_makes_a_whole_page(text: str) -> None:
    read(full(text))


def test_long_texts_are_shown_in_moments() -> None:
    at = dt.datetime.fromisoformat("2026-04-07 09:30")

    def show(size: int) -> None:
        for piece in ("a", "<", "a.nl ", "👨‍👩‍👧", "@a "):
            text = piece * (size // len(piece))
            for name in NETWORKS:
                preview(PreviewPost(text=text, name=text, handle=text), name)
            month_calendar([CalendarEntry(at=at, title=text, profile=text)], 2026, 4)

    assert grows_gently(show, 3_000)


def test_a_page_asks_nothing_of_any_server() -> None:
    html = page("Title", "body")
    assert "default-src 'none'" in html
    assert "http" not in html.replace('http-equiv="Content-Security-Policy"', "")


def test_a_page_knows_its_language_and_escapes_plain_text_only() -> None:
    html = page("April <1>", Html("<p>x</p>"), language="nl")
    assert '<html lang="nl">' in html
    assert "<title>April &lt;1&gt;</title>" in html
    assert "<p>x</p>" in html
    with pytest.raises(InvalidValueError, match="no language tag"):
        page("", "", language='"><script>')


def test_html_is_not_escaped_twice() -> None:
    assert escape(escape("<")) == "&lt;"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "/x", "http://[", "https:"]
)
def test_only_web_addresses_are_followed(url: str) -> None:
    assert safe_href(url) == ""


@pytest.mark.parametrize(
    "source",
    ["https://e.example/x.png", "//e.example/x.png", "../x.png", "/etc/x", "data:image/svg+xml;base64,AA",
     "data:text/html;base64,AA", "x y.png", "a\\b"],
)  # fmt: skip
def test_images_are_embedded_or_beside_the_page(source: str) -> None:
    assert safe_source(source) == ""
    assert safe_source("data:image/png;base64,AA==") == "data:image/png;base64,AA=="


def test_every_language_says_the_same_things() -> None:
    keys = {language: set(words(language)) for language in LANGUAGES}
    assert len({frozenset(each) for each in keys.values()}) == 1
    assert {f"state.{state}" for state in STATES} <= keys["en"]
    assert all(len(MONTHS[each]) == 12 and len(WEEKDAYS[each]) == 7 for each in LANGUAGES)
    assert words("nl-BE") == words("nl")
    with pytest.raises(InvalidValueError, match="there are no pages in `fr`"):
        words("fr")


def test_an_entry_says_its_state_in_words_and_by_a_sign() -> None:
    entries = [
        CalendarEntry(
            at=dt.datetime.fromisoformat(f"2026-04-{day + 1:02} 09:00"), title="t", state=state
        )
        for day, state in enumerate(STATES)
    ]
    text = read(page("", month_calendar(entries, 2026, 4))).text
    for state, (_, sign) in STATES.items():
        assert f"{sign} {words('en')[f'state.{state}']}" in text


def test_an_unknown_state_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidValueError, match="did you mean `published`"):
        CalendarEntry(at=dt.datetime.fromisoformat("2026-04-01 00:00"), title="", state="publised")


def test_entries_stand_in_order_on_their_day_and_other_months_are_left_out() -> None:
    entries = [
        CalendarEntry(at=dt.datetime.fromisoformat("2026-04-07 12:00"), title="second"),
        CalendarEntry(at=dt.datetime(2026, 4, 7, 9, tzinfo=dt.UTC), title="first"),
        CalendarEntry(at=dt.datetime.fromisoformat("2026-05-07 09:00"), title="elsewhere"),
    ]
    html = month_calendar(entries, 2026, 4)
    assert html.index("first") < html.index("second")
    assert "elsewhere" not in html
    assert html == month_calendar(reversed(entries), 2026, 4)


def test_a_crowded_day_folds_and_loses_nothing() -> None:
    entries = [
        CalendarEntry(
            at=dt.datetime.fromisoformat(f"2026-04-07 09:{minute:02}"), title=f"post {minute:02}"
        )
        for minute in range(30)
    ]
    html = month_calendar(entries, 2026, 4, language="nl")
    assert "<summary>nog 24</summary>" in html
    assert all(f"post {minute:02}" in html for minute in range(30))


def test_a_post_on_two_profiles_is_two_entries_and_counted_as_such() -> None:
    at = dt.datetime.fromisoformat("2026-04-07 09:30")
    entries = [CalendarEntry(at=at, title="Lente", profile=one) for one in ("tulip-x", "dike-x")]
    assert "<b>2 entries</b>" in month_calendar(entries, 2026, 4)
    assert "<b>1 entry</b>" in month_calendar(entries[:1], 2026, 4)
    assert "<b>2 plaatsingen</b>" in month_calendar(entries, 2026, 4, language="nl")


@pytest.mark.parametrize("first_weekday", range(7))
@pytest.mark.parametrize(("year", "month"), [(2026, 2), (2024, 2), (2026, 8), (1, 1), (9999, 12)])
def test_every_month_has_all_its_days_once(year: int, month: int, first_weekday: int) -> None:
    html = month_calendar([], year, month, first_weekday=first_weekday)
    days = html.count("<time datetime=")
    following = (
        dt.date(year + month // 12, month % 12 + 1, 1) if (year, month) != (9999, 12) else None
    )
    assert days == ((following - dt.date(year, month, 1)).days if following else 31)
    assert html.count("<tr>") * 7 == html.count("<td") + html.count('<th scope="col">')


def test_holds_and_blackouts_shade_their_days_and_holidays_do_not() -> None:
    blocks = [
        CalendarBlock(
            first=dt.date(2026, 3, 30), last=dt.date(2026, 4, 2), text="strike", kind="hold"
        ),
        CalendarBlock(first=dt.date(2026, 4, 27), text="King's Day", kind="holiday"),
    ]
    html = month_calendar([], 2026, 4, blocks=blocks, first_weekday=6)
    assert html.count("shaded") == 2
    assert "King&#x27;s Day" in html
    assert month_calendar(
        [], 9999, 12, blocks=[CalendarBlock(first=dt.date(9999, 12, 31), text="x")]
    )


@pytest.mark.parametrize(
    ("year", "month", "weekday"), [(2026, 13, 0), (2026, 0, 0), (0, 1, 0), (2026, 1, 7)]
)
def test_a_month_that_does_not_exist_is_refused(year: int, month: int, weekday: int) -> None:
    with pytest.raises(InvalidValueError, match="there is no month"):
        month_calendar([], year, month, first_weekday=weekday)


def test_a_preview_marks_what_does_not_fit() -> None:
    html = preview(PreviewPost(text="a" * 279 + "👨‍👩‍👧‍👦", name="Tulip"), "x")
    assert "<mark>👨‍👩‍👧‍👦</mark>" in html
    assert "1 too long for X" in html
    roomy = network("x").with_limits(text=25_000)
    assert "<mark>" not in preview(PreviewPost(text="a" * 300, name="Tulip"), roomy)


def test_links_are_active_only_where_the_network_makes_them_so() -> None:
    post = PreviewPost(text="zie tulip.nl", name="Tulip", images=[PreviewImage(alt="x")])
    assert 'href="https://tulip.nl"' in preview(post, "x")
    assert "href" not in preview(post, "instagram")


def test_a_missing_description_is_said() -> None:
    post = PreviewPost(text="", name="Tulip", images=[PreviewImage()])
    assert "geen beschrijving" in preview(post, "x", language="nl")


def test_a_network_that_needs_an_image_says_so() -> None:
    html = preview(PreviewPost(text="x", name="Tulip"), "instagram")
    assert "Instagram takes no post without an image" in html


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="row 1 has 1 cells for 2 headers"):
        table(["a", "b"], [["1", 2], ["1"]])


def test_all_is_complete() -> None:
    assert all(hasattr(pages, name) for name in pages.__all__)


@pytest.mark.parametrize(("name", "limit"), [("x", 280), ("bluesky", 300), ("mastodon", 500)])
def test_a_preview_cuts_no_family_at_the_limit(name: str, limit: int) -> None:
    family = "👨‍👩‍👧‍👦"
    width = 2 if name == "x" else 1
    whole = PreviewPost(text="a" * (limit - width) + family, name="Tulip")
    assert "<mark>" not in preview(whole, name)
    over = PreviewPost(text="a" * (limit - width + 1) + family, name="Tulip")
    assert f"<mark>{family}</mark>" in preview(over, name)
