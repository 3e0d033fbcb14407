"""Commands on documents and on what people write."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from socialcollab.cli.given import instant, load, zone_of
from socialcollab.cli.out import FINE, FOUND, Out, progress
from socialcollab.errors import InvalidValueError


def check(given: argparse.Namespace, out: Out) -> int:
    """Check a document and its expectations."""
    from socialcollab.organization import dangling_rules, rules_matching_nothing, shared_accounts

    organization = load(given.document)
    at = instant(given.at, zone_of(organization))
    failed = organization.check(at)
    doubtful = (
        *rules_matching_nothing(organization),
        *dangling_rules(organization, at),
        *shared_accounts(organization),
    )
    warnings = [str(one) for one in doubtful]
    value = {
        "organization": organization.id,
        "digest": organization.digest,
        "failed": [str(one) for one in failed],
        "warnings": warnings,
    }
    out.answer(
        value,
        [
            *(f"expectation fails: {one}" for one in failed),
            *(f"warning: {one}" for one in warnings),
            f"{organization.id}: {len(organization.workspaces)} workspaces,"
            f" {len(organization.profiles)} profiles, {len(organization.members)} members,"
            f" {len(organization.expect)} expectations, {len(failed)} failing",
        ],
    )
    return FOUND if failed else FINE


def lint_file(given: argparse.Namespace, out: Out) -> int:
    """Lint a text, or every row of a spreadsheet."""
    from socialcollab.content import Finding

    data = sys.stdin.buffer.read() if given.file == "-" else Path(given.file).read_bytes()
    found: list[tuple[str, Finding]] = []
    problems: list[str] = []
    if given.file.lower().endswith(".csv"):
        found, problems = _lint_sheet(given, out, data)
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InvalidValueError(
                f"byte {error.start} of `{given.file}` is not UTF-8; save it as UTF-8"
            ) from None
        found = [("", finding) for finding in _linter(given)(text.removesuffix("\n"))]
    value = {
        "findings": [
            {
                "place": place,
                "code": finding.code,
                "severity": finding.severity,
                "message": finding.text(given.language),
                "field": finding.field,
                "profile": finding.profile,
                "start": finding.start,
                "end": finding.end,
                "fix": finding.fix,
            }
            for place, finding in found
        ],
        "problems": problems,
    }
    lines = [
        f"{place + ': ' if place else ''}{finding.severity} {finding.code}"
        f"{' on ' + finding.profile if finding.profile else ''}: {finding.text(given.language)}"
        for place, finding in found
    ]
    out.answer(value, [*problems, *lines, f"{len(found)} findings, {len(problems)} problems"])
    grave = any(finding.severity == "error" for _, finding in found)
    return FOUND if grave or problems else FINE


def _linter(given: argparse.Namespace) -> Callable[[str], Sequence[Any]]:
    from socialcollab.styleguide import StyleGuide, lint

    guide = StyleGuide.load(*given.guide) if given.guide else StyleGuide.default()
    network = given.network or None
    return lambda text: lint(text, guide, profile=network)


def _lint_sheet(
    given: argparse.Namespace, out: Out, data: bytes
) -> tuple[list[tuple[str, Any]], list[str]]:
    from socialcollab.content import Image, PostContent, media_digest
    from socialcollab.scheduling import read_csv

    imported = read_csv(data)
    problems = [problem.text(given.language) for problem in imported.problems]
    organization = load(given.organization) if given.organization else None
    plain = _linter(given)
    found: list[tuple[str, Any]] = []
    with progress(out, "linting", len(imported.rows)) as advance:
        for row in imported.rows:
            place = f"row {row.number}"
            if organization is None:
                findings = plain(row.text)
            else:
                unknown = [name for name in row.profiles if name not in organization.profiles_by_id]
                problems += [
                    f"{place}: unknown profile `{name}`; {organization.did_you_mean('profile', name)}"
                    for name in unknown
                ]
                targets = [name for name in row.profiles if name not in unknown]
                workspaces = {organization.profiles_by_id[name].workspace for name in targets}
                content = PostContent(
                    text=row.text,
                    targets=targets,
                    links=(row.link,) if row.link else (),
                    media=[
                        # What a picture shows is not looked at, only whether somebody says it.
                        Image(digest=media_digest(name.encode()), name=name, alt=alt)
                        for name, alt in zip_longest(
                            row.images, row.alts[: len(row.images)], fillvalue=""
                        )
                    ],
                    language=row.language,
                    campaign=row.campaign,
                    tags=row.tags,
                )
                findings = organization.lint(
                    content, workspace=min(workspaces, default=""), at=dt.datetime.now(dt.UTC)
                )
            found += [(place, finding) for finding in findings]
            advance()
    return found, problems
