"""
The command line: ``python -m socialcollab``, or ``socialcollab``.

Exit codes: 0, all is well; 1, something was found (a fault, an error of the
style guide, damage); 2, the command could not be carried out as given; 3, the
store cannot be read or written now.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from socialcollab.errors import (
    FaultError,
    InvalidValueError,
    JournalDamagedError,
    SocialCollabError,
    StoreError,
)

if TYPE_CHECKING:
    from socialcollab.desk import Desk
    from socialcollab.organization import Organization

__all__ = ["main"]

FINE, FOUND, MISUSED, UNAVAILABLE = 0, 1, 2, 3

T = TypeVar("T")


class _Out:
    """Where answers go: lines for people, or one JSON document."""

    def __init__(self, *, as_json: bool, out: TextIO, err: TextIO) -> None:
        self.as_json = as_json
        self.out = out
        self.err = err

    def answer(self, value: object, lines: Iterable[str]) -> None:
        """Print *value* as JSON, or *lines*."""
        if self.as_json:
            json.dump(value, self.out, ensure_ascii=False, indent=2, default=str)
            self.out.write("\n")
            return
        for line in lines:
            self.out.write(_printable(line) + "\n")

    def complain(self, error: BaseException) -> None:
        """Print an error, each fault of a group on its own line."""
        faults = list(_leaves(error))
        if self.as_json:
            problems = [
                {
                    "place": getattr(fault, "place", ""),
                    "problem": getattr(fault, "problem", "") or str(fault),
                    "suggestion": getattr(fault, "suggestion", ""),
                }
                for fault in faults
            ]
            json.dump({"problems": problems}, self.out, ensure_ascii=False, indent=2)
            self.out.write("\n")
            return
        for fault in faults:
            self.err.write(_printable(f"{fault}") + "\n")
        if len(faults) > 1:
            self.err.write(f"{len(faults)} problems\n")


def _printable(line: str) -> str:
    """Show control characters, so that no text can write over the terminal."""
    return "".join(
        char
        if char == "\t" or (char >= " " and not "\x7f" <= char <= "\x9f")
        else ascii(char)[1:-1]
        for char in line
    )


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


@contextmanager
def _progress(out: _Out, what: str, total: int) -> Iterator[Callable[[], None]]:
    """Show a bar on a terminal, where the `cli` extra is installed."""
    if out.as_json or not out.err.isatty():
        yield lambda: None
        return
    try:
        from rich.console import Console
        from rich.progress import Progress
    except ImportError:
        yield lambda: None
        return
    with Progress(console=Console(file=out.err), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run one command and return its exit code.

    Args:
        argv: The words after the program's name; the process's own if not given.
    """
    parser = _parser()
    try:
        given = parser.parse_args(argv)
    except SystemExit as stop:
        return MISUSED if stop.code else FINE
    out = _Out(as_json=given.json, out=sys.stdout, err=sys.stderr)
    try:
        code: int = given.run(given, out)
    except ExceptionGroup as group:
        if not all(isinstance(leaf, SocialCollabError) for leaf in _leaves(group)):
            raise
        out.complain(group)
        return FOUND if all(isinstance(leaf, FaultError) for leaf in _leaves(group)) else MISUSED
    except FaultError as fault:
        out.complain(fault)
        return FOUND
    except JournalDamagedError as error:
        out.complain(error)
        return FOUND
    except StoreError as error:
        out.complain(error)
        return UNAVAILABLE
    except SocialCollabError as error:
        out.complain(error)
        return MISUSED
    except BrokenPipeError:
        # The reader has seen enough, for example `head`.
        with suppress(OSError):
            sys.stdout.close()
        return FINE
    except OSError as error:
        out.complain(InvalidValueError(f"{error.strerror or error}: `{error.filename}`"))
        return MISUSED
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="socialcollab",
        description="Check, lint and look at the work of a social media team.",
        epilog="exit codes: 0 fine, 1 something was found, 2 misused, 3 store unavailable",
    )
    parser.add_argument("--version", action="version", version=f"socialcollab {_version()}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, run: Callable[..., int], about: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=about, description=about)
        sub.add_argument("--json", action="store_true", help="print one JSON document")
        sub.set_defaults(run=run)
        return sub

    check = command("check", _check, "check an organization's document and its expectations")
    check.add_argument("document", help="the document, such as agency.toml")
    check.add_argument("--at", help="judge expectations at this instant (ISO 8601; default now)")

    lint = command("lint", _lint, "lint a text, or every row of a spreadsheet of posts")
    lint.add_argument("file", help="a .csv file, a text file, or - for standard input")
    lint.add_argument("--guide", action="append", default=[], help="a style guide; may be repeated")
    lint.add_argument("--network", default="", help="the network the text is for")
    lint.add_argument("--organization", help="a document whose style guides and profiles to use")
    lint.add_argument("--language", default="en", choices=("en", "nl"), help="of the messages")

    calendar = command("calendar", _calendar, "show the publishing calendar of a desk")
    _desk_arguments(calendar)
    calendar.add_argument("--month", help="YYYY-MM; default the month of the last event")
    calendar.add_argument("--workspace", default="", help="only this workspace")
    calendar.add_argument("--viewer", default="", help="only what this member may view")
    calendar.add_argument("--html", help="write a page to this file")
    calendar.add_argument("--ics", help="write an iCalendar file")
    calendar.add_argument("--language", default="en", choices=("en", "nl"), help="of the page")

    history = command("history", _history, "show what happened to a post, and who did it")
    _desk_arguments(history)
    history.add_argument("post", help="the post's id or ref")

    audit = command("audit", _audit, "look for damage in a desk's journal")
    _desk_arguments(audit)
    audit.add_argument("--anchor", help="POSITION:HASH of an earlier audit, kept elsewhere")

    reindex = command("reindex", _reindex, "mend records and rows, from the events")
    _desk_arguments(reindex)

    demo = command("demo", _demo, "draft, sign off and publish one post to the sandbox")
    demo.add_argument("--out", default="socialcollab-demo", help="a folder for what it leaves")
    return parser


def _desk_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("desk", help="the desk's SQLite file, such as agency.db")
    parser.add_argument("--id", default="", help="the organization, if the file holds several")


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("socialcollab")
    except PackageNotFoundError:
        return "unknown"


def _load(path: str) -> Organization:
    from socialcollab.organization import Organization

    return Organization.load(path)


def _open(given: argparse.Namespace) -> Desk:
    from socialcollab.desk import Desk

    return Desk.open(given.desk, organization=given.id)


def _instant(text: str | None) -> dt.datetime:
    if not text:
        return dt.datetime.now(dt.UTC)
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        raise InvalidValueError(
            f"`{text}` is no instant; write one such as 2026-06-01T09:00+02:00", value=text
        ) from None
    from socialcollab.time import as_utc

    return as_utc(at)


def _check(given: argparse.Namespace, out: _Out) -> int:
    at = _instant(given.at)
    organization = _load(given.document)
    failed = organization.check(at)
    value = {
        "organization": organization.id,
        "digest": organization.digest,
        "failed": [str(one) for one in failed],
    }
    out.answer(
        value,
        [
            *(f"expectation fails: {one}" for one in failed),
            f"{organization.id}: {len(organization.workspaces)} workspaces,"
            f" {len(organization.profiles)} profiles, {len(organization.members)} members,"
            f" {len(organization.expect)} expectations, {len(failed)} failing",
        ],
    )
    return FOUND if failed else FINE


def _lint(given: argparse.Namespace, out: _Out) -> int:
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
    given: argparse.Namespace, out: _Out, data: bytes
) -> tuple[list[tuple[str, Any]], list[str]]:
    from socialcollab.content import Image, PostContent, media_digest
    from socialcollab.scheduling import read_csv

    imported = read_csv(data)
    problems = [problem.text(given.language) for problem in imported.problems]
    organization = _load(given.organization) if given.organization else None
    plain = _linter(given)
    found: list[tuple[str, Any]] = []
    with _progress(out, "linting", len(imported.rows)) as advance:
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


