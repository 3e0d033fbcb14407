"""Limits on untrusted TOML."""

from __future__ import annotations

import time
import tomllib

import pytest

from socialcollab._toml import MAX_KEY_PARTS, parse_toml
from socialcollab.organization import Organization
from socialcollab.styleguide import StyleGuide


@pytest.mark.parametrize(
    "text",
    [
        f"{'a.' * MAX_KEY_PARTS}a = 1",
        f"[{'a.' * 20_000}a]",
        f"x = {{ {'a . ' * 20_000}a = 1 }}",
        f"""b = 1\n{'"a".' * 20_000}a = 1""",
        f"{chr(39)}a{chr(39)}{'.a' * 20_000} = 1",
    ],
)
def test_deep_keys(text: str) -> None:
    """A key with too many parts is rejected with its place before it is parsed."""
    start = time.process_time()
    with pytest.raises(tomllib.TOMLDecodeError, match=r"more than 32 parts \(at line \d, column"):
        parse_toml(text)
    assert time.process_time() - start < 1
    with pytest.raises(ExceptionGroup) as caught:
        Organization.loads(text)
    assert "more than 32 parts" in str(caught.value.exceptions[0])
    with pytest.raises(ExceptionGroup) as caught:
        StyleGuide.loads(text)
    assert "more than 32 parts" in str(caught.value.exceptions[0])


@pytest.mark.parametrize(
    "text",
    [
        f"{'a.' * (MAX_KEY_PARTS - 1)}a = 1",
        'a = "one. two. three. ' + "more. " * 50 + '"',
        'a = "........................................................"',
        "# " + "-" * 100_000,
    ],
)
def test_other_texts(text: str) -> None:
    """Ordinary keys, sentences and ellipses are parsed as by the standard library."""
    assert tomllib.loads(text) == parse_toml(text)
