"""Cells that a spreadsheet would run."""

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
    Tell whether a spreadsheet would take a cell for a formula, and rightly so.

    Handles, lists, phone numbers and smileys are text.

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
    Return what a spreadsheet shows as *cell* and never runs.

    An apostrophe goes before whatever could begin a formula; `read_csv` takes
    it off again.

    >>> neutralised("=1+1"), neutralised("hello")
    ("'=1+1", 'hello')
    """
    # A cell that begins with such an apostrophe gets another, so that reading gives it back.
    begins = cell.lstrip("'").startswith(FORMULA_STARTS)
    return f"'{cell}" if begins else cell


def restored(cell: str) -> str:
    """
    Undo `neutralised`.

    >>> restored("'=1+1"), restored("'s Avonds")
    ('=1+1', "'s Avonds")
    """
    if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA_STARTS):
        return cell[1:]
    return cell
