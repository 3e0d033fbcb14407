"""Write the results of the week: a report, the calendar, an .ics file and the journal's events."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import attrs
from sheet import SheetImport

from socialcollab import Desk, Sandbox
from socialcollab.content import Delivery, Post
from socialcollab.desk import HistoryEntry
from socialcollab.pages import (
    CalendarBlock,
    CalendarEntry,
    CalendarNote,
    Html,
    Tone,
    badge,
    heading,
    join,
    month_calendar,
    page,
    paragraph,
    table,
)
from socialcollab.scheduling import write_ics

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
START = dt.datetime(2026, 5, 28, tzinfo=AMSTERDAM)
END = dt.datetime(2026, 6, 30, tzinfo=AMSTERDAM)
TONES: dict[str, Tone] = {
    "published": "green",
    "cancelled": "grey",
    "missed": "orange",
    "failed": "red",
}


def write_results(
    desk: Desk, sandbox: Sandbox, here: Path, out: Path, *, log: Callable[[str], None]
) -> bool:
    """Write all results, print a summary, and return whether the audit is clean."""
    audit = desk.audit()
    (out / "calendar.html").write_text(_calendar_page(desk, sandbox), encoding="utf-8")
    calendar = desk.calendar(START, END)
    (out / "week.ics").write_bytes(
        write_ics(calendar, now=desk.engine.now(), name="Northwind, week 23")
    )
    (out / "audit.jsonl").write_text("".join(_event_lines(desk)), encoding="utf-8")
    sections = _sections(desk, here)
    counts = Counter(desk.summary(post).value for post in desk.posts())
    summary = (
        f"{counts['published']} posts were published on"
        f" {len({post.profile for post in sandbox.posts()})} profiles,"
        f" {len(sandbox.posts())} times in total."
        f" The audit of the journal {'is clean' if audit.clean else 'found damage'}."
    )
    body = join(
        [
            paragraph(summary),
            *(section.to_html() for section in sections),
            _all_published(desk).to_html(),
        ]
    )
    (out / "report.html").write_text(
        page(
            "Week 23 at Northwind",
            body,
            lede="1 to 7 June 2026, from a spreadsheet to published posts",
        ),
        encoding="utf-8",
    )
    sandbox.write_preview(zone="Europe/Amsterdam")
    log("")
    log(f"Week 23 at Northwind: {summary}")
    log("posts: " + ", ".join(f"{number} {state}" for state, number in counts.most_common()))
    for section in sections:
        for line in section.to_lines():
            log(line)
    log("")
    log(f"audit: {'clean' if audit.clean else 'DAMAGED'}, {audit.events} events")
    log(f"anchor, to be stored elsewhere: {audit.anchor.position}:{audit.anchor.hash}")
    return audit.clean


def _event_lines(desk: Desk) -> list[str]:
    lines: list[str] = []
    position = 0
    while entries := desk.feed(after=position):
        position = entries[-1].position
        lines += [
            json.dumps(
                {
                    "position": entry.position,
                    "at": entry.at.isoformat(),
                    "actor": entry.actor,
                    "type": entry.type,
                    "stream": entry.stream,
                },
                ensure_ascii=False,
            )
            + "\n"
            for entry in entries
        ]
    return lines


def _local(at: dt.datetime) -> dt.datetime:
    return at.astimezone(AMSTERDAM).replace(tzinfo=None)


def _calendar_page(desk: Desk, sandbox: Sandbox) -> str:
    organization = desk.organization
    # The URLs of sandbox posts do not exist, so the calendar links to the sandbox's preview pages.
    pages = {post.url: f"sandbox/{post.page}" for post in sandbox.posts()}
    calendar = desk.calendar(START, END)
    files: dict[tuple[str, str], str] = {
        (delivery.post, delivery.profile): pages.get(delivery.url, "")
        for post in desk.posts()
        for delivery in desk.deliveries(post)
    }
    entries = [
        CalendarEntry(
            at=_local(entry.at),
            title=entry.title,
            profile=entry.profile,
            network=organization.profiles_by_id[entry.profile].network,
            state=entry.state,
            file=files.get((entry.post, entry.profile), ""),
        )
        for entry in calendar.entries()
    ]
    notes = [CalendarNote(date=note.date, text=note.text) for note in desk.calendar_notes()]
    start, end = (dt.datetime.fromisoformat(f"2026-06-03 {time}") for time in ("14:00", "17:10"))
    blocks = [CalendarBlock(first=start, last=end, text="Tulip", kind="hold")]
    body = month_calendar(entries, 2026, 6, language="en", notes=notes, blocks=blocks)
    return page(
        "Northwind: June 2026",
        body,
        lede="All posts of Tulip Airlines and Van Dam Fietsen",
    )


@attrs.frozen
class Section:
    """A table of the report, which is shown on the page and in the terminal."""

    title: str
    headers: tuple[str, ...]
    rows: Sequence[tuple[str | int, ...]]

    def to_html(self) -> Html:
        rows = [
            tuple(
                badge(str(cell), TONES.get(str(cell), "amber")) if header == "State" else cell
                for header, cell in zip(self.headers, row, strict=True)
            )
            for row in self.rows
        ]
        return join([heading(self.title), table(self.headers, rows)])

    def to_lines(self) -> list[str]:
        if not self.rows:
            return []
        cells = [
            [*(_short(str(cell), 44) for cell in row[:-1]), _short(str(row[-1]), 110)]
            for row in (self.headers, *self.rows)
        ]
        widths = [max(len(row[n]) for row in cells) for n in range(len(self.headers))]
        lines = [
            "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            for row in cells
        ]
        return ["", self.title, *(line.rstrip() for line in lines)]


def _sections(desk: Desk, here: Path) -> list[Section]:
    posts = desk.posts()
    deliveries = [(post, delivery) for post in posts for delivery in desk.deliveries(post)]
    live = [(post, delivery) for post, delivery in deliveries if delivery.state != "cancelled"]
    imported_at = dt.datetime(2026, 5, 29, 12, tzinfo=dt.UTC)
    return [
        Section(
            "By client",
            ("Client", "Posts", "Published", "Not published", "Median time to approval"),
            _clients(desk, posts, live),
        ),
        Section(
            "Not published as planned",
            ("Post", "Profile", "State", "Reason"),
            _exceptions(desk, posts, deliveries),
        ),
        Section(
            "Problems in the spreadsheet",
            ("Row", "Problem"),
            SheetImport(desk, here).problems(imported_at),
        ),
        Section("Findings and notes", ("Post", "By", "Comment"), _comments(posts)),
        Section(
            "Delayed or uncertain responses",
            ("Post", "Profile", "What happened"),
            _lookups(desk, live),
        ),
    ]


def _all_published(desk: Desk) -> Section:
    published = [
        (delivery, post)
        for post in desk.posts()
        for delivery in desk.deliveries(post)
        if delivery.state == "published"
    ]
    return Section(
        "All published posts",
        ("Time", "Profile", "Text", "Approved by"),
        [
            (
                f"{_local(delivery.published_at or delivery.due_at):%a %d %b %H:%M}",
                delivery.profile,
                post.content.text_for(delivery.profile),
                ", ".join(_approvers(desk, post)) or "no approval needed (co-publisher)",
            )
            for delivery, post in sorted(
                published, key=lambda pair: (pair[0].due_at, pair[0].profile)
            )
        ],
    )


def _clients(
    desk: Desk, posts: Sequence[Post], live: Sequence[tuple[Post, Delivery]]
) -> list[tuple[str | int, ...]]:
    rows: list[tuple[str | int, ...]] = []
    for workspace in desk.organization.workspaces:
        deliveries = [delivery for post, delivery in live if post.workspace == workspace.id]
        times = [_time_to_approval(desk, post) for post in posts if post.workspace == workspace.id]
        known = sorted(time for time in times if time is not None)
        rows.append(
            (
                workspace.name,
                sum(1 for post in posts if post.workspace == workspace.id),
                sum(1 for delivery in deliveries if delivery.state == "published"),
                sum(1 for delivery in deliveries if delivery.state != "published"),
                _hours(known[len(known) // 2]) if known else "-",
            )
        )
    return rows


def _first_of(entries: tuple[HistoryEntry, ...], kind: str) -> HistoryEntry | None:
    return next((entry for entry in entries if entry.type == kind), None)


def _time_to_approval(desk: Desk, post: Post) -> dt.timedelta | None:
    entries = desk.history(post)
    submitted = _first_of(entries, "post.submitted")
    approved = _first_of(entries, "post.approved")
    if submitted is None or approved is None or approved.at <= submitted.at:
        return None
    return approved.at - submitted.at


def _hours(time: dt.timedelta) -> str:
    return f"{time.total_seconds() / 3600:.1f} h"


def _approvers(desk: Desk, post: Post) -> list[str]:
    return [
        entry.actor.removeprefix("member:")
        for entry in desk.history(post)
        if entry.type == "post.decided" and entry.data.verdict == "approve"
    ]


def _exceptions(
    desk: Desk, posts: tuple[Post, ...], deliveries: list[tuple[Post, Delivery]]
) -> list[tuple[str, str, str, str]]:
    rows: list[tuple[str, str, str, str]] = []
    for post in posts:
        summary = desk.summary(post).value
        if summary not in ("published", "approved"):
            cancelled = _first_of(desk.history(post), "post.cancelled")
            why = (
                cancelled.data.reason
                if cancelled
                else "; ".join(comment.text for comment in post.comments)
            )
            if summary == "scheduled":
                why = f"moved to the next free slot at {desk.deliveries(post)[-1].at}"
            rows.append((_short(post.text), ", ".join(post.targets), summary, why or "-"))
        if _first_of(desk.history(post), "post.expired"):
            why = "the approval came too late; rescheduled and published later"
            rows.append((_short(post.text), ", ".join(post.targets), "expired", why))
    for post, delivery in deliveries:
        if delivery.problem == "rescheduled" and _first_of(desk.history(post), "delivery.missed"):
            why = "stopped by a hold; rescheduled and published later"
            rows.append((_short(post.text), delivery.profile, "missed", why))
    return rows


def _comments(posts: tuple[Post, ...]) -> list[tuple[str, str, str]]:
    return [
        (post.external_id, comment.by, comment.text) for post in posts for comment in post.comments
    ]


def _lookups(desk: Desk, live: list[tuple[Post, Delivery]]) -> list[tuple[str, str, str]]:
    rows: list[tuple[str, str, str]] = []
    for post, delivery in live:
        types = [
            entry.type for entry in desk.history(post) if entry.stream == f"delivery/{delivery.id}"
        ]
        if "delivery.unknown" in types:
            what = "no response was received; a lookup found the post"
            rows.append((_short(post.text), delivery.profile, what))
        if "delivery.deferred" in types:
            what = "the network limited the rate; published later"
            rows.append((_short(post.text), delivery.profile, what))
    return rows


def _short(text: str, at_most: int = 70) -> str:
    text = " ".join(text.split())
    return text if len(text) <= at_most else f"{text[: at_most - 1]}…"
