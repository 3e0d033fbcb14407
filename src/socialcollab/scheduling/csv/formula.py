"""Cells that a spreadsheet program would run as formulas."""

from __future__ import annotations

import re
from typing import Final

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
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
    if not cell.startswith(FORMULA_STARTS):
        return False
    return _FORMULA.match(cell.lstrip("\t\r\n ")) is not None


def neutralised(cell: str) -> str:
    """
    Return *cell* in a form that a spreadsheet program displays but never runs.

    A cell that could be a formula is prefixed with an apostrophe, which `read_csv`
    removes.

    >>> neutralised("=1+1"), neutralised("hello")
    ("'=1+1", 'hello')
    """
    # A cell that already begins with an apostrophe before such a character gets another
    # apostrophe. Otherwise, reading it back would remove an apostrophe that is part of the text.
    is_risky = cell.lstrip("'").startswith(FORMULA_STARTS)
    return f"'{cell}" if is_risky else cell


def restored(cell: str) -> str:
    """
    Return the original cell from the output of `neutralised`.

    >>> restored("'=1+1"), restored("'s Avonds")
    ('=1+1', "'s Avonds")
    """
    if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA_STARTS):
        return cell[1:]
    return cell
