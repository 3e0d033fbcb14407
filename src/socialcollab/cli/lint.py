"""The commands about style guides: ``lint``, ``rules`` and ``explain``."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from socialcollab.cli.inputs import load, unknown_name
from socialcollab.cli.output import FOUND, OK, Output, counted, progress
from socialcollab.cli.sheets import read_sheet
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import did_you_mean

if TYPE_CHECKING:
    from socialcollab.content import Finding

_LONGEST_LINE: Final = 200


class _Found(NamedTuple):
    """
    A finding, with the file and the row of a spreadsheet or the lines of a text.

    *starts* contains the offset of each line.
    """

    file: str
    finding: Finding
    row: str = ""
    lines_of_text: Sequence[str] = ()
    starts: Sequence[int] = ()

    def position(self) -> tuple[int, int] | None:
        """Return the line and column in the text, counted from 1, or None if there is none."""
        start = self.finding.start
        if self.row or self.finding.field != "text" or start is None:
            return None
        line = bisect_right(self.starts, start)
        return line, start - self.starts[line - 1] + 1

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
        source = self.lines_of_text[line - 1].replace("\t", " ").rstrip("\r")
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
        return _annotation(level, message, **properties)


def lint_files(args: argparse.Namespace, output: Output) -> int:
    """Lint texts, and every row of spreadsheets."""
    found: list[_Found] = []
    problems: list[tuple[str, str]] = []
    check = _linter(args)
    # Every file is read before a result is printed, so that a missing file is the only output.
    for file in args.file:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        if file.lower().endswith(".csv"):
            rows, refused = _lint_sheet(args, output, data, check)
            found += [_Found(file, finding, row) for row, finding in rows]
            problems += [(file, problem) for problem in refused]
        else:
            text = _decoded(file, data, args.encoding)
            source = text.split("\n")
            starts = [0, *accumulate(len(line) + 1 for line in source)]
            found += [
                _Found(file, finding, "", source, starts)
                for finding in check(text.removesuffix("\n"))
            ]
    several = len(args.file) > 1
    named = [f"{file}: {problem}" if several else problem for file, problem in problems]
    value = {"findings": [each.value(args.language) for each in found], "problems": named}
    if args.github:
        lines = [
            *(_annotation("error", problem, file=file) for file, problem in problems),
            *(each.annotation(args.language) for each in found),
        ]
    else:
        lines = [
            *named,
            *(line for each in found for line in each.lines(args.language, several=several)),
        ]
    count = f"{counted(len(found), 'finding')}, {counted(len(problems), 'problem')}"
    output.result(value, [*lines, count])
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


def _annotation(level: str, message: str, **properties: str) -> str:
    """Return a workflow command of GitHub Actions."""
    listed = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in properties.items())
    return f"::{level} {listed}::{_escaped(message)}"


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
