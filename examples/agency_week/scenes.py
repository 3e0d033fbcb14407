"""What people do in the week; each scene may be played twice and does things once."""

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
from socialcollab.scheduling import SheetRow
from socialcollab.styleguide import fix

LATER = {"W23-21"}
"""An offer that Noor has no time for before her weekend."""

NOT_LIKED = {
    "W23-10": ("ben", "Leg eerst uit hoe je schuurt: het linkje ontbreekt."),
    "W23-51": ("noor", "Niet 'gewoon goed geprijsd', dat mag van juridisch niet."),
}
"""What comes back with a wish for changes."""

BEATEN = (NotFoundError, NotAllowedError, StaleError)
"""What somebody meets whom another run of the same week was quicker than."""

ANSWERS: dict[str, dict[str, Any]] = {
    "W23-10": {"links": ["https://vandamfietsen.example/remmen"]},
    "W23-51": {
        "text": "Dit weekend nog: vanaf €39 naar Bergen, Porto of Split. Maandag gelden weer de"
        " prijzen op onze site."
    },
}


class Scenes:
    """The week's scenes, each a method."""

    def __init__(self, desk: Desk, here: Path, say: Callable[[str], None]) -> None:
        self.desk = desk
        self.here = here
        self.say = say
        self.sheet = SheetImport(desk, here)

    def import_sheet(self) -> None:
        """Draft every row that can be read, fix what a machine can fix, send the rest back."""
        found = self.sheet.read("posts.csv", now=self.desk.engine.now())
        wrong = {problem.row for problem in found.problems}
        good = [row for row in found.rows if row.number not in wrong]
        drafted = sum(self._draft(row) is not None for row in good)
        fixed = sent_back = 0
        for drafted_post in self.desk.posts(state="draft"):
            post, was_fixed = self._fix(drafted_post)
            fixed += was_fixed
            sent_back += self._send_back(post)
        self.say(
            f"  sheet: {len(good)} rows are sound, {drafted} drafted, {fixed} fixed by the style"
            f" guide, {sent_back} sent back, {len(found.problems)} cells with problems"
        )

    def _draft(self, row: SheetRow) -> Post | None:
        known = self.desk.post_by_external_id(row.external_id)
        if known is not None:
            return known
        try:
            return self.sheet.draft(row)
        except (LookupError, ValueError, NotAllowedError):
            return None  # reported again, with its reason, by `SheetImport.problems`

    def _fix(self, post: Post) -> tuple[Post, bool]:
        text = fix(post.text, [f for f in self.sheet.findings(post) if not f.profile])
        if text == post.text:
            return post, False
        with suppress(*BEATEN):
            return self.desk.acting_as(post.author).edit(post, text=text), True
        return self.desk.post(post.id), False

    def _send_back(self, post: Post) -> bool:
        wrong = [f for f in self.sheet.findings(post) if f.severity != "suggestion"]
        for finding in wrong:
            said = finding.text(self.sheet.language_of(post.author))
            if said not in {comment.text for comment in post.comments}:
                post = self.desk.acting_as("ben").comment(post, said)
        return bool(wrong)

    def take_corrections(self) -> None:
        """The authors answered with a second sheet; its rows stand in for the first one's."""
        found = self.sheet.read("corrections.csv", now=self.desk.engine.now())
        for row in found.rows:
            post = self.desk.post_by_external_id(row.external_id)
            if post is None:
                self._draft(row)
                continue
            with suppress(*BEATEN):
                self.sheet.correct(post, row)
        self.say(f"  corrections: {len(found.rows)} rows")

    def submit_everything(self) -> None:
        """Submit what the style guide lets pass; then what clashes takes the slots left over."""
        clashing = self.sheet.clashing_posts()
        drafts = [
            post
            for post in self.desk.posts(state="draft")
            if not any(finding.severity == "error" for finding in self.sheet.findings(post))
        ]
        for post in drafts:
            if post.id not in clashing:
                with suppress(*BEATEN):
                    self.desk.acting_as(post.author).submit(post)
        moved = [post for post in drafts if post.id in clashing]
        for post in moved:
            with suppress(*BEATEN):
                self.desk.acting_as(post.author).submit(post, at="next slot")
        waiting = len(self.desk.posts(state="in_review"))
        self.say(
            f"  submitted: {waiting} wait for sign-off, {len(moved)} moved to the next free slot"
        )

    def editors_decide(self) -> None:
        """Ben decides on what waits for him, Eva on what Ben wrote himself."""
        for editor in ("ben", "eva"):
            self._decide(editor, skip=set())

    def client_decides(self) -> None:
        """Noor signs off the offers, but for the one she leaves for later."""
        self._decide("noor", skip=LATER)

    def client_returns(self) -> None:
        """Noor is back and signs off what is left."""
        self._decide("noor", skip=set())

    def _decide(self, member: str, *, skip: set[str]) -> None:
        acting = self.desk.acting_as(member)
        for item in acting.to_do():
            if item.kind != "decide" or item.post.external_id in skip:
                continue
            critic, note = NOT_LIKED.get(item.post.external_id, ("", ""))
            with suppress(*BEATEN):
                if critic == member and len(item.post.revisions) == 1:
                    acting.request_changes(item.post, note)
                else:
                    acting.approve(item.post)

    def authors_answer(self) -> None:
        """Whoever was asked for changes makes them and submits again."""
        for post in self.desk.posts(state="changes_requested"):
            author = self.desk.acting_as(post.author)
            answered = post
            with suppress(*BEATEN):
                if len(post.revisions) == 1:
                    answered = author.edit(post, **ANSWERS[post.external_id])
                author.submit(answered)

    def support_holds(self) -> None:
        """Check-in is down: nothing cheerful leaves for Tulip until it is up again."""
        if self._held_before():
            return
        held = self.desk.acting_as("kim").hold(
            {"workspace": "tulip"}, reason="check-in is down at three airports"
        )
        self.desk.acting_as("kim").add_calendar_note(
            "tulip", "2026-06-03", "14:00 check-in down, posts on hold"
        )
        self.say(f"  hold: {len(held.waiting)} deliveries stopped, {len(held.under_way)} under way")

    def _held_before(self) -> bool:
        """Tell whether this or another run has played that scene; a hold is set once."""
        position = 0
        while page := self.desk.feed(after=position):
            if any(entry.type == "hold.placed" and entry.actor == "member:kim" for entry in page):
                return True
            position = page[-1].position
        return False

    def lead_resumes(self) -> None:
        """It is up again: Eva lifts the hold and says of each missed post what becomes of it."""
        eva = self.desk.acting_as("eva")
        for hold in self.desk.holds():
            if hold.by == "member:kim":
                with suppress(*BEATEN):
                    eva.resume(hold.id)
        missed = [
            item
            for item in eva.to_do()
            if item.delivery is not None and item.delivery.state == "missed"
        ]
        for item in missed:
            with suppress(*BEATEN):
                self._triage(item)
        self.say(f"  resumed: {len(missed)} missed posts triaged")

    def _triage(self, item: ToDo) -> None:
        eva = self.desk.acting_as("eva")
        post = self.desk.post(item.post.id)
        if post.state != "approved":
            return
        if "quiz" in post.text:
            eva.cancel(post, reason="a quiz the day after an outage is not funny")
        else:
            later = item.planned_at + dt.timedelta(days=1) if item.planned_at else None
            eva.reschedule(post, later or self.desk.engine.now() + dt.timedelta(days=1))

    def rescue_expired(self) -> None:
        """What expired for want of a sign-off gets a new time and is submitted again."""
        for post in self.desk.posts(state="expired"):
            eva = self.desk.acting_as("eva")
            with suppress(*BEATEN):
                moved = eva.reschedule(post, "2026-06-04 10:15")
                eva.submit(moved)
        for post in self.desk.posts(state="draft"):
            if post.external_id in LATER:
                with suppress(*BEATEN):
                    self.desk.acting_as("eva").submit(post)
