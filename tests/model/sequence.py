"""A random sequence of commands, performed by a desk and by the reference model."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import attrs
from tests.model.reference import RefusedError, World
from tests.model.rules import MEMBERS, PROFILES, document, random_rules

from socialcollab.desk import Desk, reducer
from socialcollab.directory import network
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError, StaleError
from socialcollab.organization import Organization
from socialcollab.stores import MemoryStore
from socialcollab.transport import (
    Missing,
    OutgoingPost,
    Prepared,
    Published,
    Request,
    Response,
    call,
)

START = dt.datetime(2026, 4, 1, 8, tzinfo=dt.UTC)
WORDS = ("tulp", "dijk", "lente", "zon")
REFUSALS = (NotAllowedError, StaleError, NotFoundError, InvalidValueError)


@attrs.define
class Network:
    """A network that immediately accepts and stores every post."""

    posts: list[tuple[str, str]] = attrs.field(factory=list)
    description: Any = attrs.field(factory=lambda: network("x"))
    send_within_s: float = 5.0
    profile: str = ""

    def adapter(self, profile: Any) -> Network:
        return attrs.evolve(self, profile=profile.id)

    def transport(self, profile: Any) -> Network:
        return attrs.evolve(self, profile=profile.id)

    def prepare(self, outgoing: OutgoingPost, *, now: dt.datetime, entropy: bytes) -> Prepared:
        return Prepared(outgoing=outgoing, idempotency_keys={"key": entropy.hex()})

    def publish(self, prepared: Prepared, progress: Any) -> Any:
        text = prepared.outgoing.text
        yield from call(
            Request(method="POST", url="https://x.example/", creates=0, repeat="no", json=text)
        )
        return Published(network_id=f"n{len(self.posts)}")

    def find(self, prepared: Prepared, progress: Any) -> Any:
        return Missing(conclusive_after=dt.timedelta())
        yield

    def send(self, request: Request, *, timeout_s: float) -> Response:
        self.posts.append((self.profile, str(request.json)))
        return Response(status=200)

    def close(self) -> None:
        pass


class Sequence:
    """A desk, a model, and the commands that both have performed."""

    def __init__(self, seed: int, *, store: Any = None) -> None:
        self.rng = random.Random(seed)
        self.now = START
        self.rules = random_rules(self.rng)
        self.network = Network()
        self.model = World(self.rules, self.now)
        self.options = {
            "networks": {"*": self.network},
            "clock": lambda: self.now,
            "real_clock": lambda: self.now,
            "sleep": lambda _: None,
        }
        self.store = store or MemoryStore()
        self.desk = Desk.create(
            self.store, Organization.loads(document(self.rules)), owner="eva", **self.options
        )
        self.names: list[str] = []
        self.holds: list[str] = []
        self.log: list[str] = []
        self.commands = self.done = 0

    def text(self) -> str:
        return f"{self.rng.choice(WORDS)} {self.rng.randrange(50)}"

    def time(self) -> dt.datetime:
        return self.now + dt.timedelta(minutes=self.rng.choice((-60, 30, 90, 300, 1000, 3000)))

    def perform(self, actor: str, command: str, on_desk: Any, **arguments: Any) -> Any:
        """Perform a command on both sides, which must agree on whether it is refused."""
        self.model.now = self.now
        self.commands += 1
        shown = {key: value for key, value in arguments.items() if key != "rules"}
        self.log.append(f"{self.now:%d %H:%M} {actor} {command} {shown}")
        try:
            self.model.do(actor, command, **arguments)
            expected = "done"
        except RefusedError:
            expected = "refused"
        result = None
        try:
            result = on_desk(self.desk.acting_as(actor))
            actual, error_text = "done", ""
        except REFUSALS as error:
            actual, error_text = "refused", f"{type(error).__name__}: {error}"
        assert expected == actual, f"{self.log[-1]}: {error_text}"
        self.done += actual == "done"
        return result

    def step(self) -> None:
        pick = self.rng.random()
        if pick < 0.14:
            # The clock is sometimes set back by a day.
            minutes = self.rng.choice((5, 45, 200, 200, 700, 1500, -1440))
            self.now += dt.timedelta(minutes=minutes)
            self.log.append(f"now {self.now:%d %H:%M}")
        elif pick < 0.26:
            self.run_due()
        elif pick < 0.30:
            self.adopt()
        elif pick < 0.34:
            self.add_absence()
        elif pick < 0.37:
            self.hold()
        elif pick < 0.39:
            actor = self.rng.choice(("eva", "eva", "ben"))
            member = self.rng.choice(("ana", "ben", "tom", "noor"))
            self.perform(
                actor, "erase", lambda desk: desk.erase(member=member, reason="r"), member=member
            )
        elif pick < 0.52 or not self.names:
            self.draft()
        else:
            self.change_post()
        self.compare()

    def run_due(self) -> None:
        self.model.now = self.now
        self.log.append(f"{self.now:%d %H:%M} run_due")
        self.model.run_due({name: self.desk.post_by_external_id(name).id for name in self.names})
        report = self.desk.run_due()
        assert () == report.problems, report.problems

    def draft(self) -> None:
        rng = self.rng
        ws = rng.choice(("tulip", "tulip", "dike"))
        inside = [name for name in PROFILES if PROFILES[name] == ws]
        targets = tuple(sorted(rng.sample(inside, rng.randint(0, len(inside)))))
        if rng.random() < 0.05:
            targets = ("dike-x", "tulip-x")
        draft = {
            "ws": ws,
            "targets": targets,
            "text": self.text(),
            "time": rng.choice((None, self.time(), self.time(), self.time())),
            "tags": rng.choice(((), (), ("offer",))),
        }
        name = f"p{len(self.names)}-{self.commands}"
        post = self.perform(
            rng.choice(("ana", "ana", "ben", "tom", "eva", "noor")),
            "draft",
            lambda desk: desk.draft(
                draft["text"],
                workspace=ws,
                profiles=targets,
                planned_at=draft["time"],
                tags=draft["tags"],
                external_id=name,
            ),
            post=name,
            **draft,
        )
        if post is not None:
            self.names.append(name)

    def change_post(self) -> None:
        rng = self.rng
        name = rng.choice(self.names[-5:])
        post = self.desk.post_by_external_id(name)
        seen = len(post.revisions)
        if rng.random() < 0.12:
            seen = rng.randint(1, seen)
        digest = post.revisions[seen - 1].digest
        command = rng.choice(self.likely_commands(post.state.value))
        actor = rng.choice((*MEMBERS, "ana", "ben", "eva", "eva", "tom"))
        at = self.time()
        changes = rng.choice(
            ({"text": self.text()}, {"text": self.text()}, {"tags": rng.choice(((), ("offer",)))},
             {"targets": rng.choice((("tulip-x",), ("tulip-m", "tulip-x"), ("dike-x",), ()))},
             {"time": at}, {"text": post.text})
        )  # fmt: skip
        names = {"targets": "profiles", "time": "planned_at"}
        edits = {names.get(key, key): value for key, value in changes.items()}
        commands: dict[str, tuple[Any, dict]] = {
            "edit": (lambda desk: desk.edit(post.id, revision=digest, **edits),
                     {"seen": seen, "changes": changes}),
            "submit": (lambda desk: desk.submit(post.id, revision=digest), {"seen": seen}),
            "approve": (lambda desk: desk.approve(post.id, revision=digest),
                        {"seen": seen, "verdict": "approve"}),
            "request_changes": (lambda desk: desk.request_changes(post.id, "n", revision=digest),
                                {"seen": seen, "verdict": "request_changes"}),
            "reject": (lambda desk: desk.reject(post.id, "n", revision=digest),
                       {"seen": seen, "verdict": "reject"}),
            "withdraw": (lambda desk: desk.withdraw(post.id), {}),
            "schedule": (lambda desk: desk.schedule(post.id, revision=digest), {"seen": seen}),
            "unschedule": (lambda desk: desk.unschedule(post.id), {}),
            "reschedule": (lambda desk: desk.reschedule(post.id, at, revision=digest),
                     {"seen": seen, "time": at}),
            "cancel": (lambda desk: desk.cancel(post.id, revision=digest), {"seen": seen}),
            "comment": (lambda desk: desk.comment(post.id, "?"), {}),
        }  # fmt: skip
        on_desk, arguments = commands[command]
        method = "review" if "verdict" in arguments else command
        self.perform(actor, method, on_desk, post=name, **arguments)

    def likely_commands(self, state: str) -> tuple[str, ...]:
        """Usually return commands that are possible in a state, and sometimes all commands."""
        every = ("edit", "submit", "approve", "request_changes", "reject", "withdraw", "schedule",
                 "unschedule", "reschedule", "cancel", "comment")  # fmt: skip
        if self.rng.random() < 0.15:
            return every
        return {
            "draft": ("submit", "submit", "edit", "reschedule"),
            "changes_requested": ("submit", "edit"),
            "in_review": ("approve",) * 6 + ("edit", "request_changes", "reschedule", "withdraw"),
            "approved": ("edit", "schedule", "unschedule", "reschedule", "reschedule", "withdraw"),
            "expired": ("reschedule", "edit"),
        }.get(state, every)

    def hold(self) -> None:
        rng = self.rng
        actor = rng.choice(tuple(MEMBERS))
        if self.holds and rng.random() < 0.6:
            hold = rng.choice(self.holds)
            self.perform(actor, "resume", lambda desk: desk.resume(hold), hold=hold)
            self.holds = [hold.id for hold in self.desk.holds(ended=True)]
            return
        on = rng.choice((*PROFILES, "tulip", "dike"))
        selector = on if on in PROFILES else {"workspace": on}
        until = rng.choice((None, self.now + dt.timedelta(hours=5)))
        before = set(self.holds)

        def on_desk(desk: Any) -> Any:
            return desk.hold(selector, reason="r", until=until)

        # The desk chooses the id of the hold, which the model needs to end it.
        self.perform(actor, "hold", on_desk, hold="new", on=on, until=until)
        self.holds = [hold.id for hold in self.desk.holds(ended=True)]
        for new in set(self.holds) - before:
            self.model.holds[new] = self.model.holds.pop("new")

    def add_absence(self) -> None:
        rng = self.rng
        actor = rng.choice(("ana", "ben", "eva", "tom"))
        member = rng.choice((actor, actor, actor, "ben", "noor"))
        start = self.now.date() + dt.timedelta(days=rng.randint(-2, 3))
        end = start + dt.timedelta(days=rng.randint(0, 3))
        delegate = rng.choice(("", "", "ana", "ben"))
        self.perform(
            actor,
            "add_absence",
            lambda desk: desk.add_absence(start, end, member=member, delegate=delegate),
            absence=str(self.commands), member=member, start=start, end=end, delegate=delegate,
        )  # fmt: skip

    def adopt(self) -> None:
        rules = random_rules(self.rng) if self.rng.random() < 0.9 else self.model.rules
        actor = self.rng.choice(("eva", "eva", "eva", "ben", "tom"))
        proposal = self.desk.propose(Organization.loads(document(rules)))
        self.perform(actor, "adopt", lambda desk: desk.adopt(proposal, reason="r"), rules=rules)

    def compare(self) -> None:
        """Compare all posts, deliveries and steps of both sides."""
        self.model.now = self.now
        assert sorted(self.model.sent) == sorted(self.network.posts), self.last_commands()
        for name in self.names:
            model, post = self.model.posts[name], self.desk.post_by_external_id(name)
            expected = (
                model["state"],
                [(delivery["profile"], delivery["state"]) for delivery in model["deliveries"]],
            )
            deliveries = self.desk.deliveries(post)
            actual = (
                post.state.value,
                [(delivery.profile, delivery.state.value) for delivery in deliveries],
            )
            assert bool(model.get("erased")) == post.erased, f"{name}: {model}"
            assert expected == actual, f"{name}: {model}"
            if model["state"] != "in_review":
                assert () == self.desk.pending_steps(post)
                continue
            steps = {
                str(step.key): (
                    step.state, set(step.reviewers), set(step.approved_by), step.overdue
                )
                for step in self.desk.pending_steps(post)
            }  # fmt: skip
            overdue = {key for key, clock in model["clocks"].items() if clock["overdue"]}
            expected_steps = {
                key: (
                    status["state"],
                    status["reviewers"],
                    status["approved"],
                    status["state"] == "open" and key in overdue,
                )
                for key, status in self.model.statuses(model).items()
                if status["state"] != "passed"
            }
            assert expected_steps == steps, f"{name}: {expected_steps} is not {steps}"

    def last_commands(self) -> str:
        return "\n".join(["", *self.log[-25:]])

    def end(self) -> None:
        """Do all work that becomes due later, and check the journal."""
        self.now += dt.timedelta(days=4)
        for _ in range(10):
            self.run_due()
            self.compare()
            self.now += dt.timedelta(minutes=15)
        report = self.desk.audit()
        assert report.clean, report.findings
        assert () == self.desk.engine.store.reindex(reducer).changed
        self.compare()


def play(seed: int, *, steps: int, store: Any = None) -> Sequence:
    """Play a sequence; if it fails, the error shows how to replay it."""
    sequence = Sequence(seed, store=store)
    try:
        for _ in range(steps):
            sequence.step()
        sequence.end()
    except BaseException as error:
        error.add_note(f"replay with: play({seed}, steps={steps})\n{sequence.last_commands()}")
        raise
    return sequence
