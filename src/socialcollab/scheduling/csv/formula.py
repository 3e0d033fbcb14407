"""Cells that a spreadsheet program would run as formulas."""

from __future__ import annotations

import re
from typing import Final

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_SPACES: Final = re.compile(r"[\s\u200b\u2060\ufeff]*+")
_SPACES_AND_APOSTROPHES: Final = re.compile(r"\A[\s\u200b\u2060\ufeff']++")
_FORMULA: Final = re.compile(
    r"""
    = \s* [-+(]* \s* (?:
        [A-Za-z_][A-Za-z0-9_.]* \s* [(|!]       # =HYPERLINK(   =cmd|   =Sheet1!
      | \$? [A-Za-z]{1,3} \$? [0-9]+ (?![\w])   # =A1
      | [0-9.]+ \s* ([-+*/^&%]|$)               # =1+1
      | ["'{\[@]                                # ="a"&"b"
    )
    | [-+@] \s? [-+(]* [A-Z][A-Z0-9.]* \(       # @SUM(   +HYPERLINK(
    | [-+@] [\w+*/.()-]* \| [^\s|]* [' ]        # +cmd|' /C calc'
    | [-+] [0-9.()]+ \s? [*/^+] [0-9.()+*/^\s-]* \Z   # +1+1
    | [-+@] \s? (?:cmd|powershell|mshta|rundll32) \|
    """,
    re.VERBOSE,
)


def looks_like_formula(cell: str) -> bool:
    """
    Return whether a cell is a formula that a spreadsheet program would run.

    Handles, list items, phone numbers and smileys are not formulas, although they
    may begin with the same characters.

    >>> [looks_like_formula(cell) for cell in ('=HYPERLINK("x")', "+cmd|' /C calc'!A0", "=1+1")]
    [True, True, True]
    >>> [looks_like_formula(cell) for cell in ("@tulipair hello", "- a list", "+31 20", "=)")]
    [False, False, False, False]

    Source:
        OWASP, CSV Injection.
    """
    spaces = _SPACES.match(cell)
    return _FORMULA.match(cell, 0 if spaces is None else spaces.end()) is not None


def neutralised(cell: str) -> str:
    """
    Return *cell* in a form that a spreadsheet program displays but never runs.

    A cell that could be a formula is prefixed with an apostrophe, which `read_csv`
    removes.

    >>> neutralised("=1+1"), neutralised(" =1+1"), neutralised("hello")
    ("'=1+1", "' =1+1", 'hello')
    """
    # A cell that already begins with an apostrophe before such a character gets another
    # apostrophe. Otherwise, reading it back would remove an apostrophe that is part of the text.
    return f"'{cell}" if _is_risky(cell) else cell


def _is_risky(cell: str) -> bool:
    """Return whether a spreadsheet program could run *cell*, ignoring apostrophes before it."""
    # Some programs remove white space before they look for a formula.
    bare = _SPACES_AND_APOSTROPHES.sub("", cell, count=1)
    return bare.startswith(FORMULA_STARTS) or cell.lstrip("'").startswith(("\t", "\r"))


def restored(cell: str) -> str:
    """
    Return the original cell from the output of `neutralised`.

    >>> restored("'=1+1"), restored("'s Avonds")
    ('=1+1', "'s Avonds")
    """
    return cell[1:] if cell.startswith("'") and _is_risky(cell) else cell
