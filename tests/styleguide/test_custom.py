"""Rules that a guide defines itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from socialcollab.content import PostContent
from socialcollab.styleguide import StyleGuide, fix, fix_until_settled, lint, wrong_examples
from socialcollab.styleguide.kinds.spelling import WordList


def guide(**settings: Any) -> StyleGuide:
    """Return a guide with one rule."""
    return StyleGuide.from_dict(
        {"rules": {"SG103": {"off": True}, "rule": settings}},
        trusted=True,
        dictionaries={"nl": WordList(["de", "lente", "is"])},
    )


def found(text: str, language: str = "", **settings: Any) -> list[str]:
    """Return the texts that a rule reports."""
    findings = lint(text, guide(**settings), language=language)
    assert {finding.code for finding in findings} <= {"rule"}
    return [text[finding.start : finding.end] for finding in findings]


EXISTENCE: dict[str, Any] = {"kind": "existence", "words": ["click here", "cheap"]}
REPLACE = {"utilise": "use", "in order to": ["to", "so that"], "o'clock": "hours"}


@pytest.mark.parametrize(
    ("text", "settings", "expected"),
    [
        ("Click\n here, CHEAP!", EXISTENCE, ["Click\n here", "CHEAP"]),
        ("cheaper", EXISTENCE, []),
        ("Cheap", {**EXISTENCE, "ignore_case": False}, []),
        ("cheap", {**EXISTENCE, "exceptions": ["cheap"]}, []),
        ("#cheap @cheap https://a.nl/cheap `cheap`", EXISTENCE, []),
        ("#cheap", {**EXISTENCE, "raw": True}, ["cheap"]),
        ("a1 b22", {"kind": "existence", "patterns": [r"\d+"]}, ["1", "22"]),
        ("Utilise 5 o’clock", {"kind": "substitution", "replace": REPLACE}, ["Utilise", "o’clock"]),
        ("Wi-fi", {"kind": "substitution", "replace": {"wi-fi": "Wi-Fi"}}, []),
        (
            "wi-fi Wi-Fi",
            {"kind": "substitution", "replace": {"wi-fi": "Wi-Fi"}, "ignore_case": False},
            ["wi-fi"],
        ),
        (
            "colour color",
            {"kind": "substitution", "patterns": True, "replace": {"(col)ou?r": "hue"}},
            ["colour", "color"],
        ),
        (
            "Nu! Nu! Nu!",
            {"kind": "occurrence", "words": ["!"], "whole_words": False, "at_most": 1},
            ["!"],
        ),
        ("Nu", {"kind": "occurrence", "words": ["!"], "whole_words": False, "at_least": 1}, [""]),
        (
            "a! b!\nc! d",
            {"kind": "occurrence", "patterns": ["!"], "at_most": 1, "part": "line"},
            ["!"],
        ),
        ("the the cat", {"kind": "repetition"}, ["the the"]),
        ("The the, the", {"kind": "repetition"}, ["The the"]),
        ("haha haha", {"kind": "repetition", "exceptions": ["haha"]}, []),
        ("10 10", {"kind": "repetition"}, []),
        (
            "advisor, adviser",
            {"kind": "consistency", "either": {"adviser": "advisor"}},
            ["adviser"],
        ),
        ("adviser", {"kind": "consistency", "either": {"adviser": "advisor"}}, []),
        (
            "The WHO and the World Health Organization (WHO), NATO",
            {
                "kind": "conditional",
                "if_found": r"\b[A-Z]{3,5}\b",
                "needs": r"\(([A-Z]{3,5})\)",
                "per_match": True,
            },
            ["NATO"],
        ),
        (
            "Win een reis",
            {"kind": "conditional", "if_found": r"\b[Ww]in\b", "needs": "voorwaarden"},
            ["Win"],
        ),
        (
            "Win een reis (zie de voorwaarden)",
            {"kind": "conditional", "if_found": r"\b[Ww]in\b", "needs": "voorwaarden"},
            [],
        ),
        ("de lente. Is er", {"kind": "capitalization", "part": "sentence"}, ["de lente."]),
        ("Small Words in a Title", {"kind": "capitalization", "style": "title"}, []),
        ("small words", {"kind": "capitalization", "style": "title"}, ["small words"]),
        ("LUID", {"kind": "capitalization", "style": "lower"}, ["LUID"]),
        (
            "Very slowly. very\nquickly",
            {"kind": "sequence", "sequence": [{"words": ["very"]}, {"pattern": r"\w+ly"}]},
            ["Very slowly"],
        ),
        (
            "not only red but also blue",
            {"kind": "sequence", "sequence": [{"words": ["only"]}, {"words": ["but"], "skip": 3}]},
            ["only red but"],
        ),
        ("De lnete is", {"kind": "spelling", "dictionary": "nl"}, ["lnete"]),
        ("De Xyz is", {"kind": "spelling", "dictionary": "nl", "words": ["xyz"]}, []),
        ("a b c", {"kind": "metric", "formula": "words", "at_most": 2}, ["a b c"]),
        ("a b c", {"kind": "metric", "formula": "words", "at_least": 2}, []),
        ("", {"kind": "metric", "formula": "words / sentences", "at_least": 2}, []),
    ],
)
def test_kinds(text: str, settings: dict[str, Any], expected: list[str]) -> None:
    """Each kind reports the places that its settings describe."""
    assert found(text, **settings) == expected


def test_fixes_and_choices() -> None:
    """One replacement is a fix; several are choices for the author."""
    rule = guide(kind="substitution", replace=REPLACE)
    text = "Utilise this in order to win"
    one, several = lint(text, rule)
    assert (one.fix, one.choices) == ("Use", ())
    assert (several.fix, several.choices) == (None, ("to", "so that"))
    assert fix(text, (one, several)) == "Use this in order to win"


def test_message() -> None:
    """A message can name the match, its replacement, a count and a limit."""
    settings = {"kind": "occurrence", "words": ["!"], "whole_words": False, "at_most": 1}
    [finding] = lint("A!!!", guide(**settings, message="{count} of at most {limit}: {match}"))
    assert finding.text("nl") == "3 of at most 1: !"


def test_fields_and_profiles() -> None:
    """A rule can be limited to fields, networks and languages."""
    content = PostContent(text="cheap", thread=("cheap",), first_comment="cheap")
    all_fields = lint(content, guide(**EXISTENCE))
    assert [finding.field for finding in all_fields] == ["text", "first_comment", "thread.2"]
    only = lint(content, guide(**EXISTENCE, field=["thread"]))
    assert [finding.field for finding in only] == ["thread.2"]
    assert not lint("cheap", guide(**EXISTENCE, network="bluesky"), profile="x")
    assert not lint("cheap", guide(**EXISTENCE, language="en"), language="nl")


def test_later_guide() -> None:
    """A later guide can change a rule of an earlier guide, or switch it off."""
    first = {"rules": {"no-cheap": EXISTENCE}}
    second = {"rules": {"no-cheap": {"severity": "error"}}}
    off = {"rules": {"no-cheap": {"off": True}}}
    [finding] = lint("cheap", StyleGuide.stacked({"a": first, "b": second}))
    assert finding.severity == "error"
    assert not lint("cheap", StyleGuide.stacked({"a": first, "b": off}))


@pytest.mark.parametrize(
    ("settings", "place", "problem"),
    [
        ({"kind": "existnce"}, "kind", "did you mean `existence`"),
        ({"kind": "existence"}, "words", "neither words nor patterns"),
        ({"kind": "existence", "words": [1]}, "words", "not a text"),
        ({"kind": "existence", "words": ["a"], "message": "{who}"}, "message", "{match}"),
        ({"kind": "existence", "words": ["a"], "field": "title"}, "field", "alt, card"),
        ({"kind": "existence", "words": ["a"], "raw": "yes"}, "raw", "true or false"),
        ({"kind": "existence", "words": ["a"], "at_most": 1}, "at_most", "no such setting"),
        ({"kind": "existence", "patterns": ["("]}, "patterns", "not a valid pattern"),
        ({"kind": "occurrence", "words": ["a"]}, "at_most", "no limit"),
        ({"kind": "occurrence", "words": ["a"], "at_most": -1}, "at_most", "from 0 on"),
        ({"kind": "substitution"}, "replace", "no table"),
        ({"kind": "consistency", "either": {}}, "either", "no table"),
        ({"kind": "conditional", "if_found": "a"}, "needs", "not a text"),
        ({"kind": "capitalization", "style": "camel"}, "style", "use one of"),
        ({"kind": "capitalization", "pattern": "a"}, "pattern", "only the style"),
        ({"kind": "metric", "formula": "words +", "at_most": 1}, "formula", "ends too early"),
        ({"kind": "metric", "formula": "wrods", "at_most": 1}, "formula", "`words`"),
        ({"kind": "metric", "formula": "import os", "at_most": 1}, "formula", "not a count"),
        ({"kind": "metric", "formula": "(" * 99, "at_most": 1}, "formula", "nested too deeply"),
        ({"kind": "readability", "formula": "lix"}, "at_most", "no limit"),
        ({"kind": "spelling", "dictionary": "fy"}, "dictionary", "no dictionary `fy`"),
        ({"kind": "sequence", "sequence": [{}]}, "sequence", "at least two"),
        ({"kind": "sequence", "sequence": [{"a": 1}, {}]}, "sequence", "not an element"),
    ],
)
def test_faults(settings: dict[str, Any], place: str, problem: str) -> None:
    """A fault names the setting, and what would be right."""
    with pytest.raises(ExceptionGroup) as raised:
        guide(**settings)
    [fault] = raised.value.exceptions
    assert f"guide: rules.rule.{place}" in str(fault)
    assert problem in str(fault)


@pytest.mark.parametrize("code", ["Shout", "a b", "-a", "a--b", "a" * 81, ""])
def test_invalid_codes(code: str) -> None:
    """A code consists of lower-case words."""
    with pytest.raises(ExceptionGroup):
        StyleGuide.from_dict({"rules": {code: EXISTENCE}})


EVERY_KIND = StyleGuide.from_dict(
    {
        "rules": {
            "a": EXISTENCE,
            "b": {"kind": "substitution", "replace": {"a": "b", "b c": "a"}},
            "c": {"kind": "occurrence", "words": ["a"], "at_most": 1},
            "d": {"kind": "repetition"},
            "e": {"kind": "consistency", "either": {"a": "b"}},
            "f": {"kind": "capitalization", "part": "sentence"},
            "g": {"kind": "metric", "formula": "words", "at_most": 3},
            "h": {"kind": "sequence", "sequence": [{"words": ["a"]}, {}]},
        }
    }
)


@given(st.text(alphabet="abc A.!@#🌷é®\u0301\n", max_size=40))
@example("@@A\nc@A")
def test_positions_and_fixes(text: str) -> None:
    """Positions lie in the text, and fixing a fixed text changes nothing."""
    for finding in lint(text, EVERY_KIND):
        assert 0 <= (finding.start or 0) <= (finding.end or 0) <= len(text)
    fixed = fix_until_settled(text, lambda each: lint(each, EVERY_KIND)).text
    assert fix_until_settled(fixed, lambda each: lint(each, EVERY_KIND)).text == fixed


def test_wrong_examples() -> None:
    """Examples that a rule does not treat as the guide says are returned, in every scope."""
    rules = StyleGuide.from_dict(
        {
            "rules": {
                "no-cheap": {
                    "kind": "existence",
                    "words": ["cheap", "goedkoop"],
                    "language": "nl",
                    "network": ["x", "bluesky"],
                    "bad": ["Goedkoop!", "goedkoper"],
                    "good": ["Voor € 39", "cheap"],
                },
                "no-sale": {"kind": "existence", "words": ["sale"], "bad": ["sale"]},
            }
        }
    )
    wrong = wrong_examples(rules)
    assert [(each.code, each.expected, each.example) for each in wrong] == [
        ("no-cheap", "bad", "goedkoper"),
        ("no-cheap", "good", "cheap"),
    ]
    assert str(wrong[1]) == "rule `no-cheap` reports its good example “cheap”"
    assert wrong[0].text("nl") == "regel `no-cheap` meldt het foute voorbeeld “goedkoper” niet"
