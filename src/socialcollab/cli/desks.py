"""
The commands that use a desk's file.

These are calendar, history, notifications, to-do, audit, reindex and demo.
"""

from __future__ import annotations

import argparse
import datetime as dt
from calendar import monthrange
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from socialcollab.cli.inputs import check_known, check_no_document, open_desk
from socialcollab.cli.output import FOUND, OK, Output, counted, progress
from socialcollab.errors import InvalidValueError

if TYPE_CHECKING:
    from socialcollab.desk import Desk


class _Period(NamedTuple):
    """The days that a calendar covers, and the kind of page that displays them."""

    kind: str
    first: dt.date
    days: int
    name: str

    def covers(self, at: dt.datetime) -> bool:
        return 0 <= (at.date() - self.first).days < self.days


def _period(args: argparse.Namespace, desk: Desk) -> _Period:
    from socialcollab.time import parse_date

    if args.week:
        try:
            first = dt.date.fromisoformat(f"{args.week}-1")
        except ValueError:
            raise InvalidValueError(
                f"`{args.week}` is not a week; write a week such as 2026-W15"
            ) from None
        return _Period("week", first, 7, args.week)
    if args.agenda:
        first_text, _, last_text = args.agenda.partition("..")
        first, last = parse_date(first_text), parse_date(last_text or first_text)
        if last < first:
            raise InvalidValueError(f"the agenda ends on {last}, before its first day {first}")
        return _Period("agenda", first, (last - first).days + 1, args.agenda)
    year, month = _month(args.month, desk)
    days = monthrange(year, month)[1]
    return _Period("month", dt.date(year, month, 1), days, f"{year}-{month:02d}")


def _month(text: str | None, desk: Desk) -> tuple[int, int]:
    if text is None:
        last = desk.last_event_at() or dt.datetime.now(dt.UTC)
        return last.year, last.month
    try:
        day = dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        raise InvalidValueError(f"`{text}` is not a month; write a month such as 2026-06") from None
    return day.year, day.month


def calendar(args: argparse.Namespace, output: Output) -> int:
    """Show the publishing calendar, or write it to an HTML page or an iCalendar file."""
    from socialcollab.pages import (
        CalendarEntry,
        CalendarNote,
        agenda,
        hold_block,
        month_calendar,
        page,
        period_title,
        week_calendar,
    )
    from socialcollab.scheduling import write_ics
    from socialcollab.time import local_time

    with open_desk(args.desk, args.id) as desk:
        organization = desk.organization
        if args.workspace:
            check_known(organization, "workspace", args.workspace)
        if args.viewer:
            check_known(organization, "member", args.viewer)
        period = _period(args, desk)
        zone = str(organization.settings.timezone)
        if args.workspace:
            zone = organization.zone_of(args.workspace)
        # One extra day on each side, because an entry can be on another day in its workspace's
        # zone.
        planned = desk.calendar(
            period.first - dt.timedelta(days=1),
            period.first + dt.timedelta(days=period.days + 1),
            workspace=args.workspace,
            viewer=args.viewer,
            cancelled=args.cancelled,
        )
        entries = [
            (local_time(entry.at, organization.zones[profile.workspace]), entry, profile)
            for entry in planned.entries()
            for profile in (organization.profiles_by_id[entry.profile],)
        ]
        entries = [(at, entry, profile) for at, entry, profile in entries if period.covers(at)]
        notes = desk.calendar_notes(workspace=args.workspace, viewer=args.viewer)
        holds = desk.holds(ended=True, workspace=args.workspace, viewer=args.viewer)
        latest = desk.last_event_at() or dt.datetime.now(dt.UTC)
    blocks = [
        block
        for hold in holds
        for block in (hold_block(hold, zone=zone, language=args.language),)
        if any(
            block.times_on(period.first + dt.timedelta(days=day)) is not None
            for day in range(period.days)
        )
    ]
    if args.html:
        shown = [
            CalendarEntry(
                at=at,
                title=entry.title,
                profile=profile.id,
                network=profile.network,
                state=entry.state,
                pending_edit=entry.pending_edit,
            )
            for at, entry, profile in entries
        ]
        options: dict[str, Any] = {
            "language": args.language,
            "zone": zone,
            "notes": [CalendarNote(date=note.date, text=note.text) for note in notes],
            "blocks": blocks,
        }
        if period.kind == "week":
            body = week_calendar(shown, period.first, **options)
        elif period.kind == "agenda":
            body = agenda(shown, period.first, period.days, **options)
        else:
            body = month_calendar(shown, period.first.year, period.first.month, **options)
        last = period.first + dt.timedelta(days=period.days - 1)
        dates = period_title(period.first, last, language=args.language)
        title = organization.settings.name or organization.id
        text = page(f"{title}: {dates}", body, language=args.language)
        Path(args.html).write_text(text, encoding="utf-8")
        output.note(f"wrote {args.html}: {counted(len(entries), 'entry')} of {period.name}")
    if args.ics:
        data = write_ics(planned, now=latest, name=organization.id, time_zone=zone)
        Path(args.ics).write_bytes(data)
        output.note(f"wrote {args.ics}: {counted(len(planned.entries()), 'entry')}")
    value = [
        {
            "at": at.isoformat(),
            "profile": profile.id,
            "state": entry.state,
            "title": entry.title,
            "pending_edit": entry.pending_edit,
            "post": entry.post,
        }
        for at, entry, profile in entries
    ]
    output.result(
        value,
        [
            *(f"{'ended hold' if block.ended else 'hold'}: {block.text}" for block in blocks),
        ]
        + (
            [
                f"{at:%a %d %b %H:%M}  {profile.id:<22} {entry.state:<18} {entry.title}"
                + (" (edit pending)" if entry.pending_edit else "")
                for at, entry, profile in entries
            ]
            or [f"nothing is planned for {period.name}"]
        ),
    )
    return OK


