"""The commands ``init``, ``check``, ``lint``, ``rules`` and ``explain``."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import unicodedata
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from socialcollab.cli.inputs import instant, load, unknown_name, zone_of
from socialcollab.cli.output import FOUND, OK, Output, counted, progress
from socialcollab.cli.sheets import read_sheet
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import did_you_mean

_LONGEST_LINE: Final = 200

if TYPE_CHECKING:
    from socialcollab.content import Finding
    from socialcollab.organization import Organization, Template


def init(args: argparse.Namespace, output: Output) -> int:
    """Write a document from a template, with the parameters from options or answers."""
    from socialcollab.organization import Organization

    path = Path(args.document)
    if path.exists():
        raise InvalidValueError(f"`{path}` already exists; choose another file", value=str(path))
    values = dict(_assignment(text, "--set") for text in args.set)
    name = args.template
    templates = {template.name: template for template in Organization.templates()}
    if name in templates:
        _check_complete(templates[name], values)
    if not name:
        for template in templates.values():
            output.note(f"{template.name:<18} {template.description}")
        name = _answer(output, "template", "")
        if name in templates:
            values = _answers(output, templates[name], values)
    organization = Organization.template(name, **values)
    files = Organization.template_files(name, **values)
    contents = {path: files.pop("agency.toml")}
    contents |= {path.parent / file: data for file, data in files.items()}
    for file, data in contents.items():
        if file.exists() and file.read_bytes() != data:
            raise InvalidValueError(f"`{file}` already exists; choose another folder")
    for file, data in contents.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    output.result(
        {"organization": organization.id, "files": [str(file) for file in contents]},
        [
            *(f"wrote {file}" for file in contents),
            f"edit it, and check it with `socialcollab check {path}`",
        ],
    )
    return OK


def _assignment(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise InvalidValueError(f"{option} `{text}` is not of the form NAME=VALUE", value=text)
    return name.strip(), value.strip()


def _check_complete(template: Template, values: dict[str, str]) -> None:
    if not set(values) <= {parameter.name for parameter in template.parameters}:
        # `Organization.template` reports the unknown parameter, which may be a misspelt one.
        return
    for parameter in template.parameters:
        if not (parameter.default or parameter.name in values):
            raise InvalidValueError(
                f"template `{template.name}` requires `{parameter.name}`; pass --set"
                f" {parameter.name}=...",
                value=parameter.name,
            )


def _answers(output: Output, template: Template, values: dict[str, str]) -> dict[str, str]:
    """Ask for the value of each parameter that was not given."""
    asked = {
        parameter.name: _answer(
            output,
            f"{parameter.name} ({parameter.description})"
            if parameter.description
            else parameter.name,
            parameter.default,
        )
        for parameter in template.parameters
        if parameter.name not in values
    }
    return {**asked, **values}


def _answer(output: Output, question: str, default: str) -> str:
    """Ask until there is an answer; an empty answer means the default."""
    while True:
        output.err.write(f"{question} [{default}]: " if default else f"{question}: ")
        output.err.flush()
        line = sys.stdin.readline()
        if not line:
            output.err.write("\n")
            raise InvalidValueError(
                f"there is no answer to `{question}`; pass --template and --set instead"
            )
        answer = line.strip() or default
        if answer:
            return answer


def check(args: argparse.Namespace, output: Output) -> int:
    """Check a document and its expectations."""
    organization = load(args.document, args.id)
    at = instant(args.at, zone_of(organization))
    failed = organization.check(at)
    warnings = warnings_of(organization, at)
    conditional: dict[str, list[str]] = {}
    for key, condition in organization.policies.conditions:
        conditional.setdefault(str(key), []).append(str(condition))
    value = {
        "organization": organization.id,
        "digest": organization.digest,
        "failed": [str(expectation) for expectation in failed],
        "warnings": warnings,
        "conditions": conditional,
    }
    output.result(
        value,
        [
            *(f"expectation fails: {expectation}" for expectation in failed),
            *(f"warning: {warning}" for warning in warnings),
            *(
                f"step {key} applies only if {', or '.join(conditions)}"
                for key, conditions in conditional.items()
            ),
            f"{organization.id}: {counted(len(organization.workspaces), 'workspace')},"
            f" {counted(len(organization.profiles), 'profile')},"
            f" {counted(len(organization.members), 'member')},"
            f" {counted(len(organization.expect), 'expectation')}, {len(failed)} failing",
        ],
    )
    return FOUND if failed else OK


def warnings_of(organization: Organization, at: dt.datetime) -> list[str]:
    """Return the warnings about a document, as of an instant."""
    from socialcollab.organization import (
        dangling_rules,
        routing_findings,
        rules_matching_nothing,
        shared_accounts,
        step_warnings,
    )

    return [
        *(
            str(warning)
            for warning in (
                *rules_matching_nothing(organization),
                *dangling_rules(organization, at),
                *shared_accounts(organization),
                *step_warnings(organization, at),
            )
        ),
        *(
            finding.text()
            for finding in routing_findings(organization, at)
            # A rule that matches no profile is already reported, with a suggestion.
            if finding.keys != ("on",)
        ),
    ]


class _Found(NamedTuple):
    """A finding, with the file, its text or an empty string, and the row of a spreadsheet."""

    file: str
    text: str
    row: str
    finding: Finding

    def position(self) -> tuple[int, int] | None:
        """Return the line and column in the text, counted from 1, or None if there is none."""
        if self.row or self.finding.field != "text" or self.finding.start is None:
            return None
        before = self.text[: self.finding.start]
        return before.count("\n") + 1, self.finding.start - before.rfind("\n")

    def value(self, language: str) -> dict[str, object]:
        """Return the finding for JSON."""
        finding, position = self.finding, self.position()
        return {
            "file": self.file,
            "place": f"row {self.row}" if self.row else "",
            "code": finding.code,
            "severity": finding.severity,
            "message": finding.text(language),
            "line": position and position[0],
            "column": position and position[1],
            "field": finding.field,
            "profile": finding.profile,
            "start": finding.start,
            "end": finding.end,
            "fix": finding.fix,
        }

    def lines(self, language: str, *, several: bool) -> list[str]:
        """Return the message and, for a text, the line with a mark below the place."""
        finding, position = self.finding, self.position()
        on = f" on {finding.profile}" if finding.profile else ""
        message = f"{finding.severity} {finding.code}{on}: {finding.text(language)}"
        if position is None or finding.start is None:
            named = f"{self.file}: " if several else ""
            return [f"{named}{_at(self.row, message, language)}"]
        line, column = position
        message = f"{self.file}:{line}:{column}: {message}"
        source = self.text.split("\n")[line - 1].replace("\t", " ").rstrip("\r")
        if len(source) > _LONGEST_LINE:
            return [message]
        length = (finding.start if finding.end is None else finding.end) - finding.start
        before, found = source[: column - 1], source[column - 1 : column - 1 + length]
        marked = " " * _width(before) + "^" * max(1, _width(found))
        return [message, f"    {source}", f"    {marked}"]

    def annotation(self, language: str) -> str:
        """Return the finding as an annotation that GitHub Actions shows beside the file."""
        level = {"error": "error", "warning": "warning"}.get(self.finding.severity, "notice")
        properties = {"file": self.file, "title": self.finding.code}
        if (position := self.position()) is not None:
            properties |= {"line": str(position[0]), "col": str(position[1])}
        message = _at(self.row, self.finding.text(language), language)
        listed = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in properties.items())
        return f"::{level} {listed}::{_escaped(message)}"


def lint_files(args: argparse.Namespace, output: Output) -> int:
    """Lint texts, and every row of spreadsheets."""
    found: list[_Found] = []
    problems: list[str] = []
    check = _linter(args)
    # Every file is read before a result is printed, so that a missing file is the only output.
    for file in args.file:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        if file.lower().endswith(".csv"):
            rows, refused = _lint_sheet(args, output, data, check)
            found += [_Found(file, "", row, finding) for row, finding in rows]
            problems += [
                f"{file}: {problem}" if len(args.file) > 1 else problem for problem in refused
            ]
        else:
            text = _decoded(file, data, args.encoding)
            found += [_Found(file, text, "", finding) for finding in check(text.removesuffix("\n"))]
    value = {"findings": [each.value(args.language) for each in found], "problems": problems}
    if args.github:
        lines = [each.annotation(args.language) for each in found]
    else:
        lines = [
            line for each in found for line in each.lines(args.language, several=len(args.file) > 1)
        ]
    count = f"{counted(len(found), 'finding')}, {counted(len(problems), 'problem')}"
    output.result(value, [*problems, *lines, count])
    has_error = any(each.finding.severity == "error" for each in found)
    return FOUND if has_error or problems else OK


def _decoded(file: str, data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding or "utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidValueError(
            f"byte {error.start} of `{file}` is not {encoding or 'UTF-8'}; use"
            " --encoding to specify the encoding"
        ) from None
    except LookupError:
        raise InvalidValueError(
            f"there is no text encoding `{encoding}`; specify an encoding such as cp1252"
        ) from None


def _width(text: str) -> int:
    """Return how many columns a text takes on a terminal, approximately."""
    return sum(
        0
        if unicodedata.combining(char) or char in "\u200d\ufe0f"
        else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )


def _escaped(value: str, signs: str = "") -> str:
    return "".join(f"%{ord(c):02X}" if c in f"%\r\n{signs}" else c for c in value)


def list_rules(args: argparse.Namespace, output: Output) -> int:
    """List the built-in rules of style guides."""
    from socialcollab.styleguide import RULES, RulePage

    del args
    pages = [RulePage.of(rule) for rule in RULES.values()]
    value = [{"code": page.code, "name": page.name, "summary": page.summary} for page in pages]
    output.result({"rules": value}, [f"{page.code}  {page.summary}" for page in pages])
    return OK


def explain_rule(args: argparse.Namespace, output: Output) -> int:
    """Explain a built-in rule: what it reports, why, its settings, and examples."""
    from socialcollab.styleguide import RULES, RulePage

    rule = RULES.get(args.code.upper())
    if rule is None:
        raise InvalidValueError(
            f"there is no rule `{args.code}`{did_you_mean(args.code.upper(), RULES, before='; ')}",
            value=args.code,
            expected=" or ".join(RULES),
        )
    page = RulePage.of(rule)
    value = {"code": page.code, "name": page.name, "summary": page.summary, **page.parts}
    output.result(value, page.markdown().splitlines())
    return OK


def _at(row: str, problem: str, language: str) -> str:
    """Return the text of a problem, with the row number in front if there is one."""
    from socialcollab.verdicts import message

    if not row:
        return problem
    return message("sheet.place_row", {"row": row, "problem": problem}, language=language)


def _linter(args: argparse.Namespace) -> Callable[[str], Sequence[Any]]:
    from socialcollab.styleguide import StyleGuide, lint

    guide = StyleGuide.load(*args.guide) if args.guide else StyleGuide.default()
    network = args.network or None
    return lambda text: lint(text, guide, profile=network)


def _lint_sheet(
    args: argparse.Namespace,
    output: Output,
    data: bytes,
    check: Callable[[str], Sequence[Any]],
) -> tuple[list[tuple[str, Any]], list[str]]:
    from socialcollab.content import Image, PostContent, media_digest

    imported = read_sheet(args, data)
    problems = [problem.text(args.language) for problem in imported.problems]
    organization = load(args.organization, args.id) if args.organization else None
    found: list[tuple[str, Any]] = []
    with progress(output, "linting") as show:
        for number, row in enumerate(imported.rows, 1):
            place = str(row.number)
            if organization is None:
                findings = check(row.text)
            else:
                unknown = [name for name in row.profiles if name not in organization.profiles_by_id]
                problems += [
                    _at(place, str(unknown_name(organization, "profile", name)), args.language)
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
            show(number, len(imported.rows))
    return found, problems
