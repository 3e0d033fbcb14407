"""The ``demo`` command, which takes one post from draft to publication."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from socialcollab.desk import Desk
from socialcollab.errors import NotAllowedError
from socialcollab.networks.sandbox import Sandbox
from socialcollab.organization import Organization
from socialcollab.pages import CalendarEntry, month_calendar, page
from socialcollab.time import local_time

_MONDAY = dt.datetime(2026, 4, 6, 8, 0, tzinfo=dt.UTC)


class _Clock:
    def __init__(self) -> None:
        self.at = _MONDAY

    def __call__(self) -> dt.datetime:
        return self.at


def run_demo(folder: Path) -> list[str]:
    """
    Draft, approve and publish one post to the sandbox, and return a report as lines of text.

    Args:
        folder: The folder for the journal and the sandbox's timeline.
    """
    folder.mkdir(parents=True, exist_ok=True)
    clock = _Clock()
    sandbox = Sandbox(folder / "sandbox", clock=clock)
    story: list[str] = []
    with Desk.create(
        folder / "agency.db",
        Organization.template("northwind"),
        owner="eva",
        networks={"*": sandbox},
        clock=clock,
    ) as desk:
        ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
        post = ana.draft(
            "De lente is er 🌷",
            profiles=["tulip-x", "tulip-mastodon"],
            planned_at="2026-04-07 09:30",
        )
        story.append(f"ana drafts: {post.text} for {', '.join(post.targets)}")
        post = ana.submit(post)
        story.append(f"ana submits it: {post.state}")
        try:
            ana.approve(post)
        except NotAllowedError as refused:
            story.append(f"ana tries to approve it: {refused}")
        post = ben.approve(post)
        story.append(f"ben approves it: {post.state}, {desk.summary(post)} for {post.planned_at}")
        clock.at = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
        desk.run_due()
        story += [
            f"{delivery.profile}: {delivery.state} {delivery.url}"
            for delivery in desk.deliveries(post)
        ]
        report = desk.audit()
        story.append(f"audit: {'clean' if report.clean else 'DAMAGED'}, {report.events} events")
        calendar = _calendar_page(desk, sandbox)
        (folder / "calendar.html").write_text(calendar, encoding="utf-8")
    timeline = sandbox.write_preview(zone="Europe/Amsterdam")
    sandbox.close()
    story += [f"calendar: {folder / 'calendar.html'}", f"published posts: {timeline}"]
    return story


def _calendar_page(desk: Desk, sandbox: Sandbox) -> str:
    """Return the calendar of the month; its entries link to the pages of the sandbox."""
    pages = {(post.profile, post.text): f"sandbox/{post.page}" for post in sandbox.posts()}
    profiles = desk.organization.profiles_by_id
    entries = [
        CalendarEntry(
            at=local_time(entry.at, "Europe/Amsterdam"),
            title=entry.title,
            profile=entry.profile,
            network=profiles[entry.profile].network,
            state=entry.state,
            file=pages.get((entry.profile, entry.title), ""),
        )
        for entry in desk.calendar("2026-04-01", "2026-05-01").entries()
    ]
    body = month_calendar(entries, 2026, 4, zone="Europe/Amsterdam")
    return page("Northwind: April 2026", body)
