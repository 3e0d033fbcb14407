"""The patterns of a guide cannot block the application."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.errors import InvalidValueError
from socialcollab.styleguide import StyleGuide
from socialcollab.styleguide.kinds.pattern import compile_pattern

HAS_RE2 = importlib.util.find_spec("re2") is not None


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(a*)*b",
        "(a|aa)+",
        "(aa?)+",
        "(a|b|ab)*c",
        r"(\w+\s*)+",
        "(x+x+)+y",
        "([a-zA-Z]+)*",
        "(.*)*",
        "((?:a|b)+)+",
        "(?:a{1,60})*",
        "(A+a+)+",
    ],
)
def test_exponential_patterns(pattern: str) -> None:
    """A repetition that can match the same text in many ways is refused."""
    with pytest.raises(InvalidValueError, match="in many ways"):
        compile_pattern(pattern, ignore_case=True)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?:\b[A-Z][a-z]+ )+\(([A-Z]{3,5})\)",
        r"(?:[A-Z]\.){3,5}",
        "(?:foo|bar)+",
        "(?:a++b)*",
        "(?:ab+)+",
        r"(?:\w+, )+and",
        "(?i)ok",
    ],
)
def test_harmless_patterns(pattern: str) -> None:
    """Repetitions whose rounds can be told apart are accepted."""
    compile_pattern(pattern)


_PIECES = st.sampled_from(["a", "b", "[ab]", "a?", "b*", "a+", "(?:a|b)", "(?:a|aa)", "(?:ab)*"])


@pytest.mark.integration
@given(st.lists(st.lists(_PIECES, min_size=1, max_size=3), min_size=1, max_size=2))
def test_accepted_patterns_are_fast(parts: list[list[str]]) -> None:
    """No accepted pattern takes exponential time on a text that it does not match."""
    pattern = "".join(f"(?:{''.join(part)})+" for part in parts) + "c"
    try:
        compile_pattern(pattern)
    except InvalidValueError:
        return
    code = f"import re; re.compile({pattern!r}).search('a' * 60); re.compile({pattern!r}).search('ab' * 30)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=10)


def _patterns_of(rule: dict[str, Any]) -> Iterator[str]:
    for key in ("tokens", "raw", "exceptions"):
        yield from (each for each in rule.get(key) or () if isinstance(each, str))
    for key in ("first", "second", "token"):
        if isinstance(rule.get(key), str):
            yield rule[key]
    yield from map(str, rule.get("swap") or ())


def test_real_patterns(shared_data: Callable[[str], Path]) -> None:
    """Of the patterns in published style guides, only one is refused: its look-behind varies."""
    refused: list[str] = []
    count = 0
    for name in ("alex", "core", "elastic", "google", "microsoft", "proselint", "write-good"):
        for path in sorted(shared_data(f"vale-{name}").rglob("*.yml")):
            try:
                rule = yaml.safe_load(path.read_text("utf-8"))
            except yaml.YAMLError:
                continue
            if not isinstance(rule, dict) or "extends" not in rule:
                continue
            for pattern in _patterns_of(rule):
                count += 1
                try:
                    compile_pattern(pattern)
                except InvalidValueError as error:
                    refused.append(str(error))
    print(f"\n{count} patterns, {len(refused)} refused")
    assert count > 9_000
    assert len(refused) == 1
    assert "look-behind requires fixed-width" in refused[0]


@pytest.mark.parametrize("pattern", ["(", "a" * 20_001, "[z-a]", "(?P<a>x)(?P<a>y)", "\\"])
def test_invalid_patterns(pattern: str) -> None:
    """An invalid pattern is an error that shows the beginning of the pattern."""
    with pytest.raises(InvalidValueError, match=re.escape(f"`{pattern[:80]}`")):
        compile_pattern(pattern)


def test_untrusted_guide() -> None:
    """Patterns of an untrusted guide need RE2; words do not."""
    words = {"rules": {"a": {"kind": "existence", "words": ["goedkoop"]}}}
    assert StyleGuide.from_dict(words)
    patterns = {"rules": {"a": {"kind": "existence", "patterns": [r"(?=a)b"]}}}
    with pytest.raises(ExceptionGroup) as raised:
        StyleGuide.from_dict(patterns)
    [fault] = raised.value.exceptions
    expected = "is not supported by RE2" if HAS_RE2 else "RE2 is not installed"
    assert expected in str(fault)
    assert StyleGuide.from_dict(patterns, trusted=True)


@pytest.mark.skipif(not HAS_RE2, reason="RE2 is not installed")
def test_re2() -> None:
    """With RE2, an untrusted pattern that `re` could not bear takes linear time."""
    pattern = compile_pattern("(a+)+c", trusted=False)
    assert pattern.search("a" * 50_000) is None
    assert [found.span() for found in compile_pattern("é+", trusted=False).finditer("🌷éé é")] == [
        (1, 3),
        (4, 5),
    ]
    assert compile_pattern("É", ignore_case=True, trusted=False).search("é")
    json.dumps(pattern.search("ac").span())  # type: ignore[union-attr]  # it matches
