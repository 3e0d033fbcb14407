"""Spreadsheets of posts: their options, and the ``import`` command."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from socialcollab.cli.inputs import check_known, open_desk
from socialcollab.cli.output import FOUND, OK, Output
from socialcollab.errors import InvalidValueError

if TYPE_CHECKING:
    from socialcollab.desk import Desk, ImportReport
    from socialcollab.scheduling import ImportedSheet, SheetRow


def add_sheet_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that describe a spreadsheet."""
    parser.add_argument(
        "--encoding", default="", help="the encoding of the file, such as cp1252 (default UTF-8)"
    )
    parser.add_argument(
        "--order",
        choices=("dmy", "mdy"),
        help="whether the day or the month comes first in a date such as 03/04/2026",
    )
    parser.add_argument(
        "--columns",
        action="append",
        default=[],
        metavar="COLUMN=FIELD",
        help="the field of a column, such as Wat=text or Notes= to ignore it; or, for a file without"
        " a header, the fields of all columns, such as date,text,,link; can be repeated",
    )
    parser.add_argument(
        "--zone", help="the time zone of the times in the file (default: the workspace's time zone)"
    )


def read_sheet(
    args: argparse.Namespace, data: bytes, *, now: dt.datetime | None = None
) -> ImportedSheet:
    """Read a spreadsheet with the options of `add_sheet_options`."""
    from socialcollab.scheduling import read_csv

    return read_csv(
        data,
        zone=args.zone,
        order=args.order,
        columns=_columns(args.columns),
        encoding=args.encoding,
        now=now,
    )


def _columns(given: list[str]) -> dict[str, str] | list[str] | None:
    if not given:
        return None
    if not any("=" in text for text in given):
        if len(given) > 1:
            raise InvalidValueError(
                f"--columns `{given[1]}` has no `=`; write COLUMN=FIELD, or, for a file without a"
                " header, list all fields in one option, such as date,text,,link"
            )
        return [field.strip() for field in given[0].split(",")]
    columns: dict[str, str] = {}
    for text in given:
        # The name of a column can contain `=`, but a field cannot.
        column, equals, field = text.rpartition("=")
        if not equals:
            raise InvalidValueError(f"--columns `{text}` has no `=`; write COLUMN=FIELD")
        columns[column.strip()] = field.strip()
    return columns


def import_sheet(args: argparse.Namespace, output: Output) -> int:
    """Draft a post for each row of a spreadsheet."""
    data = Path(args.sheet).read_bytes()
    with open_desk(args.desk, args.id) as desk:
        organization = desk.organization
        if args.member:
            check_known(organization, "member", args.member)
        if args.workspace:
            check_known(organization, "workspace", args.workspace)
        profiles = _profiles(args.profile)
        for profile in profiles.values() if isinstance(profiles, dict) else profiles:
            check_known(organization, "profile", profile)
        imported = read_sheet(args, data, now=dt.datetime.now(dt.UTC))
        by_member = _by_member(desk, imported.rows, args.member)
        reports = [
            desk.acting_as(member).import_rows(
                rows,
                profiles=profiles,
                workspace=args.workspace,
                images=_images(rows, args.images),
                update=args.update,
                dry_run=args.dry_run,
            )
            for member, rows in by_member.items()
        ]
    return _print(args, output, imported, reports)


def _profiles(given: list[str]) -> dict[str, str] | list[str]:
    pairs = [text.rpartition("=") for text in given]
    if not any(equals for _, equals, _ in pairs):
        return given
    for text, (name, _, _) in zip(given, pairs, strict=True):
        if not name:
            raise InvalidValueError(
                f"--profile `{text}` cannot be combined with NAME=PROFILE; use only one of the forms"
            )
    return {name.strip(): profile.strip() for name, _, profile in pairs}


def _by_member(desk: Desk, rows: tuple[SheetRow, ...], member: str) -> dict[str, list[SheetRow]]:
    """Group the rows by the member who imports them: the author, if possible."""
    known = {str(one.id) for one in desk.organization.members}
    by_member: dict[str, list[SheetRow]] = {}
    for row in rows:
        importer = row.author if row.author in known else member
        if not importer:
            if row.author:
                check_known(desk.organization, "member", row.author)
            raise InvalidValueError(
                f"row {row.number} has no author; use --member to specify who imports it"
            )
        by_member.setdefault(importer, []).append(row)
    return by_member


def _images(rows: list[SheetRow], folder: str | None) -> dict[str, bytes]:
    if folder is None:
        return {}
    root = Path(folder).resolve(strict=True)
    images: dict[str, bytes] = {}
    for name in {name for row in rows for name in row.images if "://" not in name}:
        path = (root / name).resolve()
        # An untrusted spreadsheet must not be able to import files from outside this folder.
        if path.is_relative_to(root) and path.is_file():
            images[name] = path.read_bytes()
    return images


def _print(
    args: argparse.Namespace,
    output: Output,
    imported: ImportedSheet,
    reports: list[ImportReport],
) -> int:
    outcomes = sorted(
        (outcome for report in reports for outcome in report.outcomes),
        key=lambda outcome: outcome.row.number,
    )
    statuses = [outcome.status for outcome in outcomes]
    blocked = {problem.row for problem in imported.problems if problem.blocks}
    counts = {
        "drafted": statuses.count("drafted"),
        "updated": statuses.count("updated"),
        "unchanged": statuses.count("unchanged"),
        "not updated": statuses.count("differs"),
        "refused": statuses.count("refused") + len(blocked),
    }
    summary = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    output.result(
        {
            "dry_run": args.dry_run,
            "rows": [
                {
                    "row": outcome.row.number,
                    "status": outcome.status,
                    "post": outcome.post and outcome.post.id,
                    "external_id": outcome.row.external_id,
                    "changes": list(outcome.changes),
                    "clashes": [clash.reason.text(args.language) for clash in outcome.clashes],
                    "text": outcome.text(args.language),
                }
                for outcome in outcomes
            ],
            "problems": [problem.text(args.language) for problem in imported.problems],
        },
        [
            *(problem.text(args.language) for problem in imported.problems),
            *(outcome.text(args.language) for outcome in outcomes),
            f"{summary or 'there are no rows'}"
            + ("; this was a dry run, so nothing was written" if args.dry_run else ""),
        ],
    )
    return FOUND if counts["refused"] or counts["not updated"] else OK
