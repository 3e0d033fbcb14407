"""What a notebook shows is whole, escaped, and no more than people may see."""

from __future__ import annotations

import datetime as dt
import re
from html.parser import HTMLParser
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab import Desk, Image, MemoryStore, Organization, Sandbox
from socialcollab.content import Delivery, Finding, PostState
from socialcollab.errors import InvalidValueError
from socialcollab.pages import STATES as PAGE_STATES
from socialcollab.showing import STATES, Html, card, facts, link, moment, quoted, rows, show
from socialcollab.text import measure
from socialcollab.verdicts import Verdict

NOW = dt.datetime(2026, 4, 6, 10, tzinfo=dt.UTC)
EVIL = "<script>alert('&\"')</script>\u202e"


class Whole(HTMLParser):
    """Reads HTML and holds it to be whole, and to do nothing."""

    VOID = frozenset({"br", "hr", "img", "meta", "input", "link"})

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.texts: list[str] = []
        self.styles: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == [], f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert tag not in {"script", "img", "iframe", "link", "object"}, tag
        for name, value in attributes:
            assert not name.startswith("on"), name
            assert name != "src"
            if name == "href":
                assert value is not None
                assert re.match(r"https?://", value), value
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        (self.styles if self.open and self.open[-1] == "style" else self.texts).append(data)

    @property
    def text(self) -> str:
        return " ".join(self.texts)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One of each value that a week at a desk brings about."""
    now = [NOW]
    agency = Organization.template("northwind")
    sandbox = Sandbox(tmp_path_factory.mktemp("out"), durable=False, clock=lambda: now[0])
    desk = Desk.create(
        MemoryStore(Desk.PROJECTIONS),
        agency,
        owner="eva",
        networks={"*": sandbox},
        clock=lambda: now[0],
    )
    ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
    post = ana.submit(
        ana.draft(
            f"De lente {EVIL}",
            profiles=["tulip-x", "tulip-mastodon"],
            planned_at="2026-04-07 09:30",
            variants={"tulip-mastodon": f"Tulpen {EVIL}"},
            media=[Image.from_bytes(b"\x89PNG\r\n\x1a\n", alt=EVIL)],
            tags=["offer"],
        )
    )
    found: dict[str, Any] = {
        "organization": agency,
        "to do": ben.to_do()[0],
        "step": desk.pending_steps(post)[0],
        "page": ana.post_view(post),
        "no": agency.access.check("ana", "publish", "tulip-mastodon", at=NOW),
        "default deny": agency.access.check("noor", "publish", "tulip-x", at=NOW),
        "yes": agency.access.check("ben", "approve", "tulip-x", at=NOW),
        "length": measure("x", f"{EVIL} https://tulip.example"),
        "finding": Finding(code="SG104", message_code="not_a_member", params={"member": EVIL}),
        "proposal": desk.propose(
            Organization.loads(
                agency.to_toml().replace("4 business hours", "2 business hours"),
                files=agency.files,
            )
        ),
    }
    ben.approve(post)
    ana.draft("Nog een", profiles=["tulip-x"], planned_at="2026-04-07 09:31")
    found["clash"] = desk.clashes(NOW, NOW + dt.timedelta(days=3))[0]
    found["calendar"] = desk.calendar(NOW, NOW + dt.timedelta(days=30))
    found["empty calendar"] = desk.calendar(NOW, NOW + dt.timedelta(minutes=1))
    now[0] = dt.datetime(2026, 4, 7, 8, tzinfo=dt.UTC)
    found["due"] = desk.run_due()
    found["post"] = desk.post(post.id)
    found["delivery"] = desk.deliveries(post)[0]
    found["deliveries"] = show(desk.deliveries(post))
    found["history"] = show(desk.history(post), title="History")
    found["entry"] = desk.history(post)[0]
    found["audit"] = desk.audit()
    found["notice"] = next(iter(desk.notifications()))
    found["notices"] = show(desk.notifications())
    found["nothing"] = show([])
    sandbox.close()
    return found


NAMES = [
    *("organization", "to do", "step", "page", "no", "default deny", "yes", "length", "finding"),
    *("proposal", "clash", "calendar", "empty calendar", "due", "post", "delivery", "deliveries"),
    *("history", "entry", "audit", "notice", "notices", "nothing"),
]


@pytest.mark.parametrize("name", NAMES)
def test_every_card_is_whole_and_shows_nothing_that_is_anybodys_own(shown, name: str) -> None:
    html = shown[name]._repr_html_()
    read = Whole(html)
    assert len(html) < 20_000
    organization = shown["organization"]
    for member in organization.members:
        assert member.name not in read.text, "names are personal"
        assert not any(address in html for address in dict(member.contact or {}).values())
    post = shown["post"]
    assert post.salt.hex() not in html
    assert "<script" not in html


def test_every_value_is_among_them(shown) -> None:
    assert set(shown) == set(NAMES)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("no", "training first"),
        ("default deny", "no rule"),
        ("length", "of 280 weighted"),
        ("post", "De lente <script>"),
        ("post", "tulip-mastodon: Tulpen <script>"),
        ("page", "house/edit"),
        ("calendar", "Tue 7 Apr 2026"),
        ("empty calendar", "Nothing is planned"),
        ("delivery", "Europe/Amsterdam"),
        ("audit", "clean"),
        ("due", "published"),
        ("history", "post.drafted"),
        ("proposal", "manage_policies"),
        ("organization", "tulip-mastodon (mastodon)"),
        ("nothing", "none"),
    ],
)
def test_what_matters_is_on_the_card(shown, name: str, told: str) -> None:
    assert told in Whole(shown[name]._repr_html_()).text


def test_colours_are_mixed_from_the_notebooks_own(shown) -> None:
    [style] = Whole(shown["post"]._repr_html_()).styles
    assert "currentColor" in style
    assert not re.search(r"(background|color):\s*(#|rgb|white|black)", style), "no theme is assumed"
    assert all(rule.startswith(".scv") for rule in re.findall(r"(?:^|\})([^{}]+)\{", style))


@given(st.text(max_size=40), st.text(max_size=40), st.lists(st.text(max_size=20), max_size=3))
def test_whatever_a_text_holds_it_is_shown_and_does_nothing(title, text, cells) -> None:
    body = rows(["a", *cells], [["b", *cells]])
    read = Whole(card(title, quoted(text), facts({text: title}), body, aside=text))
    assert all("\x00" not in one for one in read.texts)


@given(st.text(max_size=60))
def test_only_addresses_of_pages_become_links(url: str) -> None:
    assert "<a" not in link(f"javascript:{url}")
    Whole(link(url))
    Whole(link(f"https://tulip.example/{url}"))


def test_long_things_are_cut_and_say_so() -> None:
    many = [measure("x", "a" * n) for n in range(80)]
    read = Whole(show(many).html)
    assert "and 30 more" in read.text
    assert "79 of 280" not in read.text
    assert Whole(quoted("a" * 5_000)).text.endswith("…")


def test_values_of_several_kinds_are_refused_by_name() -> None:
    with pytest.raises(InvalidValueError, match="Length, Verdict"):
        show([measure("x", "a"), Verdict.yes()])
    with pytest.raises(InvalidValueError, match="int"):
        show([1])


def test_every_state_has_a_tone_and_pages_have_the_same() -> None:
    assert set(STATES) >= set(PostState)
    assert PAGE_STATES is STATES
    states = {state.value for state in attrs.fields_dict(Delivery)["state"].default.__class__}
    assert set(STATES) >= states


def test_moments_are_said_as_people_write_them() -> None:
    zone = dt.timezone(dt.timedelta(hours=2))
    assert moment(dt.datetime(2026, 4, 7, 9, 30, tzinfo=zone)) == "Tue 7 Apr 2026, 07:30 UTC"
    assert moment(None) == ""
    assert isinstance(facts({}), Html)