def _month(text: str | None, desk: Desk) -> tuple[int, int]:
    if text is None:
        last = desk.last_event_at() or dt.datetime.now(dt.UTC)
        return last.year, last.month
    try:
        day = dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        raise InvalidValueError(f"`{text}` is no month; write one such as 2026-06") from None
    return day.year, day.month


def _calendar(given: argparse.Namespace, out: _Out) -> int:
    from socialcollab.pages import CalendarEntry, CalendarNote, month_calendar, page
    from socialcollab.scheduling import write_ics
    from socialcollab.time import local_time

    with _open(given) as desk:
        organization = desk.organization
        year, month = _month(given.month, desk)
        zone = organization.settings.timezone
        start = dt.datetime(year, month, 1, tzinfo=dt.UTC) - dt.timedelta(days=1)
        end = start + dt.timedelta(days=34)
        calendar = desk.calendar(start, end, workspace=given.workspace, viewer=given.viewer)
        entries = [
            (local_time(entry.at, organization.zones[profile.workspace]), entry, profile)
            for entry in calendar.entries()
            for profile in (organization.profiles_by_id[entry.profile],)
        ]
        entries = [one for one in entries if (one[0].year, one[0].month) == (year, month)]
        notes = desk.notes(workspace=given.workspace, viewer=given.viewer)
        latest = desk.last_event_at() or dt.datetime.now(dt.UTC)
    if given.html:
        body = month_calendar(
            [
                CalendarEntry(
                    at=at,
                    title=entry.title,
                    profile=profile.id,
                    network=profile.network,
                    state=entry.state,
                )
                for at, entry, profile in entries
            ],
            year,
            month,
            language=given.language,
            notes=[CalendarNote(on=note.on, text=note.text) for note in notes],
        )
        title = organization.settings.name or organization.id
        text = page(f"{title}: {year}-{month:02d}", body, language=given.language)
        Path(given.html).write_text(text, encoding="utf-8")
    if given.ics:
        data = write_ics(calendar, now=latest, name=organization.id, time_zone=zone)
        Path(given.ics).write_bytes(data)
    value = [
        {
            "at": at.isoformat(),
            "profile": profile.id,
            "state": entry.state,
            "title": entry.title,
            "post": entry.post,
        }
        for at, entry, profile in entries
    ]
    out.answer(
        value,
        [
            f"{at:%a %d %b %H:%M}  {profile.id:<22} {entry.state:<18} {entry.title}"
            for at, entry, profile in entries
        ]
        or [f"nothing is planned for {year}-{month:02d}"],
    )
    return FINE


