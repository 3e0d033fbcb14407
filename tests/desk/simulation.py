"""A simulation of a desk whose workers may crash, freeze or lose responses at any call."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import attrs
from tests.desk.agency import DOCUMENT

from socialcollab.content import Delivery, DeliveryState
from socialcollab.desk import Desk
from socialcollab.desk.journal.streams import reducer
from socialcollab.desk.worker.due import run_due
from socialcollab.errors import (
    ConflictError,
    InvalidValueError,
    NotAllowedError,
    NotFoundError,
    OutcomeUnknownError,
    StaleError,
    StoreUnavailableError,
    TransientError,
)
from socialcollab.networks.sandbox.faults import InjectedFault
from socialcollab.networks.sandbox.network import Sandbox
from socialcollab.organization import Organization
from socialcollab.stores import MemoryMedia, MemoryStore
from socialcollab.transport import Request

START = dt.datetime(2026, 4, 1, 8, tzinfo=dt.UTC)
PROFILES = ("tulip-x", "tulip-mastodon")
FAULTS = (
    "lost_answer",
    "lost_request",
    "server_error",
    "late_server_error",
    "rate_limited",
    "unauthorized",
    "rejected",
)
FINAL = ("published", "missed", "failed", "cancelled", "removed")


@attrs.define
class Worker:
    """A run of the due work that is paused before its next call."""

    steps: Generator[Any, Any, Any]
    call: Any
    frozen_until: dt.timedelta = dt.timedelta(0)


class Simulation:
    """
    A desk with its network, members and workers, all controlled by one seed.

    The journal must agree with the posts that the sandbox shows.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.entropy = random.Random(seed + 1).randbytes
        self.now = START
        self.latest = START
        self.passed = dt.timedelta(0)
        self.honours_keys = bool(seed % 2)
        faults = [
            InjectedFault(kind, times=None, probability=0.06, seed=seed + number, on=action)
            for number, kind in enumerate(FAULTS)
            for action in (("any",) if kind == "unauthorized" else ("create", "take_down", "amend"))
        ]
        if self.honours_keys:
            late = InjectedFault(
                "late_arrival", delay_s=45, times=None, probability=0.06, seed=seed
            )
            faults.append(late)
        self.folder = folder
        self.sandbox = self.network(tuple(faults))
        self.store = MemoryStore()
        self.media = MemoryMedia()
        self.desk = Desk.create(
            self.store, Organization.loads(DOCUMENT), owner="eva", **self.options
        )
        self.workers: list[Worker] = []
        self.done = Counter[str]()
        self.number = 0

    def network(self, faults: tuple[InjectedFault, ...]) -> Sandbox:
        return Sandbox(
            self.folder / "out",
            faults=faults,
            clock=self.clock,
            real_clock=self.clock,
            durable=False,
            honours_keys=self.honours_keys,
            sleep=self.pass_time,
            monotonic=self.monotonic,
        )

    @property
    def options(self) -> dict[str, Any]:
        return {
            "networks": {"*": self.sandbox},
            "media": self.media,
            "clock": self.clock,
            "real_clock": self.clock,
            "sleep": self.pass_time,
            "entropy": self.entropy,
        }

    def clock(self) -> dt.datetime:
        return self.now

    def monotonic(self) -> float:
        return self.passed.total_seconds()

    def pass_time(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)
        self.passed += dt.timedelta(seconds=seconds)
        self.latest = max(self.latest, self.now)

    def open_desk(self) -> Desk:
        """Open the same journal again, as another process would, with the simulated clocks."""
        desk = Desk.open(self.store, **self.options)
        desk._publisher.dispatcher.monotonic = self.monotonic
        return desk

    def act(self) -> None:
        """Perform a random action as a member."""
        act = self.random.choice(
            ("write", "write", "write", "hold", "resume", "take_down", "edit", "amend",
             "mark_published", "mark_not_published", "schedule", "adopt", "resume", "reconcile")
        )  # fmt: skip
        with suppress(NotAllowedError, StaleError, InvalidValueError, NotFoundError):
            getattr(self, f"do_{act}")()
            self.done[act] += 1

    def acting(self, member: str) -> Any:
        return self.desk.acting_as(member)

    def any_post(self) -> Any:
        posts = self.desk.posts(workspace="tulip")
        if not posts:
            raise NotFoundError("post", "any")
        return self.random.choice(posts)

    def do_write(self) -> None:
        self.number += 1
        text = f"post {self.number}"
        profiles = self.random.sample(PROFILES, self.random.randint(1, 2))
        thread = [f"{text} part {part}" for part in (2, 3)] if self.random.random() < 0.3 else []
        at = self.now + dt.timedelta(minutes=self.random.randint(1, 20))
        post = self.acting("ana").draft(text, thread=thread, profiles=profiles, planned_at=at)
        self.acting("ben").approve(self.acting("ana").submit(post))

    def do_hold(self) -> None:
        if len(self.desk.holds()) < 2:
            on = self.random.choice(({"workspace": "tulip"}, *PROFILES))
            self.acting("eva").hold(on, reason="storm")

    def do_resume(self) -> None:
        for hold in self.desk.holds():
            self.acting("eva").resume(hold.id)

    def do_take_down(self) -> None:
        post = self.any_post()
        if self.random.random() < 0.3:
            profile = self.random.choice(("", *post.targets))
            self.acting("eva").take_down(post, reason="no more", profile=profile)

    def amendable_post(self) -> Any:
        """Return a published post that is not a thread, on the network that supports amendments."""
        amendable = [
            delivery.post
            for delivery in self.deliveries()
            if delivery.state is DeliveryState.PUBLISHED
            and delivery.profile == "tulip-mastodon"
            and not delivery.parts
        ]
        return self.desk.post(self.random.choice(amendable)) if amendable else self.any_post()

    def do_edit(self) -> None:
        likely = self.random.random() < 0.7
        post = self.amendable_post() if likely else self.any_post()
        edited = self.acting("ana").edit(post, text=f"{post.text} again", thread=())
        if self.random.random() < 0.8:
            edited = self.acting("ben").approve(edited)
            self.acting("eva").amend(edited, profile="tulip-mastodon")
            self.done["amend"] += 1

    def do_amend(self) -> None:
        self.acting("eva").amend(self.amendable_post(), profile="tulip-mastodon")

    def do_schedule(self) -> None:
        at = self.now + dt.timedelta(minutes=5)
        self.acting("eva").schedule(self.any_post(), at=at)

    def unknown_delivery(self) -> Delivery:
        """Return a delivery whose outcome is unknown."""
        unknown = [
            delivery
            for post in self.desk.posts(workspace="tulip")
            for delivery in self.desk.deliveries(post)
            if delivery.in_doubt is not None and delivery.state is DeliveryState.UNKNOWN
        ]
        if not unknown:
            raise NotFoundError("delivery", "unknown")
        return self.random.choice(unknown)

    def visible_posts(self, delivery: Delivery) -> list[Any]:
        """Return the posts of a delivery that are visible on the account, by key."""
        key = delivery.prepared.get("key", "none")
        part = len(delivery.parts)
        wanted = key if part == 0 else f"{key}-{part}"
        return [post for post in self.sandbox.posts(delivery.profile) if post.key == wanted]

    def do_mark_published(self) -> None:
        delivery = self.unknown_delivery()
        visible = self.visible_posts(delivery)
        if visible and not self.desk.post(delivery.post).content.thread:
            # A member would have to find every part of a thread, so threads are omitted.
            self.acting("eva").mark_published(
                delivery.post, delivery.profile, network_id=visible[0].network_id
            )

    def do_mark_not_published(self) -> None:
        delivery = self.unknown_delivery()
        if not self.visible_posts(delivery) and not self.honours_keys:
            self.acting("eva").mark_not_published(delivery.post, delivery.profile)

    def do_reconcile(self) -> None:
        with suppress(ConflictError):
            self.desk.reconcile(self.unknown_delivery())

    def do_adopt(self) -> None:
        if self.random.random() < 0.2:
            changed = DOCUMENT.replace("[[slot_plans]]", f"# {self.number}\n[[slot_plans]]")
            slots = self.random.choice(("mon-sun 09:30", "mon-sun 10:30", "mon-sun 11:30"))
            proposed = Organization.loads(changed.replace("mon-sun 09:30", slots))
            self.acting("eva").adopt(self.desk.propose(proposed), reason="other slots")

    def step(self) -> None:
        chance = self.random.random()
        if chance < 0.06:
            self.act()
        elif chance < 0.16:
            self.pass_time(self.random.choice((1, 5, 20, 60, 300)))
        elif chance < 0.162:
            self.now -= dt.timedelta(days=1)
            self.done["clock set back"] += 1
        elif len(self.workers) < 3 and chance < 0.3:
            self.start_worker()
        else:
            self.work()

    def start_worker(self) -> None:
        desk = self.open_desk()
        steps = run_due(
            desk.engine,
            desk._publisher,
            now=self.now,
            worker=f"w{self.random.random()}",
            lease_s=10.0,
        )
        self.workers.append(Worker(steps, next(steps)))

    def work(self) -> None:
        ready = [worker for worker in self.workers if worker.frozen_until <= self.passed]
        if not ready:
            return
        worker = self.random.choice(ready)
        chance = self.random.random()
        if chance < 0.01:
            self.kill(worker, after_call=self.random.random() < 0.5)
        elif chance < 0.02:
            worker.frozen_until = self.passed + dt.timedelta(seconds=self.random.randint(1, 900))
            self.done["freeze"] += 1
        else:
            self.make_call(worker)

    def kill(self, worker: Worker, *, after_call: bool) -> None:
        if after_call:
            with suppress(Exception):
                worker.call.function(*worker.call.args, **worker.call.kwargs)
        worker.steps.close()
        self.workers.remove(worker)
        self.done["death"] += 1

    def make_call(self, worker: Worker) -> None:
        call = worker.call
        try:
            answer = self.call_with_faults(call)
        except Exception as error:  # noqa: BLE001  the worker decides what it means
            self.resume(worker, partial(worker.steps.throw, error))
        else:
            self.resume(worker, partial(worker.steps.send, answer))

    def call_with_faults(self, call: Any) -> Any:
        sends = bool(call.args) and isinstance(call.args[0], Request)
        creates = sends and call.args[0].creates is not None
        answer = call.function(*call.args, **call.kwargs)
        if creates and self.random.random() < 0.05:
            self.done["answer lost"] += 1
            raise OutcomeUnknownError("the answer was lost on its way")
        if sends and not creates and self.random.random() < 0.03:
            raise TransientError("nothing reached the server")
        return answer

    def resume(self, worker: Worker, resume: Callable[[], Any]) -> None:
        try:
            worker.call = resume()
        except StopIteration:
            self.workers.remove(worker)
            self.done["run"] += 1
        except (ConflictError, StoreUnavailableError):
            self.workers.remove(worker)

    def run(self, steps: int) -> None:
        for number in range(steps):
            self.step()
            if number % 50 == 0:
                self.check_claims()

    def drain(self) -> None:
        """Stop all workers, repair the network and the clock, and do all due work."""
        for worker in list(self.workers):
            self.kill(worker, after_call=True)
        # The clock may have been set back, so it is set to the latest time that it has shown.
        self.now = self.latest
        self.sandbox.close()
        self.sandbox = self.network(())
        self.desk = self.open_desk()
        self.do_resume()
        for _ in range(60):
            self.pass_time(3600)
            self.do_resume()
            self.desk.run_due(worker="last")

    def deliveries(self) -> list[Delivery]:
        return [
            delivery
            for post in self.desk.posts(workspace="tulip")
            for delivery in self.desk.deliveries(post)
        ]

    def check_claims(self) -> None:
        """Check that published posts are on the network and that removed posts are not."""
        posts = {post.network_id: post for post in self.sandbox.posts()}
        for delivery in self.deliveries():
            assert (delivery.state != "published") or delivery.network_id in posts, delivery
            for name in delivery.removed_ids:
                assert posts[name].removed, delivery
            if delivery.state == "removed":
                assert not delivery.live_ids, delivery
            for name in delivery.known_ids:
                assert name in posts, delivery

    def check(self) -> None:
        """Check all invariants after all work has been completed."""
        self.check_claims()
        posts = self.sandbox.posts()
        # Invariant: each part has one post, no matter how often workers crashed.
        counts = Counter(post.key for post in posts)
        copies = {key: count for key, count in counts.items() if count > 1}
        assert not copies, copies
        # Invariant: the journal contains exactly the posts that the network shows.
        known = {name for delivery in self.deliveries() for name in delivery.live_ids}
        shown = {post.network_id for post in posts if not post.removed}
        assert known == shown, f"claimed: {known - shown}, lost: {shown - known}"
        # Invariant: every delivery is in a final state or on the to-do list of a member.
        for delivery in self.deliveries():
            parts_wait = delivery.partly_published and delivery.problem
            assert delivery.state.value in FINAL or delivery.attention or parts_wait, delivery
        self.check_texts(posts)
        self.check_holds()
        report = self.desk.audit()
        assert report.clean, report.findings
        assert self.desk.engine.store.reindex(reducer).changed == ()

    def check_texts(self, posts: Any) -> None:
        """Check that the texts on the network are those of approved revisions."""
        texts: dict[str, str] = {post.network_id: post.text for post in posts if not post.removed}
        for post in self.desk.posts(workspace="tulip"):
            for delivery in self.desk.deliveries(post):
                if delivery.state is DeliveryState.PUBLISHED and not delivery.parts:
                    unanswered = (
                        delivery.amend_attempt is not None and not delivery.amend_attempt.answered
                    )
                    if (
                        delivery.revision == post.digest
                        and not unanswered
                        and not delivery.duplicates
                    ):
                        assert texts[delivery.network_id] == post.content.text_for(
                            delivery.profile
                        ), delivery

    def check_holds(self) -> None:
        """Check that no send was permitted during a hold on its profile."""
        active: dict[str, Any] = {}
        profiles = {profile.id: profile for profile in self.desk.organization.profiles}
        profile_of = {delivery.id: delivery.profile for delivery in self.deliveries()}
        position = 0
        while page := self.desk.feed(after=position, limit=500):
            for entry in page:
                position = entry.position
                if entry.type == "hold.placed":
                    active[entry.data.hold.id] = entry.data.hold
                elif entry.type == "hold.ended":
                    active.pop(entry.data.hold, None)
                elif entry.type in ("delivery.send_started", "delivery.amend_started"):
                    profile = profiles[profile_of[entry.stream.partition("/")[2]]]
                    for hold in active.values():
                        assert not hold.on.matches_profile(profile), entry

    def close(self) -> None:
        self.desk.close()
        self.store.close()
        self.sandbox.close()
