"""Style guides: reading and combining them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.styleguide.guides import AGENCY, CLIENT

from socialcollab.errors import FaultError, InvalidValueError
from socialcollab.styleguide import StyleGuide, lint


def test_loads() -> None:
    """A guide can be read from text or from bytes, with the same result."""
    assert StyleGuide.loads(AGENCY) == StyleGuide.loads(AGENCY.encode())
    assert StyleGuide.loads(AGENCY).name == "Northwind"


def test_scope_and_severity() -> None:
    """The guide configures the severity, the languages and the networks of a rule."""
    guide = StyleGuide.loads(AGENCY)
    assert [f.severity for f in lint("goedkoop", guide, language="nl-BE")] == ["error"]
    assert lint("goedkoop", guide, language="de") == ()
    assert [f.severity for f in lint("goedkoop", guide)] == ["error"]
    assert lint("synergy", guide, profile="x") == ()
    assert [f.severity for f in lint("synergy", guide, profile="linkedin")] == ["suggestion"]


def test_later_guide_may_allow() -> None:
    """A later guide can allow a term from an earlier guide."""
    guide = StyleGuide.stacked({"agency.toml": AGENCY, "client.toml": CLIENT})
    text = "Goedkoop, spotgoedkoop!"
    assert [text[f.start : f.end] for f in lint(text, guide)] == ["spotgoedkoop"]


def test_rule_may_be_off() -> None:
    """A rule can be switched off."""
    guide = StyleGuide.loads("[rules.SG101]\noff = true")
    assert lint("a" * 300, guide, profile="x") == ()


def test_load_combines_files(tmp_path: Path) -> None:
    """Files are combined in the given order."""
    agency, client = tmp_path / "agency.toml", tmp_path / "client.toml"
    agency.write_text(AGENCY, "utf-8")
    client.write_text(CLIENT, "utf-8")
    mine = StyleGuide.load(str(agency), str(client))
    assert mine == StyleGuide.stacked({"a": AGENCY, "b": CLIENT})


def test_load_needs_file() -> None:
    """Loading without a file is an error."""
    with pytest.raises(InvalidValueError, match="no style guide file is given"):
        StyleGuide.load()


def test_all_faults_are_reported() -> None:
    """Every fault in a guide is reported with its location."""
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


def test_faults_of_several_guides() -> None:
    """The faults of several guides are reported together."""
    with pytest.raises(ExceptionGroup) as caught:
        StyleGuide.stacked({"a.toml": "x = 1", "b.toml": "= nonsense"})
    assert [str(fault)[-20:] for fault in caught.value.exceptions]
    assert len(caught.value.exceptions) == 2


@pytest.mark.parametrize(
    "text",
    [b"\xff", "a" * 1_000_001, "x = " + "[" * 20_000, "terms = 3", "rules = []", "terms = [1]",
     r'name = "a\nb"', r'name = "a\u202eb"'],
)  # fmt: skip
def test_invalid_text_is_a_fault(text: str | bytes) -> None:
    """Invalid text of any kind is a fault."""
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
def test_any_values_are_handled(document: object) -> None:
    """Arbitrary values either make a guide or are reported as faults."""
    # Any other error would fail the test.
    with suppress(ExceptionGroup):
        StyleGuide.from_dict({"terms": document, "rules": document})


def test_contradictions() -> None:
    """A term that is preferred by one entry and avoided by another is a fault."""
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
