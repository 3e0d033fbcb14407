"""The actions of the members during the week. Repeating a scene has no further effect."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from sheet import SheetImport

from socialcollab import Desk, Post
from socialcollab.desk import ToDo
from socialcollab.errors import NotAllowedError, NotFoundError, StaleError
from socialcollab.styleguide import fix

LATER = {"W23-21"}
"""An offer that Noor has no time to read before the weekend."""

REQUESTED_CHANGES = {
    "W23-10": ("ben", "Leg eerst uit hoe je schuurt: het linkje ontbreekt."),
    "W23-51": ("noor", "Niet 'gewoon goed geprijsd', dat mag van juridisch niet."),
}
"""The posts for which changes are requested, with the reviewer and their note."""

TOO_LATE = (NotFoundError, NotAllowedError, StaleError)
"""The errors that a command raises if another run of the same week has already performed it."""

ANSWERS: dict[str, dict[str, Any]] = {
    "W23-10": {"links": ["https://vandamfietsen.example/remmen"]},
    "W23-51": {
        "text": "Dit weekend nog: vanaf €39 naar Bergen, Porto of Split. Maandag gelden weer de"
        " prijzen op onze site."
    },
}


class Scenes:
    """The scenes of the week. Each scene is a method."""

    def __init__(self, desk: Desk, here: Path, log: Callable[[str], None]) -> None:
        self.desk = desk
        self.here = here
        self.log = log
        self.sheet = SheetImport(desk, here)

    def import_sheet(self) -> None:
        """Draft the rows without problems, apply automatic fixes, and comment on other findings."""
        sheet = self.sheet.read("posts.csv", now=self.desk.engine.now())
        wrong = {problem.row for problem in sheet.problems}
        good = [row for row in sheet.rows if row.number not in wrong]
        drafted = sum(outcome.post is not None for outcome in self.sheet.import_rows(good))
        fixed = sent_back = 0
        for drafted_post in self.desk.posts(state="draft"):
            post, was_fixed = self._fix(drafted_post)
            fixed += was_fixed
            sent_back += self._send_back(post)
        self.log(
            f"  sheet: {len(good)} rows without problems, {drafted} posts drafted, {fixed} fixed by the"
            f" style guide, {sent_back} returned to their authors, {len(sheet.problems)} cells with"
            " problems"
        )

    def _fix(self, post: Post) -> tuple[Post, bool]:
        text = fix(
            post.text, [finding for finding in self.sheet.findings(post) if not finding.profile]
        )
        if text == post.text:
            return post, False
        with suppress(*TOO_LATE):
            return self.desk.acting_as(post.author).edit(post, text=text), True
        return self.desk.post(post.id), False

    def _send_back(self, post: Post) -> bool:
        wrong = [
            finding for finding in self.sheet.findings(post) if finding.severity != "suggestion"
        ]
        for finding in wrong:
            text = finding.text(self.sheet.language_of(post.author))
            if text not in {comment.text for comment in post.comments}:
                post = self.desk.acting_as("ben").comment(post, text)
        return bool(wrong)

    def import_corrections(self) -> None:
        """Import the second sheet, which contains the authors' corrections."""
        sheet = self.sheet.read("corrections.csv", now=self.desk.engine.now())
        self.sheet.import_rows(sheet.rows, update=True)
        self.log(f"  corrections: {len(sheet.rows)} rows")

    def submit_all(self) -> None:
        """Submit the drafts without errors, and move clashing posts to the next free slot."""
        clashing = self.sheet.clashing_posts()
        drafts = [
            post
            for post in self.desk.posts(state="draft")
            if not any(finding.severity == "error" for finding in self.sheet.findings(post))
        ]
        for post in drafts:
            if post.id not in clashing:
                with suppress(*TOO_LATE):
                    self.desk.acting_as(post.author).submit(post)
        moved = [post for post in drafts if post.id in clashing]
        for post in moved:
            with suppress(*TOO_LATE):
                self.desk.acting_as(post.author).submit(post, at="next slot")
        waiting = len(self.desk.posts(state="in_review"))
        self.log(
            f"  submitted: {waiting} wait for approval, {len(moved)} moved to the next free slot"
        )

    def editors_decide(self) -> None:
        """Let Ben decide on the posts on his to-do list, and let Eva decide on Ben's posts."""
        for editor in ("ben", "eva"):
            self._decide(editor, skip=set())

    def client_decides(self) -> None:
        """Let Noor decide on the offers, except the one that she leaves for later."""
        self._decide("noor", skip=LATER)

    def client_returns(self) -> None:
        """Let Noor decide on the remaining offer."""
        self._decide("noor", skip=set())

    def _decide(self, member: str, *, skip: set[str]) -> None:
        acting = self.desk.acting_as(member)
        for item in acting.to_do():
            if item.kind != "decide" or item.post.external_id in skip:
                continue
            reviewer, note = REQUESTED_CHANGES.get(item.post.external_id, ("", ""))
            with suppress(*TOO_LATE):
                if reviewer == member and len(item.post.revisions) == 1:
                    acting.request_changes(item.post, note)
                else:
                    acting.approve(item.post)

    def authors_answer(self) -> None:
        """Make the requested changes, and submit the posts again."""
        for post in self.desk.posts(state="changes_requested"):
            author = self.desk.acting_as(post.author)
            answered = post
            with suppress(*TOO_LATE):
                if len(post.revisions) == 1:
                    answered = author.edit(post, **ANSWERS[post.external_id])
                author.submit(answered)

    def support_holds(self) -> None:
        """Place a hold on Tulip's posts, because check-in is down."""
        if self._hold_was_placed():
            return
        hold = self.desk.acting_as("kim").hold(
            {"workspace": "tulip"}, reason="check-in is down at three airports"
        )
        self.desk.acting_as("kim").add_calendar_note(
            "tulip", "2026-06-03", "14:00 check-in down, posts on hold"
        )
        self.log(f"  hold: {len(hold.waiting)} deliveries stopped, {len(hold.under_way)} under way")

    def _hold_was_placed(self) -> bool:
        """Return whether an earlier or a concurrent run has placed the hold."""
        position = 0
        while page := self.desk.feed(after=position):
            if any(entry.type == "hold.placed" and entry.actor == "member:kim" for entry in page):
                return True
            position = page[-1].position
        return False

    def lead_resumes(self) -> None:
        """End the hold, and reschedule or cancel each missed post."""
        eva = self.desk.acting_as("eva")
        for hold in self.desk.holds():
            if hold.by == "member:kim":
                with suppress(*TOO_LATE):
                    eva.resume(hold.id)
        missed = [
            item
            for item in eva.to_do()
            if any(delivery.state == "missed" for delivery in item.deliveries)
        ]
        for item in missed:
            with suppress(*TOO_LATE):
                self._settle_missed(item)
        self.log(f"  resumed: {len(missed)} missed posts rescheduled or cancelled")

    def _settle_missed(self, item: ToDo) -> None:
        eva = self.desk.acting_as("eva")
        post = self.desk.post(item.post.id)
        if post.state != "approved":
            return
        if "quiz" in post.text:
            eva.cancel(post, reason="a quiz on the day after an outage is inappropriate")
        else:
            later = item.planned_at + dt.timedelta(days=1) if item.planned_at else None
            eva.reschedule(post, later or self.desk.engine.now() + dt.timedelta(days=1))

    def rescue_expired(self) -> None:
        """Reschedule the posts that expired before they were approved, and submit them again."""
        for post in self.desk.posts(state="expired"):
            eva = self.desk.acting_as("eva")
            with suppress(*TOO_LATE):
                moved = eva.reschedule(post, "2026-06-04 10:15")
                eva.submit(moved)
        for post in self.desk.posts(state="draft"):
            if post.external_id in LATER:
                with suppress(*TOO_LATE):
                    self.desk.acting_as("eva").submit(post)
