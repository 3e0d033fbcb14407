"""Guides: reading them, stacking them, and mending texts by them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab import styleguide
from socialcollab.content import Finding
from socialcollab.errors import FaultError, InvalidValueError
from socialcollab.styleguide import StyleGuide, fix, fix_until_settled, lint

HOUSE = """
name = "Northwind"
[[terms]]
prefer = "cabin crew"
instead_of = ["stewardess", "air hostess"]
why = "it is what they call themselves"
[[terms]]
ban = ["goedkoop", "spotgoedkoop"]
language = "nl"
severity = "error"
[[terms]]
ban = ["synergy"]
network = ["linkedin"]
severity = "suggestion"
"""
CLIENT = """
[[terms]]
allow = ["goedkoop"]
[rules.SG103]
severity = "error"
[rules.SG105]
names = false
"""


def test_a_guide_reads_from_text_bytes_and_values() -> None:
    assert StyleGuide.loads(HOUSE) == StyleGuide.loads(HOUSE.encode())
    assert StyleGuide.loads(HOUSE).name == "Northwind"


def test_severity_language_and_network_are_chosen_outside_the_rule() -> None:
    guide = StyleGuide.loads(HOUSE)
    assert [f.severity for f in lint("goedkoop", guide, language="nl-BE")] == ["error"]
    assert lint("goedkoop", guide, language="de") == ()
    assert [f.severity for f in lint("goedkoop", guide)] == ["error"]
    assert lint("synergy", guide, profile="x") == ()
    assert [f.severity for f in lint("synergy", guide, profile="linkedin")] == ["suggestion"]


def test_a_later_guide_may_allow_and_set_anew() -> None:
    guide = StyleGuide.stacked({"house.toml": HOUSE, "client.toml": CLIENT})
    text = "Goedkoop, spotgoedkoop!"
    assert [text[f.start : f.end] for f in lint(text, guide)] == ["spotgoedkoop"]


def test_a_rule_may_be_off() -> None:
    guide = StyleGuide.loads("[rules.SG101]\noff = true")
    assert lint("a" * 300, guide, profile="x") == ()


def test_files_are_stacked_in_order(tmp_path: Path) -> None:
    house, client = tmp_path / "house.toml", tmp_path / "client.toml"
    house.write_text(HOUSE, "utf-8")
    client.write_text(CLIENT, "utf-8")
    mine = StyleGuide.load(str(house), str(client))
    assert mine == StyleGuide.stacked({"a": HOUSE, "b": CLIENT})


def test_no_file_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="no style guide is named"):
        StyleGuide.load()


def test_every_fault_is_reported_with_its_place() -> None:
    bad = """
nme = "x"
[[terms]]
ban = [""]
severty = "error"
severity = "eror"
network = "mastodont"
[[terms]]
prefer = "a"
[[terms]]
why = 3
[rules.SG999]
[rules.SG105]
names = 1
"""
    with pytest.raises(ExceptionGroup) as caught:
        StyleGuide.loads(bad, name="tulip.toml")
    faults = [fault for fault in caught.value.exceptions if isinstance(fault, FaultError)]
    assert [fault.place for fault in faults] == [
        "tulip.toml: nme",
        "tulip.toml: terms[0].severty",
        "tulip.toml: terms[0].severity",
        "tulip.toml: terms[0].network",
        "tulip.toml: terms[0].ban[0]",
        "tulip.toml: terms[1]",
        "tulip.toml: terms[2].why",
        "tulip.toml: terms[2]",
        "tulip.toml: rules.SG999",
        "tulip.toml: rules.SG105.names",
    ]
    assert faults[1].suggestion == "did you mean `severity`?"
    assert "the style guide has 10 faults" in str(caught.value)


def test_faults_of_several_guides_come_together() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        StyleGuide.stacked({"a.toml": "x = 1", "b.toml": "= nonsense"})
    assert [str(fault)[-20:] for fault in caught.value.exceptions]
    assert len(caught.value.exceptions) == 2


@pytest.mark.parametrize(
    "text",
    [b"\xff", "a" * 1_000_001, "x = " + "[" * 20_000, "terms = 3", "rules = []", "terms = [1]"],
)
def test_untrusted_text_is_refused_and_never_crashes(text: str | bytes) -> None:
    with pytest.raises(ExceptionGroup, match="the style guide has 1 fault"):
        StyleGuide.loads(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["terms", "rules", "ban", "prefer", "instead_of", "SG101", "SG105", "names",
                     "severity", "allow", "why", "language", "network", "off", "zz"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)  # fmt: skip
def test_any_values_make_a_guide_or_faults(document: object) -> None:
    # Any other error would fail the test.
    with suppress(ExceptionGroup):
        StyleGuide.from_dict({"terms": document, "rules": document})


def test_words_preferred_here_and_avoided_there_are_refused() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        StyleGuide.from_dict(
            {
                "terms": [
                    {"prefer": "guest", "instead_of": ["passenger"]},
                    {"prefer": "passenger", "instead_of": ["guest"]},
                ]
            }
        )
    assert "is preferred, but `" in str(caught.value.exceptions[0])


def test_a_fix_begins_with_a_capital_where_the_text_did() -> None:
    text = "Stewardess of stewardess?"
    assert fix(text, lint(text, StyleGuide.loads(HOUSE))) == "Cabin crew of cabin crew?"


def test_of_two_fixes_that_overlap_the_first_is_applied() -> None:
    findings = [
        Finding(code="SG102", start=0, end=3, fix="A"),
        Finding(code="SG102", start=2, end=5, fix="B"),
        Finding(code="SG102", start=5, end=6, fix="C"),
    ]
    assert fix("abcdefg", findings) == "AdeCg"


def test_fixes_of_other_texts_are_left_alone() -> None:
    other = Finding(code="SG102", start=0, end=1, fix="B", profile="tulip-x")
    beyond = Finding(code="SG102", start=9, end=99, fix="B")
    assert fix("a", [other, beyond]) == "a"
    assert fix("a", [other], profile="tulip-x") == "B"


WORDS = st.sampled_from(["passenger", "guest", "Air Hostess", "crew", "cabin", "LINKEDIN", "the"])
MENDING = StyleGuide.from_dict(
    {
        "terms": [
            {"prefer": "guest", "instead_of": ["passenger"]},
            {"prefer": "cabin crew", "instead_of": ["air hostess"]},
            {"prefer": "LinkedIn", "instead_of": ["linkedin"]},
            {"ban": ["the guest", "cabin cabin crew"]},
        ]
    }
)


@given(st.lists(WORDS, max_size=8).map(" ".join))
def test_mending_reaches_a_fixed_point_and_adds_no_finding(text: str) -> None:
    def check(text: str) -> tuple[Finding, ...]:
        return lint(text, MENDING)

    fixed = fix_until_settled(text, check)
    assert fixed.left == check(fixed.text)
    assert len(fixed.left) <= len(check(text))
    assert fix_until_settled(fixed.text, check).text == fixed.text


def test_all_is_sorted_and_complete() -> None:
    names = styleguide.__all__
    constants = [name for name in names if name.isupper()]
    classes = [name for name in names if not name.isupper() and name[0].isupper()]
    functions = [name for name in names if name[0].islower()]
    assert names == [*sorted(constants), *sorted(classes), *sorted(functions)]
    assert all(hasattr(styleguide, name) for name in names)