def history(args: argparse.Namespace, output: Output) -> int:
    """Show the history of a post."""
    from socialcollab.time import zone

    with open_desk(args.desk, args.id) as desk:
        post = desk.post_by_external_id(args.post) or desk.post(args.post)
        entries = desk.history(post)
        name = desk.organization.zones.get(post.workspace, str(desk.organization.settings.timezone))
    value = [
        {
            "position": entry.position,
            "at": entry.at.isoformat(),
            "actor": entry.actor,
            "type": entry.type,
            "text": entry.text(args.language),
            "stream": entry.stream,
            "values": entry.values(),
        }
        for entry in entries
    ]
    output.result(
        value,
        [
            f"{entry.at.astimezone(zone(name)):%Y-%m-%d %H:%M %Z}  {entry.by:<12}"
            f" {entry.text(args.language)}"
            for entry in entries
        ],
    )
    return OK


def notifications(args: argparse.Namespace, output: Output) -> int:
    """Show a member's notifications."""
    from socialcollab.time import zone

    with open_desk(args.desk, args.id) as desk:
        check_known(desk.organization, "member", args.member)
        me = desk.acting_as(args.member)
        cursor, shown = 0, []
        while batch := me.notifications(after=cursor, since=args.since):
            cursor = batch.cursor
            # A digest repeats notifications that are already listed.
            shown += [notification for notification in batch if notification.kind != "digest"]
        name = _zone_of_member(desk, args.member)
    output.result(
        [
            {
                "id": notification.id,
                "at": notification.at.isoformat(),
                "kind": notification.kind,
                "text": notification.text(args.language),
                "post": notification.post,
                "profile": notification.profile,
                "step": notification.step,
                "by": notification.by,
            }
            for notification in shown
        ],
        [
            f"{notification.at.astimezone(zone(name)):%Y-%m-%d %H:%M %Z}"
            f"  {notification.text(args.language)}"
            for notification in shown
        ]
        or ["there are no notifications"],
    )
    return OK


def to_do(args: argparse.Namespace, output: Output) -> int:
    """Show a member's to-do list."""
    from socialcollab.time import zone

    with open_desk(args.desk, args.id) as desk:
        check_known(desk.organization, "member", args.member)
        items = desk.acting_as(args.member).to_do()
        name = _zone_of_member(desk, args.member)
    output.result(
        [
            {
                "kind": item.kind,
                "text": item.text(args.language),
                "post": item.post.id,
                "external_id": item.post.external_id,
                "step": item.step,
                "attention": item.attention,
                "profiles": list(item.profiles),
                "planned_at": item.planned_at.isoformat() if item.planned_at else None,
            }
            for item in items
        ],
        [
            f"{item.planned_at.astimezone(zone(name)):%Y-%m-%d %H:%M %Z}  {item.text(args.language)}"
            if item.planned_at
            else f"{'no planned time':<21}  {item.text(args.language)}"
            for item in items
        ]
        or ["there is nothing to do"],
    )
    return OK


def _zone_of_member(desk: Desk, member: str) -> str:
    organization = desk.organization
    person = organization.access.member(member)
    return (person.timezone if person else "") or str(organization.settings.timezone)


def audit(args: argparse.Namespace, output: Output) -> int:
    """Check a journal for damage."""
    from socialcollab.desk import audit_file
    from socialcollab.stores import Anchor

    check_no_document(args.desk)
    anchor = None
    if args.anchor:
        position, _, digest = args.anchor.partition(":")
        if not position.isdigit() or not digest:
            raise InvalidValueError(f"`{args.anchor}` is not an anchor; write POSITION:HASH")
        anchor = Anchor(position=int(position), hash=digest)
    with progress(output, "checking events") as show:
        report = audit_file(args.desk, organization=args.id, anchor=anchor, progress=show)
    anchor_text = f"{report.anchor.position}:{report.anchor.hash}"
    output.result(
        {
            "clean": report.clean,
            "events": report.events,
            "streams": report.streams,
            "erased": report.erased,
            "anchor": anchor_text,
            "findings": [
                {"place": finding.place, "problem": finding.problem} for finding in report.findings
            ],
        },
        [
            *(str(finding) for finding in report.findings),
            f"{'clean' if report.clean else 'DAMAGED'}: {counted(report.events, 'event')} in"
            f" {counted(report.streams, 'stream')}"
            + (f", {counted(report.erased, 'personal value')} erased" if report.erased else ""),
            f"anchor {anchor_text}",
        ],
    )
    return OK if report.clean else FOUND


def reindex(args: argparse.Namespace, output: Output) -> int:
    """Rebuild snapshots and projection rows from the events."""
    from socialcollab.desk import reindex_file

    check_no_document(args.desk)
    with progress(output, "reading events") as show:
        report = reindex_file(args.desk, organization=args.id, progress=show)
    output.result(
        {"streams": report.streams, "rows": report.rows, "changed": list(report.changed)},
        [
            *(f"repaired {stream}" for stream in report.changed),
            f"rebuilt {counted(report.rows, 'row')} of {counted(report.streams, 'stream')}",
        ],
    )
    return OK


def demo(args: argparse.Namespace, output: Output) -> int:
    """Run the demo."""
    from socialcollab.cli.demo import run_demo

    folder = Path(args.out)
    if folder.exists() and any(folder.iterdir()):
        raise InvalidValueError(
            f"`{folder}` is not empty; choose another folder with --out", value=str(folder)
        )
    story = run_demo(folder)
    output.result({"folder": str(folder), "story": story}, [*story, f"the files are in {folder}"])
    return OK
