"""The commands ``check`` and ``lint``."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from socialcollab.cli.inputs import instant, load, zone_of
from socialcollab.cli.output import FOUND, OK, Output, progress
from socialcollab.errors import InvalidValueError


def check(args: argparse.Namespace, output: Output) -> int:
    """Check a document and its expectations."""
    from socialcollab.organization import dangling_rules, rules_matching_nothing, shared_accounts

    organization = load(args.document)
    at = instant(args.at, zone_of(organization))
    failed = organization.check(at)
    warnings = [
        str(warning)
        for warning in (
            *rules_matching_nothing(organization),
            *dangling_rules(organization, at),
            *shared_accounts(organization),
        )
    ]
    value = {
        "organization": organization.id,
        "digest": organization.digest,
        "failed": [str(expectation) for expectation in failed],
        "warnings": warnings,
    }
    output.result(
        value,
        [
            *(f"expectation fails: {expectation}" for expectation in failed),
            *(f"warning: {warning}" for warning in warnings),
            f"{organization.id}: {len(organization.workspaces)} workspaces,"
            f" {len(organization.profiles)} profiles, {len(organization.members)} members,"
            f" {len(organization.expect)} expectations, {len(failed)} failing",
        ],
    )
    return FOUND if failed else OK


def lint_file(args: argparse.Namespace, output: Output) -> int:
    """Lint a text, or every row of a spreadsheet."""
    from socialcollab.content import Finding

    data = sys.stdin.buffer.read() if args.file == "-" else Path(args.file).read_bytes()
    findings: list[tuple[str, Finding]] = []
    problems: list[str] = []
    if args.file.lower().endswith(".csv"):
        findings, problems = _lint_sheet(args, output, data)
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InvalidValueError(
                f"byte {error.start} of `{args.file}` is not UTF-8; save it as UTF-8"
            ) from None
        findings = [("", finding) for finding in _linter(args)(text.removesuffix("\n"))]
    value = {
        "findings": [
            {
                "place": place,
                "code": finding.code,
                "severity": finding.severity,
                "message": finding.text(args.language),
                "field": finding.field,
                "profile": finding.profile,
                "start": finding.start,
                "end": finding.end,
                "fix": finding.fix,
            }
            for place, finding in findings
        ],
        "problems": problems,
    }
    lines = [
        f"{place + ': ' if place else ''}{finding.severity} {finding.code}"
        f"{' on ' + finding.profile if finding.profile else ''}: {finding.text(args.language)}"
        for place, finding in findings
    ]
    count = f"{len(findings)} findings, {len(problems)} problems"
    output.result(value, [*problems, *lines, count])
    has_error = any(finding.severity == "error" for _, finding in findings)
    return FOUND if has_error or problems else OK


def _linter(args: argparse.Namespace) -> Callable[[str], Sequence[Any]]:
    from socialcollab.styleguide import StyleGuide, lint

    guide = StyleGuide.load(*args.guide) if args.guide else StyleGuide.default()
    network = args.network or None
    return lambda text: lint(text, guide, profile=network)


def _lint_sheet(
    args: argparse.Namespace, output: Output, data: bytes
) -> tuple[list[tuple[str, Any]], list[str]]:
    from socialcollab.content import Image, PostContent, media_digest
    from socialcollab.scheduling import read_csv

    imported = read_csv(data)
    problems = [problem.text(args.language) for problem in imported.problems]
    organization = load(args.organization) if args.organization else None
    plain = _linter(args)
    found: list[tuple[str, Any]] = []
    with progress(output, "linting", len(imported.rows)) as advance:
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
                        # Rules about images use only the alt text, so the bytes are not needed.
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
