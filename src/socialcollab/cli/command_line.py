"""Read the command line, carry out one command, and return its exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from socialcollab.cli import desks, documents, permissions
from socialcollab.cli.out import FINE, FOUND, MISUSED, UNAVAILABLE, Out, leaves
from socialcollab.errors import (
    CorruptJournalError,
    FaultError,
    InvalidValueError,
    SocialCollabError,
    StoreError,
)


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
    out = Out(as_json=given.json, out=sys.stdout, err=sys.stderr)
    try:
        code: int = given.run(given, out)
    except ExceptionGroup as group:
        if not all(isinstance(leaf, SocialCollabError) for leaf in leaves(group)):
            raise
        out.complain(group)
        return FOUND if all(isinstance(leaf, FaultError) for leaf in leaves(group)) else MISUSED
    except FaultError as fault:
        out.complain(fault)
        return FOUND
    except CorruptJournalError as error:
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

    check = command(
        "check", documents.check, "check an organization's document and its expectations"
    )
    check.add_argument("document", help="the document, such as agency.toml")
    check.add_argument(
        "--at", help="judge expectations at this time or instant (ISO 8601; default now)"
    )

    lint = command(
        "lint", documents.lint_file, "lint a text, or every row of a spreadsheet of posts"
    )
    lint.add_argument("file", help="a .csv file, a text file, or - for standard input")
    lint.add_argument("--guide", action="append", default=[], help="a style guide; may be repeated")
    lint.add_argument("--network", default="", help="the network the text is for")
    lint.add_argument("--organization", help="a document whose style guides and profiles to use")
    lint.add_argument("--language", default="en", choices=("en", "nl"), help="of the messages")

    calendar = command("calendar", desks.calendar, "show the publishing calendar of a desk")
    _desk_arguments(calendar)
    calendar.add_argument("--month", help="YYYY-MM; default the month of the last event")
    calendar.add_argument("--workspace", default="", help="only this workspace")
    calendar.add_argument("--viewer", default="", help="only what this member may view")
    calendar.add_argument("--html", help="write a page to this file")
    calendar.add_argument("--ics", help="write an iCalendar file")
    calendar.add_argument("--language", default="en", choices=("en", "nl"), help="of the page")

    history = command("history", desks.history, "show what happened to a post, and who did it")
    _desk_arguments(history)
    history.add_argument("post", help="the post's id or ref")

    audit = command("audit", desks.audit, "look for damage in a desk's journal")
    _desk_arguments(audit)
    audit.add_argument("--anchor", help="POSITION:HASH of an earlier audit, kept elsewhere")

    reindex = command("reindex", desks.reindex, "mend records and rows, from the events")
    _desk_arguments(reindex)

    permissions.add_commands(command)

    demo = command("demo", desks.demo, "draft, sign off and publish one post to the sandbox")
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
