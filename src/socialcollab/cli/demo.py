"""The ``demo`` command, which takes one post from draft to publication."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from socialcollab.desk import Desk
from socialcollab.errors import NotAllowedError
from socialcollab.networks.sandbox import Sandbox
from socialcollab.organization import Organization

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
    sandbox.write_preview()
    sandbox.close()
    return story
