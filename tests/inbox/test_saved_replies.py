"""Saved replies: variables, languages, and values that customers choose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.directory import Profile
from socialcollab.errors import InvalidValueError
from socialcollab.inbox import SavedReply, check_saved_reply, escape, fill, replies_for
from socialcollab.styleguide import StyleGuide
from socialcollab.text import entities

X = Profile(id="tulip-x", workspace="tulip", network="x")


def saved(text: str = "Sorry, {customer_name}.", **values: object) -> SavedReply:
    return SavedReply(**{"id": "sorry", "on": "tulip-x", "texts": {"en": text}, **values})


def test_variables_are_filled_in_once():
    reply = saved("{{{customer_name}}} {flight} {customer_name}", ask="flight")
    filled = fill(reply, {"customer_name": "{flight}", "flight": "KL 1"}, languages=["en"])
    assert filled.text == "{{flight}} KL 1 {flight}"
    assert reply.variables("en") == ("customer_name", "flight")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Hi {custmer_name}", "unknown variable `{custmer_name}`; did you mean `customer_name`"),
        ("Hi {}", "unknown variable `{}`; use one of"),
        ("Hi {customer_name.__class__}", "unknown variable"),
        ("Hi {customer_name!r:>100}", "unknown variable"),
        ("Hi {customer_name", "single `{`; write `{{`"),
        ("Hi }", "single `}`"),
        ("  ", "is empty or longer"),
    ],
)
def test_faulty_texts_are_refused(text, message):
    with pytest.raises(InvalidValueError) as caught:
        saved(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"texts": {}}, "has no text"),
        ({"texts": {"english": "x"}}, "is not a language"),
        ({"texts": "x"}, "is not a table"),
        ({"ask": "case_id"}, "cannot be a variable to ask for"),
        ({"ask": "Flight!"}, "cannot be a variable to ask for"),
    ],
)
def test_other_faults_are_refused(values, message):
    with pytest.raises(InvalidValueError, match=message):
        saved(**values)


def test_the_best_language_is_chosen():
    reply = saved(texts={"en": "a", "pt": "b", "zh-Hant": "c"})
    assert reply.language_for("pt-BR", "en") == "pt"
    assert reply.language_for("", "xx", "EN") == "en"
    assert reply.language_for("zh") == "zh-Hant"
    with pytest.raises(InvalidValueError, match="no text in `fr`; it has texts in en, pt, zh-Hant"):
        reply.language_for("fr")


def test_a_missing_value_is_refused():
    with pytest.raises(InvalidValueError, match="needs a value for"):
        fill(saved(), {"customer_name": " \n"}, languages=["en"])


@pytest.mark.parametrize(
    "name",
    ["@everyone", "#boycott", "win.example", "https://win.example/x", "a@b.example", "t.co/x"],
)
@pytest.mark.parametrize("network", ["x", "mastodon", "bluesky", "instagram"])
def test_the_name_of_a_customer_cannot_mention_or_link(name, network):
    text = fill(saved(), {"customer_name": name}, languages=["en"]).text
    assert not list(entities(network, text))


@given(st.text(max_size=200))
def test_values_stay_on_one_line_and_contain_no_control_characters(value):
    for trusted in (False, True):
        escaped = escape(value, trusted=trusted)
        assert not set(escaped) & set("\n\r\t\x00\u202e\u2066\x85\u2028")
    assert escape("Jo\n van\u202e Dam") == "Jo van Dam"


def test_ordinary_names_are_unchanged():
    for name in ("J. de Vries", "Zoë", "Łukasz O'Neil-Smith", "王小明", "👩‍💻 Ada"):
        assert escape(name) == name


def test_the_style_guide_checks_replies():
    guide = StyleGuide.from_dict({"terms": [{"ban": ["unfortunately"], "why": "be direct"}]})
    filled = fill(
        saved("Unfortunately, {customer_name}"),
        {"customer_name": "Jo"},
        languages=["en"],
        guide=guide,
        profile=X,
    )
    assert [finding.code for finding in filled.findings] == ["SG102"]
    assert list(check_saved_reply(saved("Unfortunately"), guide, profile=X)) == ["en"]
    assert check_saved_reply(saved(), guide) == {}


def test_replies_are_offered_on_their_profiles():
    own, other = saved(), saved(on={"workspace": "rival"})
    assert replies_for([own, other], X) == (own,)
