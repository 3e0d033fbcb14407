"""The desk of an agency with two clients, with a clock that tests set."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.desk.awaited import AwaitedDesk

from socialcollab.content import Delivery, Post
from socialcollab.desk import Desk
from socialcollab.desk.journal.streams import reducer
from socialcollab.errors import NotAllowedError
from socialcollab.networks.sandbox.faults import InjectedFault
from socialcollab.networks.sandbox.network import Sandbox
from socialcollab.organization import Organization
from socialcollab.stores import MemoryMedia, MemoryStore, SqliteStore

DOCUMENT = """
[organization]
id = "northwind"
timezone = "Europe/Amsterdam"

[[workspaces]]
id = "tulip"
lead = "eva"
default_approval = "editorial"

[[workspaces]]
id = "dike"
lead = "tom"
default_approval = "none"

[[profiles]]
id = "tulip-x"
workspace = "tulip"
network = "x"
handle = "@tulipair"

[[profiles]]
id = "tulip-mastodon"
workspace = "tulip"
network = "mastodon"
server = "https://mastodon.example"
handle = "@tulip"

[[profiles]]
id = "dike-x"
workspace = "dike"
network = "x"
handle = "@dike"

[[members]]
id = "ana"
[[members]]
id = "ben"
[[members]]
id = "eva"
[[members]]
id = "tom"
[[members]]
id = "noor"
kind = "client"
of = "tulip"
[[members]]
id = "dirk"
kind = "client"
of = "dike"

[roles.owner]
permissions = ["*"]
[roles.writer]
permissions = ["view", "draft", "submit", "comment"]
[roles.publisher]
includes = ["writer"]
permissions = ["schedule", "publish", "cancel", "note"]
[roles.editor]
includes = ["publisher"]
permissions = ["approve", "edit_others", "hold"]

[[grants]]
to = "member:ana"
role = "publisher"
on = { workspace = "tulip" }
[[grants]]
to = "member:ana"
role = "writer"
on = { workspace = "dike" }
start = 2026-04-03
[[grants]]
to = ["member:ben", "member:eva"]
role = "editor"
on = { workspace = "tulip" }
[[grants]]
to = "member:eva"
role = "owner"
on = { workspace = "*" }
[[grants]]
to = "member:tom"
role = "editor"
on = { workspace = "dike" }
[[grants]]
to = "member:noor"
permissions = ["view", "comment", "approve"]
on = { workspace = "tulip" }
end = 2026-04-05
[[grants]]
to = "member:dirk"
role = "publisher"
on = { workspace = "dike" }

[[forbids]]
to = "member:ben"
permissions = ["hold"]
on = "tulip-mastodon"
reason = "training first"

[[approvals]]
id = "editorial"
on = { workspace = "tulip" }
late = "hold"
[[approvals.steps]]
id = "edit"
reviewers = ["role:editor"]

[[approvals]]
id = "offers"
on = { workspace = "tulip", post_tag = "offer" }
extends = "editorial"
[[approvals.steps]]
id = "client"
after = ["edit"]
reviewers = ["member:noor"]