def _history(given: argparse.Namespace, out: _Out) -> int:
    with _open(given) as desk:
        post = desk.post_by_ref(given.post) or desk.post(given.post)
        entries = desk.history(post)
    value = [
        {
            "position": entry.position,
            "at": entry.at.isoformat(),
            "actor": entry.actor,
            "type": entry.type,
            "stream": entry.stream,
        }
        for entry in entries
    ]
    out.answer(
        value,
        [
            f"{entry.at:%Y-%m-%d %H:%M} UTC  {entry.actor:<18} {entry.type:<24} {entry.stream}"
            for entry in entries
        ],
    )
    return FINE


def _audit(given: argparse.Namespace, out: _Out) -> int:
    from socialcollab.desk import audit_file
    from socialcollab.stores import Anchor

    anchor = None
    if given.anchor:
        position, _, digest = given.anchor.partition(":")
        if not position.isdigit() or not digest:
            raise InvalidValueError(f"`{given.anchor}` is no anchor; write POSITION:HASH")
        anchor = Anchor(position=int(position), hash=digest)
    report = audit_file(given.desk, organization=given.id, anchor=anchor)
    said = f"{report.anchor.position}:{report.anchor.hash}"
    out.answer(
        {
            "clean": report.clean,
            "events": report.events,
            "streams": report.streams,
            "erased": report.erased,
            "anchor": said,
            "findings": [{"place": one.place, "problem": one.problem} for one in report.findings],
        },
        [
            *(str(one) for one in report.findings),
            f"{'clean' if report.clean else 'DAMAGED'}: {report.events} events in"
            f" {report.streams} streams"
            + (f", {report.erased} personal values erased" if report.erased else ""),
            f"anchor {said}",
        ],
    )
    return FINE if report.clean else FOUND


def _reindex(given: argparse.Namespace, out: _Out) -> int:
    from socialcollab.desk import reindex_file

    report = reindex_file(given.desk, organization=given.id)
    out.answer(
        {"streams": report.streams, "rows": report.rows, "changed": list(report.changed)},
        [
            *(f"mended {stream}" for stream in report.changed),
            f"{report.rows} rows of {report.streams} streams are as the events have them",
        ],
    )
    return FINE


def _demo(given: argparse.Namespace, out: _Out) -> int:
    from socialcollab.demo import run_demo

    folder = Path(given.out)
    if folder.exists() and any(folder.iterdir()):
        raise InvalidValueError(
            f"`{folder}` is not empty; name another folder with --out", value=str(folder)
        )
    story = run_demo(folder)
    out.answer({"folder": str(folder), "story": story}, [*story, f"look into {folder}"])
    return FINE
