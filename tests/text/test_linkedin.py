"""The format in which LinkedIn accepts a text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.errors import InvalidValueError
from socialcollab.text import little_text

URN = "urn:li:organization:2414183"
ESCAPED = re.compile(r"\\([\\|{}@\[\]()<>#*_~])")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("De lente is er 🌷", "De lente is er 🌷"),
        (
            "a (b) [c] {d} <e> *f* _g_ ~h~ i|j \\",
            r"a \(b\) \[c\] \{d\} \<e\> \*f\* \_g\_ \~h\~ i\|j \\",
        ),
        ("#lente_2026!", r"{hashtag|\#|lente\_2026}!"),
        ("C# en #1", r"C\# en \#1"),
        ("@tulip en @ben", f"@[tulip]({URN}) en \\@ben"),
        ("mail a@b.nl", r"mail a\@b.nl"),
        ("https://tulip.nl/a_(b)#c", r"https://tulip.nl/a\_\(b\)\#c"),
        ("", ""),
    ],
)
def test_examples(text: str, expected: str) -> None:
    """Reserved characters are escaped; hashtags and known mentions are active."""
    assert little_text(text, mentions={"tulip": URN}) == expected


@pytest.mark.parametrize("urn", ["", "2414183", "urn:li:share:1", f"{URN})", "urn:li:person:a b"])
def test_invalid_urns(urn: str) -> None:
    """The URN must be that of a person or an organization."""
    with pytest.raises(InvalidValueError, match="the account of `@tulip`"):
        little_text("@tulip", mentions={"tulip": urn})


@given(st.text(alphabet="ab@#\\|{}[]()<>*_~ 🌷", max_size=40))
def test_nothing_is_lost(text: str) -> None:
    """Without templates and escapes, the text is the original text."""
    sent = little_text(text)
    plain = re.sub(r"\{hashtag\|\\#\|((?:[^}\\]|\\.)*)\}", r"\#\1", sent)
    assert ESCAPED.sub(r"\1", plain) == text