[[slot_plans]]
on = "tulip-x"
slots = ["mon-sun 09:30"]
"""

START = dt.datetime(2026, 4, 1, 8, tzinfo=dt.UTC)
PLANNED = "2026-04-07 09:30"
DUE = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
"""The instant of `PLANNED` in Amsterdam."""
PROFILE = "tulip-mastodon"
MINUTE = dt.timedelta(minutes=1)


def in_review(agency: Any, **content: Any) -> Post:
    """Return a post by Ana on `tulip-x` that is in review."""
    ana = agency.desk.acting_as("ana")
    return ana.submit(ana.draft("Lente", profiles=["tulip-x"], planned_at=PLANNED, **content))


def refusal_code(command: Callable[[], object]) -> str:
    """Return the code of the first reason for the refusal of a command."""
    with pytest.raises(NotAllowedError) as caught:
        command()
    verdict = caught.value.verdict
    assert verdict.explain("en") != verdict.explain("nl")
    return verdict.reasons[0].code if verdict.reasons else "default_deny"


class Agency:
    """
    A desk with its clock, store, media and sandbox.

    Args:
        folder: The folder of its files.
        kind: "memory", "sqlite", "async memory" or "async sqlite".
        faults: The faults of the sandbox.
        sandbox: Further options of the sandbox.
    """

    def __init__(self, folder: Path, kind: str, *, faults: tuple = (), **sandbox: object) -> None:
        self.now = START
        self.folder = folder
        self.sandbox = self._sandbox(faults, **sandbox)
        self.kind = AwaitedDesk if kind.startswith("async") else Desk
        if kind.endswith("memory"):
            self.store = MemoryStore()
        else:
            self.store = SqliteStore(str(folder / "desk.db"), durable=False)
        self.media = MemoryMedia()
        self.organization = Organization.loads(DOCUMENT)
        self.desk: Any = self.kind.create(
            self.store, self.organization, owner="eva", **self.options
        )

    @property
    def options(self) -> dict:
        return {
            "networks": {"*": self.sandbox},
            "media": self.media,
            "clock": self.clock,
            "real_clock": self.clock,
            "sleep": lambda _: None,
        }

    def _sandbox(self, faults: tuple, **options: object) -> Sandbox:
        return Sandbox(
            self.folder / "out",
            faults=faults,
            clock=self.clock,
            real_clock=self.clock,
            durable=False,
            sleep=lambda _: None,
            **options,
        )

    def inject(self, *faults: InjectedFault, **options: object) -> None:
        """Replace the faults of the sandbox, without changing its posts or the journal."""
        self.sandbox.close()
        self.sandbox = self._sandbox(faults, **options)
        self.desk = self.second_desk()

    def clock(self) -> dt.datetime:
        return self.now

    def acting(self, *members: str) -> tuple:
        return tuple(self.desk.acting_as(member) for member in members)

    def adopt(self, document: Organization | str, *, reason: str = "new rules") -> None:
        """Adopt a document as Eva, the owner."""
        if isinstance(document, str):
            document = Organization.loads(document)
        self.desk.acting_as("eva").adopt(self.desk.propose(document), reason=reason)

    def second_desk(self) -> Any:
        """Open the same journal a second time, as another process would."""
        return self.kind.open(self.store, **self.options)

    def approved_post(
        self,
        text: str = "De lente is er",
        *,
        profiles: tuple[str, ...] | list[str] = (PROFILE,),
        at: str = PLANNED,
        **content: Any,
    ) -> Post:
        """Draft and submit a post as Ana, and approve it as Ben."""
        ana, ben = self.acting("ana", "ben")
        draft = ana.draft(text, profiles=profiles, planned_at=at, **content)
        return ben.approve(ana.submit(draft))

    def run_due(self, *, after: dt.timedelta = dt.timedelta(0)) -> Any:
        """Set the clock to `DUE` unless it is later, advance it by *after*, and do the due work."""
        self.now = max(self.now, DUE) + after
        return self.desk.run_due()

    def delivery(self, post: Post) -> Delivery:
        """Return the only delivery of a post."""
        (delivery,) = self.desk.deliveries(post)
        return delivery

    def attention(self, member: str = "ana") -> list[str]:
        """Return why deliveries are on a member's to-do list."""
        items = self.desk.acting_as(member).to_do()
        return [item.attention for item in items if item.kind == "triage"]

    def live_texts(self, profile: str = PROFILE) -> list[str]:
        """Return the texts of the posts that the network shows on a profile."""
        return [post.text for post in self.sandbox.posts(profile) if not post.removed]

    def notified(self, *kinds: str) -> list[tuple[str, str]]:
        """Return the kind and the recipient of all notifications, optionally of some kinds only."""
        return [
            (notification.kind, notification.to)
            for notification in self.desk.notifications()
            if not kinds or notification.kind in kinds
        ]

    def check_journal(self) -> None:
        """Check that the audit is clean, and that snapshots and rows follow from the events."""
        report = self.desk.audit()
        assert report.clean, report.findings
        assert self.desk.engine.store.reindex(reducer).changed == ()

    def close(self) -> None:
        self.desk.close()
        self.store.close()
        self.sandbox.close()
