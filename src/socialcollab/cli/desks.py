"""Commands on a desk's file."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from socialcollab.cli.given import open_desk
from socialcollab.cli.out import FINE, FOUND, Out
from socialcollab.errors import InvalidValueError

if TYPE_CHECKING:
    from socialcollab.desk import Desk


def _month(text: str | None, desk: Desk) -> tuple[int, int]:
    if text is None:
        last = desk.last_event_at() or dt.datetime.now(dt.UTC)
        return last.year, last.month
    try:
        day = dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        raise InvalidValueError(f"`{text}` is no month; write one such as 2026-06") from None
    return day.year, day.month


def calendar(given: argparse.Namespace, out: Out) -> int:
    """Show the publishing calendar, or write it as a page or an iCalendar file."""
    from socialcollab.pages import CalendarEntry, CalendarNote, month_calendar, page
    from socialcollab.scheduling import write_ics
    from socialcollab.time import local_time

    with open_desk(given.desk, given.id) as desk:
        organization = desk.organization
        year, month = _month(given.month, desk)
        zone = organization.settings.timezone
        start = dt.datetime(year, month, 1, tzinfo=dt.UTC) - dt.timedelta(days=1)
        end = start + dt.timedelta(days=34)
        planned = desk.calendar(start, end, workspace=given.workspace, viewer=given.viewer)
        entries = [
            (local_time(entry.at, organization.zones[profile.workspace]), entry, profile)
            for entry in planned.entries()
            for profile in (organization.profiles_by_id[entry.profile],)
        ]
        entries = [one for one in entries if (one[0].year, one[0].month) == (year, month)]
        notes = desk.calendar_notes(workspace=given.workspace, viewer=given.viewer)
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
            notes=[CalendarNote(date=note.date, text=note.text) for note in notes],
        )
        title = organization.settings.name or organization.id
        text = page(f"{title}: {year}-{month:02d}", body, language=given.language)
        Path(given.html).write_text(text, encoding="utf-8")
    if given.ics:
        data = write_ics(planned, now=latest, name=organization.id, time_zone=zone)
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


def history(given: argparse.Namespace, out: Out) -> int:
    """Show what happened to a post."""
    with open_desk(given.desk, given.id) as desk:
        post = desk.post_by_external_id(given.post) or desk.post(given.post)
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


def audit(given: argparse.Namespace, out: Out) -> int:
    """Look for damage in a journal."""
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


def reindex(given: argparse.Namespace, out: Out) -> int:
    """Mend records and rows from the events."""
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


def demo(given: argparse.Namespace, out: Out) -> int:
    """Carry one post through the whole way."""
    from socialcollab.demo import run_demo

    folder = Path(given.out)
    if folder.exists() and any(folder.iterdir()):
        raise InvalidValueError(
            f"`{folder}` is not empty; name another folder with --out", value=str(folder)
        )
    story = run_demo(folder)
    out.answer({"folder": str(folder), "story": story}, [*story, f"look into {folder}"])
    return FINE
