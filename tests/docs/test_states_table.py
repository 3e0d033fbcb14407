"""The table of states in `docs/reference/workflow.md` agrees with the desk."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from socialcollab import Desk, MemoryStore, Organization, Post

_PAGE = Path(__file__).parents[2] / "docs" / "reference" / "workflow.md"
# Commands that the page describes below the table, because they do not depend on the state.
_ALWAYS = {"comment", "take_down"}


def test_possible_commands() -> None:
    """For each state, the page lists exactly the commands that the state does not rule out."""
    now = dt.datetime(2026, 4, 6, 8, tzinfo=dt.UTC)
    with Desk.create(
        MemoryStore(), Organization.template("northwind"), owner="eva", clock=lambda: now
    ) as desk:
        ana, ben = desk.acting_as("ana"), desk.acting_as("ben")

        def drafted() -> Post:
            return ana.draft("Hallo", profiles=["tulip-x"], planned_at="2026-04-08 09:30")

        late = ana.submit(drafted())
        posts = [
            drafted(),
            ana.submit(drafted()),
            ben.request_changes(ana.submit(drafted()), "shorter"),
            ben.approve(ana.submit(drafted())),
            ben.reject(ana.submit(drafted()), "no"),
            ana.cancel(drafted(), reason="no"),
            late,
        ]
        possible: dict[str, set[str]] = {}
        for post in posts:
            if post is late:
                now = dt.datetime(2026, 4, 9, 8, tzinfo=dt.UTC)
                desk.run_due()
                post = desk.post(late.id)  # noqa: PLW2901  the post after its time
            possible[post.state.value] = {
                command
                for command, verdict in desk.acting_as("eva").allowed_actions(post).items()
                if "wrong_state" not in {reason.code for reason in verdict.reasons}
            } - _ALWAYS
    # For a post in review, `publish_now` is always refused, but because of the missing approval.
    possible["in_review"].remove("publish_now")
    listed: dict[str, set[str]] = {}
    for names, commands in re.findall(r"^\| (`[a-z_`, ]+`) \| ([a-z_, ]+) \|", _page(), re.M):
        for name in re.findall(r"`(\w+)`", names):
            listed[name] = set(commands.split(", ")) - {"none", "mark_published"}
    assert listed == possible


def _page() -> str:
    text = _PAGE.read_text(encoding="utf-8")
    return text[text.index("## Post states") : text.index("## Delivery states")]
