"""Apply fixes from findings to a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable

import attrs

from socialcollab.content import Finding

_MOST_ROUNDS = 100

Check = Callable[[str], Iterable[Finding]]


@attrs.frozen
class FixResult:
    """
    A text with its fixes applied.

    Attributes:
        text: The fixed text.
        applied: The findings that were fixed, in order.
        remaining: The findings that a person has to resolve.
    """

    text: str
    applied: tuple[Finding, ...]
    remaining: tuple[Finding, ...]


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
        # The result must not depend on the order of the findings. Fixes must therefore not
        # overlap, and a fix must not insert text exactly at the end of another fix.
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
    Return *text* with the fixes of *findings* applied once.

    If two fixes overlap, only the first one is applied. Findings in fields other
    than "text" or for other profiles are ignored.

    >>> finding = Finding(code="SG102", start=0, end=4, fix="Hello")
    >>> fix("Helo there", [finding])
    'Hello there'
    """
    return _applied(text, _fixable(text, findings, profile))


def fix_until_settled(text: str, check: Check, *, profile: str = "") -> FixResult:
    """
    Apply fixes and check the text again until no fix can be applied.

    A fix that would cause a new finding is not applied. Applying the function to
    its own result changes nothing.

    Args:
        text: The text.
        check: A function that returns the findings in a text, such as
            ``lambda text: lint(text, guide)``.
        profile: The profile that the findings must belong to.
    """
    findings = tuple(check(text))
    applied: list[Finding] = []
    rejected: set[tuple[str, str, str]] = set()
    has_changed = False
    # Every change is an improvement, so the loop ends by itself. The limit is for long texts.
    for _ in range(_MOST_ROUNDS):
        chosen = [f for f in _fixable(text, findings, profile) if _key(text, f) not in rejected]
        if not chosen:
            if not has_changed:
                break
            # A fix that was rejected may be possible after the changes.
            rejected.clear()
            has_changed = False
            continue
        fixed = _applied(text, chosen)
        after = tuple(check(fixed))
        if not _is_better(findings, after):
            # Apply a single fix instead, so that one bad fix does not prevent all other fixes.
            fixed, after, chosen = _apply_one(text, findings, chosen, check, rejected)
            if not chosen:
                continue
        text, findings, has_changed = fixed, after, True
        applied += chosen
    return FixResult(text, tuple(applied), findings)


def _apply_one(
    text: str,
    findings: tuple[Finding, ...],
    chosen: list[Finding],
    check: Check,
    rejected: set[tuple[str, str, str]],
) -> tuple[str, tuple[Finding, ...], list[Finding]]:
    """Apply the first fix in *chosen* that is an improvement, and reject the fixes before it."""
    for finding in chosen:
        fixed = _applied(text, [finding])
        after = tuple(check(fixed))
        if _is_better(findings, after):
            return fixed, after, [finding]
        rejected.add(_key(text, finding))
    return text, findings, []


def _key(text: str, finding: Finding) -> tuple[str, str, str]:
    return finding.code, text[finding.start : finding.end], finding.fix or ""


def _is_better(before: Collection[Finding], after: Collection[Finding]) -> bool:
    """
    Return whether *after* has fewer findings, or fewer that can be fixed, and no new ones.

    A finding that replaces another one of its kind is new, unless it is left to a person.
    """

    def kinds(findings: Iterable[Finding]) -> Counter[tuple[str, str, str]]:
        return Counter((f.code, f.field, f.profile) for f in findings)

    def number(findings: Collection[Finding]) -> tuple[int, int]:
        return len(findings), sum(finding.fix is not None for finding in findings)

    return not kinds(after) - kinds(before) and number(after) < number(before)
