"""Several workers of one desk, stepped call by call; any of them may die, freeze or hear nothing."""

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
    """One run over the due work, stopped before its next call."""

    steps: Generator[Any, Any, Any]
    call: Any
    frozen_until: dt.timedelta = dt.timedelta(0)


class Simulation:
    """
    A desk, its network, people and workers, all decided by one seed.

    The timeline of the sandbox is the truth that the journal is held to.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.entropy = random.Random(seed + 1).randbytes
        self.wall = START
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
        self.faults = faults
        self.folder = folder
        self.sandbox = self.network(tuple(faults))
        self.store = MemoryStore()
        self.media = MemoryMedia()
        self.whole = Organization.loads(DOCUMENT)
        self.desk = Desk.create(self.store, self.whole, owner="eva", **self.options)
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
            thread_mark="|",
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
        return self.wall

    def monotonic(self) -> float:
        return self.passed.total_seconds()

    def pass_time(self, seconds: float) -> None:
        self.wall += dt.timedelta(seconds=seconds)
        self.passed += dt.timedelta(seconds=seconds)
        self.latest = max(self.latest, self.wall)

    def open_desk(self) -> Desk:
        """Return another process's desk on the same journal, with clocks of this world."""
        desk = Desk.open(self.store, **self.options)
        desk._publisher.dispatcher.monotonic = self.monotonic
        return desk

    # people

    def people(self) -> None:
        pick = self.random.choice
        act = pick(
            ("write", "write", "write", "hold", "resume", "take_down", "edit", "amend",
             "mark", "absent", "schedule", "adopt", "unhold", "reconcile")
        )  # fmt: skip
        with suppress(NotAllowedError, StaleError, InvalidValueError, NotFoundError):
            getattr(self, f"do_{act}")()
            self.done[act] += 1

    def acting(self, who: str) -> Any:
        return self.desk.acting_as(who)

    def any_post(self) -> Any:
        posts = self.desk.posts(workspace="tulip")
        if not posts:
            raise NotFoundError("post", "any")
        return self.random.choice(posts)

    def do_write(self) -> None:
        self.number += 1
        text = f"post {self.number}"
        profiles = self.random.sample(PROFILES, self.random.randint(1, 2))
        if self.random.random() < 0.3:
            text = "|".join(f"{text} part {part}" for part in range(3))
        at = self.wall + dt.timedelta(minutes=self.random.randint(1, 20))
        post = self.acting("ana").draft(text, profiles=profiles, planned_at=at)
        self.acting("ben").approve(self.acting("ana").submit(post))

    def do_hold(self) -> None:
        if len(self.desk.holds()) < 2:
            on = self.random.choice(({"workspace": "tulip"}, *PROFILES))
            self.acting("eva").hold(on, reason="storm")

    def do_resume(self) -> None:
        for hold in self.desk.holds():
            self.acting("eva").resume(hold.id)

    do_unhold = do_resume

    def do_take_down(self) -> None:
        post = self.any_post()
        if self.random.random() < 0.3:
            profile = self.random.choice(("", *post.targets))
            self.acting("eva").take_down(post, reason="no more", profile=profile)

    def out_in_one_piece(self) -> Any:
        """A post that is out on the network that changes in place."""
        found = [
            delivery.post
            for delivery in self.deliveries()
            if delivery.state is DeliveryState.PUBLISHED
            and delivery.profile == "tulip-mastodon"
            and not delivery.parts
        ]
        return self.desk.post(self.random.choice(found)) if found else self.any_post()

    def do_edit(self) -> None:
        likely = self.random.random() < 0.7
        post = self.out_in_one_piece() if likely else self.any_post()
        edited = self.acting("ana").edit(post, text=f"{post.text} anew".replace("|", " "))
        if self.random.random() < 0.8:
            edited = self.acting("ben").approve(edited)
            self.acting("eva").amend(edited, profile="tulip-mastodon")
            self.done["amend"] += 1

    def do_amend(self) -> None:
        self.acting("eva").amend(self.out_in_one_piece(), profile="tulip-mastodon")

    def do_schedule(self) -> None:
        at = self.wall + dt.timedelta(minutes=5)
        self.acting("eva").schedule(self.any_post(), at=at)

    def in_doubt(self) -> Delivery:
        found = [
            delivery
            for post in self.desk.posts(workspace="tulip")
            for delivery in self.desk.deliveries(post)
            if delivery.in_doubt is not None and delivery.state is DeliveryState.UNKNOWN
        ]
        if not found:
            raise NotFoundError("delivery", "in doubt")
        return self.random.choice(found)

    def there(self, delivery: Delivery) -> list[Any]:
        """What a person who looks at the account sees of a delivery: its own, by its key."""
        key = delivery.prepared.get("key", "none")
        part = len(delivery.parts)
        wanted = key if part == 0 else f"{key}-{part}"
        return [post for post in self.sandbox.posts(delivery.profile) if post.key == wanted]

    def do_mark(self) -> None:
        delivery = self.in_doubt()
        seen = self.there(delivery)
        if seen and "|" not in self.desk.post(delivery.post).text:
            # Of a thread a person would have to find every part.
            self.acting("eva").mark_published(
                delivery.post, delivery.profile, network_id=seen[0].network_id
            )

    def do_absent(self) -> None:
        delivery = self.in_doubt()
        if not self.there(delivery) and not self.honours_keys:
            self.acting("eva").mark_not_published(delivery.post, delivery.profile)

    def do_reconcile(self) -> None:
        with suppress(ConflictError):
            self.desk.reconcile(self.in_doubt())

    def do_adopt(self) -> None:
        if self.random.random() < 0.2:
            document = DOCUMENT.replace('text = "x"', 'text = "x"')
            changed = document.replace("[[slot_plans]]", f"# {self.number}\n[[slot_plans]]")
            slots = self.random.choice(("mon-sun 09:30", "mon-sun 10:30", "mon-sun 11:30"))
            proposed = Organization.loads(changed.replace("mon-sun 09:30", slots))
            self.acting("eva").adopt(self.desk.propose(proposed), reason="other slots")

    # workers

    def step(self) -> None:
        chance = self.random.random()
        if chance < 0.06:
            self.people()
        elif chance < 0.16:
            self.pass_time(self.random.choice((1, 5, 20, 60, 300)))
        elif chance < 0.162:
            self.wall -= dt.timedelta(days=1)
            self.done["clock set back"] += 1
        elif len(self.workers) < 3 and chance < 0.3:
            self.hire()
        else:
            self.work()

    def hire(self) -> None:
        desk = self.open_desk()
        steps = run_due(
            desk.engine,
            desk._publisher,
            now=self.wall,
            worker=f"w{self.random.random()}",
            lease_s=10.0,
        )
        self.workers.append(Worker(steps, next(steps)))

    def work(self) -> None:
        ready = [one for one in self.workers if one.frozen_until <= self.passed]
        if not ready:
            return
        worker = self.random.choice(ready)
        chance = self.random.random()
        if chance < 0.01:
            self.dies(worker, after_the_call=self.random.random() < 0.5)
        elif chance < 0.02:
            worker.frozen_until = self.passed + dt.timedelta(seconds=self.random.randint(1, 900))
            self.done["freeze"] += 1
        else:
            self.carries_on(worker)

    def dies(self, worker: Worker, *, after_the_call: bool) -> None:
        if after_the_call:
            with suppress(Exception):
                worker.call.function(*worker.call.args, **worker.call.kwargs)
        worker.steps.close()
        self.workers.remove(worker)
        self.done["death"] += 1

    def carries_on(self, worker: Worker) -> None:
        call = worker.call
        try:
            answer = self.made(call)
        except Exception as error:  # noqa: BLE001  the steps decide what it means
            self.goes_on(worker, partial(worker.steps.throw, error))
        else:
            self.goes_on(worker, partial(worker.steps.send, answer))

    def made(self, call: Any) -> Any:
        sends = bool(call.args) and isinstance(call.args[0], Request)
        creates = sends and call.args[0].creates is not None
        answer = call.function(*call.args, **call.kwargs)
        if creates and self.random.random() < 0.05:
            self.done["answer lost"] += 1
            raise OutcomeUnknownError("the answer was lost on its way")
        if sends and not creates and self.random.random() < 0.03:
            raise TransientError("nothing reached the server")
        return answer

    def goes_on(self, worker: Worker, resume: Callable[[], Any]) -> None:
        try:
            worker.call = resume()
        except StopIteration:
            self.workers.remove(worker)
            self.done["run"] += 1
        except (ConflictError, StoreUnavailableError):
            self.workers.remove(worker)

    # judgement

    def run(self, steps: int) -> None:
        for number in range(steps):
            self.step()
            if number % 50 == 0:
                self.check_claims()

    def drain(self) -> None:
        """Let all workers end or die, the network behave, and people resume what waits."""
        for worker in list(self.workers):
            self.dies(worker, after_the_call=True)
        # Whoever looks after the machine puts the clock right.
        self.wall = self.latest
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
        """Invariant 3: what counts as out is on the network, what counts as removed is not."""
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
        self.check_claims()
        posts = self.sandbox.posts()
        # Invariant 2: one post for each part, however often anybody died.
        made = Counter(post.key for post in posts)
        doubled = {key: count for key, count in made.items() if count > 1}
        assert not doubled, doubled
        # Nothing is out that the journal does not know, and nothing known is lost.
        known = {name for delivery in self.deliveries() for name in delivery.live_ids}
        there = {post.network_id for post in posts if not post.removed}
        assert known == there, f"claimed: {known - there}, lost: {there - known}"
        # Invariant 5: everything has come to an end, or waits for a person who is told.
        for delivery in self.deliveries():
            parts_wait = delivery.partly_published and delivery.problem
            assert delivery.state.value in FINAL or delivery.attention or parts_wait, delivery
        self.check_words(posts)
        self.check_holds()
        report = self.desk.audit()
        assert report.clean, report.findings
        assert self.desk.engine.store.reindex(reducer).changed == ()

    def check_words(self, posts: Any) -> None:
        """Invariant 1, as far as words go: what is out is a revision that was approved."""
        texts: dict[str, str] = {post.network_id: post.text for post in posts if not post.removed}
        for post in self.desk.posts(workspace="tulip"):
            for delivery in self.desk.deliveries(post):
                if delivery.state is DeliveryState.PUBLISHED and not delivery.parts:
                    doubt = (
                        delivery.amend_attempt is not None and not delivery.amend_attempt.answered
                    )
                    if delivery.revision == post.digest and not doubt and not delivery.duplicates:
                        assert texts[delivery.network_id] == post.content.text_for(
                            delivery.profile
                        ), delivery

    def check_holds(self) -> None:
        """Invariant 6: no right to send is stored while a hold stands."""
        standing: dict[str, Any] = {}
        profiles = {profile.id: profile for profile in self.desk.organization.profiles}
        profile_of = {delivery.id: delivery.profile for delivery in self.deliveries()}
        position = 0
        while page := self.desk.feed(after=position, limit=500):
            for entry in page:
                position = entry.position
                if entry.type == "hold.placed":
                    standing[entry.data.hold.id] = entry.data.hold
                elif entry.type == "hold.ended":
                    standing.pop(entry.data.hold, None)
                elif entry.type in ("delivery.send_started", "delivery.amend_started"):
                    profile = profiles[profile_of[entry.stream.partition("/")[2]]]
                    for hold in standing.values():
                        assert not hold.on.matches_profile(profile), entry

    def close(self) -> None:
        self.desk.close()
        self.store.close()
        self.sandbox.close()
