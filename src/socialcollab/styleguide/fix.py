"""Put into a text what the style guide prefers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import attrs

from socialcollab.content import Finding

_MOST_ROUNDS = 8

Check = Callable[[str], Iterable[Finding]]


@attrs.frozen
class Fixed:
    """
    A mended text.

    Attributes:
        text: The text.
        applied: The findings that were mended, in order.
        left: The findings that remain, for people.
    """

    text: str
    applied: tuple[Finding, ...]
    left: tuple[Finding, ...]


def _fixable(text: str, findings: Iterable[Finding], profile: str) -> list[Finding]:
    chosen: list[Finding] = []
    usable = [
        finding
        for finding in findings
        if finding.fix is not None
        and finding.field == "text"
        and finding.profile == profile
        and finding.start is not None
        and finding.end is not None
        and 0 <= finding.start <= finding.end <= len(text)
        and text[finding.start : finding.end] != finding.fix
    ]
    for finding in sorted(usable, key=lambda f: (f.start or 0, -(f.end or 0), f.code, f.fix or "")):
        # An insertion at the end of another fix would depend on their order.
        if (
            not chosen
            or (chosen[-1].end or 0) < (finding.start or 0)
            or ((chosen[-1].end or 0) == finding.start and finding.start != finding.end)
        ):
            chosen.append(finding)
    return chosen


def _applied(text: str, chosen: Iterable[Finding]) -> str:
    parts: list[str] = []
    done = 0
    for finding in chosen:
        parts += [text[done : finding.start], finding.fix or ""]
        done = finding.end or 0
    return "".join([*parts, text[done:]])


def fix(text: str, findings: Iterable[Finding], *, profile: str = "") -> str:
    """
    Apply the fixes of *findings* to *text*, once; of two that overlap the first.

    Only findings about this text count: those of the field "text" whose
    profile is *profile*.

    >>> finding = Finding(code="SG102", start=0, end=4, fix="Hello")
    >>> fix("Helo there", [finding])
    'Hello there'
    """
    return _applied(text, _fixable(text, findings, profile))


def fix_until_settled(text: str, check: Check, *, profile: str = "") -> Fixed:
    """
    Apply fixes, read again, and go on until nothing can be mended.

    A fix that would bring up a new finding is left to people. Applying the
    function to its own result changes nothing.

    Args:
        text: The text.
        check: What reads it, such as ``lambda text: lint(text, guide)``.
        profile: Whose findings count.
    """
    found = tuple(check(text))
    applied: list[Finding] = []
    refused: set[tuple[str, str, str]] = set()
    for _ in range(_MOST_ROUNDS):
        chosen = [f for f in _fixable(text, found, profile) if _name(text, f) not in refused]
        if not chosen:
            break
        mended = _applied(text, chosen)
        after = tuple(check(mended))
        if _worse(found, after):
            # Try one by one, so that a single bad fix does not stop the others.
            mended, after, chosen = _one_by_one(text, found, chosen, check, refused)
            if not chosen:
                continue
        text, found = mended, after
        applied += chosen
    return Fixed(text, tuple(applied), found)


def _one_by_one(
    text: str,
    found: tuple[Finding, ...],
    chosen: list[Finding],
    check: Check,
    refused: set[tuple[str, str, str]],
) -> tuple[str, tuple[Finding, ...], list[Finding]]:
    for finding in chosen:
        mended = _applied(text, [finding])
        after = tuple(check(mended))
        if not _worse(found, after):
            return mended, after, [finding]
        refused.add(_name(text, finding))
    return text, found, []


def _name(text: str, finding: Finding) -> tuple[str, str, str]:
    return finding.code, text[finding.start : finding.end], finding.fix or ""


def _worse(before: Iterable[Finding], after: Iterable[Finding]) -> bool:
    """Tell whether there is a finding of a kind of which there was none, or more of one."""

    def kinds(findings: Iterable[Finding]) -> Counter[tuple[str, str, str]]:
        return Counter((f.code, f.field, f.profile) for f in findings)

    return bool(kinds(after) - kinds(before))
