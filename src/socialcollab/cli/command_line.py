"""Parse the command line, run one command, and return its exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from socialcollab.cli import desks, doctor, documents, lint, permissions, sheets, worker
from socialcollab.cli.accounts import connect
from socialcollab.cli.accounts.tokens import add_tokens_option
from socialcollab.cli.inputs import add_media_option, add_source
from socialcollab.cli.networks import add_networks_option
from socialcollab.cli.output import FOUND, MISUSED, OK, UNAVAILABLE, Output, leaves
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
        argv: The arguments after the program name; by default the arguments of the process.
    """
    parser = _parser()
    try:
        args = parser.parse_args(argv)
    except SystemExit as stop:
        return MISUSED if stop.code else OK
    output = Output(as_json=args.json, out=sys.stdout, err=sys.stderr)
    try:
        code: int = args.run(args, output)
    except ExceptionGroup as group:
        if not all(isinstance(leaf, SocialCollabError) for leaf in leaves(group)):
            raise
        output.error(group)
        return FOUND if all(isinstance(leaf, FaultError) for leaf in leaves(group)) else MISUSED
    except FaultError as fault:
        output.error(fault)
        return FOUND
    except CorruptJournalError as error:
        output.error(error)
        return FOUND
    except StoreError as error:
        output.error(error)
        return UNAVAILABLE
    except SocialCollabError as error:
        output.error(error)
        return MISUSED
    except BrokenPipeError:
        # The reader of the pipe, such as `head`, has closed the pipe.
        with suppress(OSError):
            sys.stdout.close()
        return OK
    except OSError as error:
        output.error(InvalidValueError(f"{error.strerror or error}: `{error.filename}`"))
        return MISUSED
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="socialcollab",
        description="Check documents, lint posts, and inspect the desk of a social media team.",
        epilog="exit codes: 0 success, 1 problem found, 2 incorrect usage, 3 store unavailable",
    )
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[..., int], about: str, *, as_json: str = "print one JSON document"
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=about, description=about)
        sub.add_argument("--json", action="store_true", help=as_json)
        sub.set_defaults(run=run)
        return sub

    init = command("init", documents.init, "write a document from a template")
    init.add_argument(
        "document", nargs="?", default="agency.toml", help="the new document; default `agency.toml`"
    )
    init.add_argument(
        "--template", default="", help="the template; by default the command asks questions"
    )
    init.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="the value of a parameter of the template, such as lead=eva; can be repeated",
    )

    check = command("check", documents.check, "check a document and its expectations")
    add_source(check, "document")
    check.add_argument(
        "--at", help="evaluate expectations as of this day, time or instant (ISO 8601; default now)"
    )

    linter = command("lint", lint.lint_files, "lint texts, and every row of spreadsheets of posts")
    linter.add_argument(
        "file", nargs="+", help="a .csv file, a text file, or - for standard input; can be repeated"
    )
    linter.add_argument(
        "--guide", action="append", default=[], help="a style guide; can be repeated"
    )
    linter.add_argument("--network", default="", help="the network that the text is for")
    linter.add_argument(
        "--organization", help="a document or desk with the style guides and profiles to use"
    )
    linter.add_argument("--id", default="", help="the organization, if the file contains several")
    sheets.add_sheet_options(linter)
    linter.add_argument(
        "--language", default="en", choices=("en", "nl"), help="language of the messages"
    )

    linter.add_argument(
        "--github", action="store_true", help="print annotations for GitHub Actions"
    )

    command("rules", lint.list_rules, "list the built-in rules of style guides")
    explain = command("explain", lint.explain_rule, "explain a rule of style guides")
    explain.add_argument("code", help="the code of the rule, such as SG102")

    imports = command("import", sheets.import_sheet, "draft a post for each row of a spreadsheet")
    _desk_arguments(imports)
    imports.add_argument("sheet", help="the .csv file")
    imports.add_argument(
        "--member", default="", help="the member who imports the rows that have no author"
    )
    imports.add_argument(
        "--profile",
        action="append",
        default=[],
        help="the profile for rows that name no profile, or NAME=PROFILE for a name in the file; can"
        " be repeated",
    )
    imports.add_argument("--workspace", default="", help="the workspace of posts without profiles")
    imports.add_argument("--images", help="the folder with the images")
    imports.add_argument(
        "--update", action="store_true", help="edit existing posts whose rows differ"
    )
    imports.add_argument(
        "--dry-run", action="store_true", help="report what would happen, without writing anything"
    )
    sheets.add_sheet_options(imports)
    imports.add_argument(
        "--language", default="en", choices=("en", "nl"), help="language of the messages"
    )

    calendar = command("calendar", desks.calendar, "show the publishing calendar of a desk")
    _desk_arguments(calendar)
    period = calendar.add_mutually_exclusive_group()
    period.add_argument("--month", help="YYYY-MM; by default the month of the last event")
    period.add_argument("--week", help="a week, such as 2026-W15")
    period.add_argument("--agenda", help="a list of days instead of a table: FIRST..LAST, as dates")
    calendar.add_argument("--cancelled", action="store_true", help="include cancelled posts")
    calendar.add_argument("--workspace", default="", help="only this workspace")
    calendar.add_argument("--viewer", default="", help="only entries that this member can view")
    calendar.add_argument("--html", help="write an HTML page to this file")
    calendar.add_argument("--ics", help="write an iCalendar file to this path")
    calendar.add_argument(
        "--language", default="en", choices=("en", "nl"), help="language of the page"
    )

    history = command("history", desks.history, "show the history of a post")
    _desk_arguments(history)
    history.add_argument("post", help="the post's id or external id")
    history.add_argument(
        "--language", default="en", choices=("en", "nl"), help="language of the texts"
    )

    notified = command("notifications", desks.notifications, "show a member's notifications")
    _desk_arguments(notified)
    notified.add_argument("member", help="the member's id")
    notified.add_argument(
        "--since", help="only notifications since this day, time or instant (ISO 8601)"
    )
    notified.add_argument(
        "--language", default="en", choices=("en", "nl"), help="language of the texts"
    )

    tasks = command("to-do", desks.to_do, "show a member's to-do list")
    _desk_arguments(tasks)
    tasks.add_argument("member", help="the member's id")
    tasks.add_argument(
        "--language", default="en", choices=("en", "nl"), help="language of the texts"
    )

    connects = command("connect", connect.connect, "connect a profile to its account")
    connects.add_argument("profile", help="the profile's id")
    add_source(connects)
    connects.add_argument(
        "--member", default="", help="the member who connects the account; required for a desk"
    )
    add_tokens_option(connects, writes=True)
    connects.add_argument(
        "--scope",
        action="append",
        default=[],
        help="a scope to request instead of those that publishing needs; can be repeated",
    )
    connects.add_argument(
        "--port", type=int, default=8421, help="the port for the callback (default 8421)"
    )
    connects.add_argument(
        "--paste",
        action="store_true",
        help="ask for the redirected address instead of waiting for the browser",
    )
    connects.add_argument(
        "--redirect-uri",
        default="",
        metavar="ADDRESS",
        help="the redirect address of the app, if it is not on this machine; implies --paste",
    )

    due = command(
        "run-due",
        worker.run_due,
        "do all due work, such as publishing posts, reminding reviewers and marking posts as expired",
    )
    _desk_arguments(due)
    targets = due.add_mutually_exclusive_group()
    add_networks_option(targets)
    targets.add_argument("--sandbox", help="publish to a sandbox in this folder")
    add_tokens_option(targets)
    add_media_option(due)
    due.add_argument(
        "--budget", type=float, help="do not start any more work after this number of seconds"
    )

    works = command(
        "worker",
        worker.worker,
        "do due work until the process receives SIGINT or SIGTERM",
        as_json="print each line of the log as a JSON document",
    )
    _desk_arguments(works)
    chosen = works.add_mutually_exclusive_group()
    add_networks_option(chosen)
    add_tokens_option(chosen)
    add_media_option(works)
    works.add_argument(
        "--every",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="the maximum number of seconds between two runs (default 60)",
    )
    works.add_argument("--once", action="store_true", help="end after one run")

    checkup = command(
        "doctor",
        doctor.doctor,
        "check the document, credentials, clock and store of a desk, and show how to repair problems",
    )
    _desk_arguments(checkup)
    verified = checkup.add_mutually_exclusive_group()
    add_networks_option(verified)
    add_tokens_option(verified)
    add_media_option(checkup)
    checkup.add_argument(
        "--full", action="store_true", help="audit the journal and read all media, even if large"
    )

    audit = command("audit", desks.audit, "check a desk's journal for damage")
    _desk_arguments(audit)
    audit.add_argument("--anchor", help="POSITION:HASH that an earlier audit printed")

    reindex = command(
        "reindex", desks.reindex, "rebuild snapshots and projection rows from the events"
    )
    _desk_arguments(reindex)

    permissions.add_commands(command)

    demo = command("demo", desks.demo, "draft, approve and publish one post to the sandbox")
    demo.add_argument("--out", default="socialcollab-demo", help="the folder for the demo's files")
    return parser


def _desk_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("desk", help="the desk's SQLite file, such as agency.db")
    parser.add_argument("--id", default="", help="the organization, if the file contains several")


class _Version(argparse.Action):
    """Print the version, which is read only when it is requested, because reading it is slow."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version")

    def __call__(self, parser: argparse.ArgumentParser, *_args: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            number = version("socialcollab")
        except PackageNotFoundError:
            number = "unknown"
        sys.stdout.write(f"socialcollab {number}\n")
        parser.exit()
