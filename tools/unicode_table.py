"""
Write the tables of `socialcollab.text` anew.

Usage: ``python tools/unicode_table.py`` writes ``unicode_table.py``, from the
`regex` module; ``python tools/unicode_table.py domains`` writes
``domain_table.py``, from the `publicsuffixlist` module.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

ROOM = Path(__file__).resolve().parents[1] / "src" / "socialcollab" / "text"

PROPERTIES = {
    "CONTROL": (r"\p{GCB=Control}", "Grapheme_Cluster_Break=Control"),
    "EXTEND": (r"\p{GCB=Extend}", "Grapheme_Cluster_Break=Extend"),
    "PREPEND": (r"\p{GCB=Prepend}", "Grapheme_Cluster_Break=Prepend"),
    "SPACING": (r"\p{GCB=SpacingMark}", "Grapheme_Cluster_Break=SpacingMark"),
    "HANGUL_L": (r"\p{GCB=L}", "Grapheme_Cluster_Break=L"),
    "HANGUL_V": (r"\p{GCB=V}", "Grapheme_Cluster_Break=V"),
    "HANGUL_T": (r"\p{GCB=T}", "Grapheme_Cluster_Break=T"),
    "REGIONAL": (r"\p{GCB=Regional_Indicator}", "Grapheme_Cluster_Break=Regional_Indicator"),
    "CONJUNCT_CONSONANT": (r"\p{InCB=Consonant}", "Indic_Conjunct_Break=Consonant"),
    "CONJUNCT_EXTEND": (r"\p{InCB=Extend}", "Indic_Conjunct_Break=Extend"),
    "CONJUNCT_LINKER": (r"\p{InCB=Linker}", "Indic_Conjunct_Break=Linker"),
    "PICTOGRAPHIC": (r"\p{Extended_Pictographic}", "Extended_Pictographic"),
    "EMOJI": (r"[\p{Emoji}--[0-9#*]]", "Emoji, but for digits, # and *"),
    "LETTER_OR_MARK": (r"[\p{L}\p{M}]", "General_Category L and M"),
    "MARK": (r"\p{M}", "General_Category M"),
    "DIGIT": (r"\p{Nd}", "General_Category Nd"),
    "PUNCTUATION": (r"\p{P}", "General_Category P"),
}


def _word(first: int, last: int) -> str:
    return f"{first:x}" if first == last else f"{first:x}-{last:x}"


def _value(words: str) -> str:
    wrapped = textwrap.wrap(words, 92, break_on_hyphens=False, break_long_words=False)
    if len(wrapped) == 1:
        return f'"{wrapped[0]} "'
    return "\n".join(["(", *(f'    "{line} "' for line in wrapped), ")"])


def unicode_table() -> str:
    """Return the text of ``unicode_table.py``."""
    import regex  # noqa: PLC0415

    every = "".join(map(chr, range(0x110000)))
    parts = [
        '"""Unicode properties as ranges; written by ``tools/unicode_table.py``, not by hand."""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Final",
    ]
    for name, (pattern, title) in PROPERTIES.items():
        runs = regex.finditer(f"(?:{pattern})++", every, regex.V1)
        words = " ".join(_word(run.start(), run.end() - 1) for run in runs)
        parts += ["", f"# {title}", f"{name}: Final = {_value(words)}"]
    return "\n".join(parts) + "\n"


def domain_table() -> str:
    """Return the text of ``domain_table.py``."""
    import publicsuffixlist  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415

    file = Path(publicsuffixlist.__file__).with_name("public_suffix_list.dat")
    official, _, _ = file.read_text(encoding="utf-8").partition("===BEGIN PRIVATE DOMAINS===")
    rules = (line.strip() for line in official.splitlines())
    names = {rule.rpartition(".")[2] for rule in rules if rule and not rule.startswith("//")}
    parts = [
        '"""Top-level domains; written by ``tools/unicode_table.py domains``, not by hand."""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Final",
        "",
        "# The last labels in the Public Suffix List's official part, without punycode.",
        f"TOP_LEVEL: Final = {_value(' '.join(sorted(names)))}",
    ]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["domains"]:
        (ROOM / "domain_table.py").write_text(domain_table(), encoding="utf-8")
    else:
        (ROOM / "unicode_table.py").write_text(unicode_table(), encoding="utf-8")
