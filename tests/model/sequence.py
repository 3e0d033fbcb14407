"""One random sequence of commands, at a desk and in the reference model side by side."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import attrs
from tests.model.reference import RefusedHereError, World
from tests.model.rules import PEOPLE, PROFILES, document, make

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
    """A network that takes everything at once, and keeps it."""

    taken: list[tuple[str, str]] = attrs.field(factory=list)
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
        return Published(network_id=f"n{len(self.taken)}")

    def find(self, prepared: Prepared, progress: Any) -> Any:
        return Missing(conclusive_after=dt.timedelta())
        yield

    def send(self, request: Request, *, timeout_s: float) -> Response:
        self.taken.append((self.profile, str(request.json)))
        return Response(status=200)

    def close(self) -> None:
        pass


class Sequence:
    """Both sides, and what both have been told so far."""

    def __init__(self, seed: int, *, store: Any = None) -> None:
        self.rng = random.Random(seed)
        self.now = START
        self.rules = make(self.rng)
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

    def when(self) -> dt.datetime:
        return self.now + dt.timedelta(minutes=self.rng.choice((-60, 30, 90, 300, 1000, 3000)))

    def both(self, who: str, name: str, real: Any, **said: Any) -> Any:
        """Do one command on both sides; they have to agree on yes or no."""
        self.model.now = self.now
        self.commands += 1
        shown = {key: value for key, value in said.items() if key != "rules"}
        self.log.append(f"{self.now:%d %H:%M} {who} {name} {shown}")
        try:
            self.model.do(who, name, **said)
            expected = "done"
        except RefusedHereError:
            expected = "refused"
        answer = None
        try:
            answer = real(self.desk.acting_as(who))
            actual, why = "done", ""
        except REFUSALS as error:
            actual, why = "refused", f"{type(error).__name__}: {error}"
        assert expected == actual, f"{self.log[-1]}: {why}"
        self.done += actual == "done"
        return answer

    def step(self) -> None:
        pick = self.rng.random()
        if pick < 0.14:
            # Now and then a clock is set back, by a day.
            minutes = self.rng.choice((5, 45, 200, 200, 700, 1500, -1440))
            self.now += dt.timedelta(minutes=minutes)
            self.log.append(f"now {self.now:%d %H:%M}")
        elif pick < 0.26:
            self.due()
        elif pick < 0.30:
            self.adopt()
        elif pick < 0.34:
            self.away()
        elif pick < 0.37:
            self.hold()
        elif pick < 0.39:
            who = self.rng.choice(("eva", "eva", "ben"))
            member = self.rng.choice(("ana", "ben", "tom", "noor"))
            self.both(who, "erase", lambda one: one.erase(member=member, reason="r"), member=member)
        elif pick < 0.52 or not self.names:
            self.draft()
        else:
            self.on_post()
        self.compare()

    def due(self) -> None:
        self.model.now = self.now
        self.log.append(f"{self.now:%d %H:%M} run_due")
        self.model.run_due()
        report = self.desk.run_due()
        assert () == report.problems, report.problems

    def draft(self) -> None:
        rng = self.rng
        ws = rng.choice(("tulip", "tulip", "dike"))
        inside = [name for name in PROFILES if PROFILES[name] == ws]
        targets = tuple(sorted(rng.sample(inside, rng.randint(0, len(inside)))))
        if rng.random() < 0.05:
            targets = ("dike-x", "tulip-x")
        said = {"ws": ws, "targets": targets, "text": self.text(),
                "time": rng.choice((None, self.when(), self.when(), self.when())),
                "tags": rng.choice(((), (), ("offer",)))}  # fmt: skip
        name = f"p{len(self.names)}-{self.commands}"
        made = self.both(
            rng.choice(("ana", "ana", "ben", "tom", "eva", "noor")),
            "draft",
            lambda who: who.draft(said["text"], workspace=ws, profiles=targets,
                                  planned_at=said["time"], tags=said["tags"], external_id=name),
            post=name, **said,
        )  # fmt: skip
        if made is not None:
            self.names.append(name)

    def on_post(self) -> None:
        rng = self.rng
        name = rng.choice(self.names[-5:])
        post = self.desk.post_by_external_id(name)
        seen = len(post.revisions)
        if rng.random() < 0.12:
            seen = rng.randint(1, seen)
        digest = post.revisions[seen - 1].digest
        command = rng.choice(self.likely(post.state.value))
        who = rng.choice((*PEOPLE, "ana", "ben", "eva", "eva", "tom"))
        at = self.when()
        changes = rng.choice(
            ({"text": self.text()}, {"text": self.text()}, {"tags": rng.choice(((), ("offer",)))},
             {"targets": rng.choice((("tulip-x",), ("tulip-m", "tulip-x"), ("dike-x",), ()))},
             {"time": at}, {"text": post.text})
        )  # fmt: skip
        told = {"profiles" if key == "targets" else "planned_at" if key == "time" else key: value
                for key, value in changes.items()}  # fmt: skip
        ways: dict[str, tuple[Any, dict]] = {
            "edit": (lambda one: one.edit(post.id, revision=digest, **told),
                     {"seen": seen, "changes": changes}),
            "submit": (lambda one: one.submit(post.id, revision=digest), {"seen": seen}),
            "approve": (lambda one: one.approve(post.id, revision=digest),
                        {"seen": seen, "verdict": "approve"}),
            "request_changes": (lambda one: one.request_changes(post.id, "n", revision=digest),
                                {"seen": seen, "verdict": "request_changes"}),
            "reject": (lambda one: one.reject(post.id, "n", revision=digest),
                       {"seen": seen, "verdict": "reject"}),
            "withdraw": (lambda one: one.withdraw(post.id), {}),
            "schedule": (lambda one: one.schedule(post.id, revision=digest), {"seen": seen}),
            "unschedule": (lambda one: one.unschedule(post.id), {}),
            "reschedule": (lambda one: one.reschedule(post.id, at, revision=digest),
                     {"seen": seen, "time": at}),
            "cancel": (lambda one: one.cancel(post.id), {}),
            "comment": (lambda one: one.comment(post.id, "?"), {}),
        }  # fmt: skip
        real, said = ways[command]
        method = "vote" if "verdict" in said else command
        self.both(who, method, real, post=name, **said)

    def likely(self, state: str) -> tuple[str, ...]:
        """Return commands that mostly fit, and now and then any."""
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
        who = rng.choice(tuple(PEOPLE))
        if self.holds and rng.random() < 0.6:
            hold = rng.choice(self.holds)
            self.both(who, "resume", lambda one: one.resume(hold), hold=hold)
            self.holds = [one.id for one in self.desk.holds()]
            return
        on = rng.choice((*PROFILES, "tulip", "dike"))
        selector = on if on in PROFILES else {"workspace": on}
        until = rng.choice((None, self.now + dt.timedelta(hours=5)))
        before = set(self.holds)

        def real(one: Any) -> Any:
            return one.hold(selector, reason="r", until=until)

        # The desk names its holds; the model learns the name.
        self.both(who, "hold", real, hold="new", on=on, until=until)
        self.holds = [one.id for one in self.desk.holds()]
        for fresh in set(self.holds) - before:
            self.model.holds[fresh] = self.model.holds.pop("new")

    def away(self) -> None:
        rng = self.rng
        who = rng.choice(("ana", "ben", "eva", "tom"))
        member = rng.choice((who, who, who, "ben", "noor"))
        start = self.now.date() + dt.timedelta(days=rng.randint(-2, 3))
        end = start + dt.timedelta(days=rng.randint(0, 3))
        delegate = rng.choice(("", "", "ana", "ben"))
        self.both(
            who,
            "away",
            lambda one: one.add_absence(start, end, member=member, delegate=delegate),
            absence=str(self.commands), member=member, start=start, end=end, delegate=delegate,
        )  # fmt: skip

    def adopt(self) -> None:
        rules = make(self.rng) if self.rng.random() < 0.9 else self.model.rules
        who = self.rng.choice(("eva", "eva", "eva", "ben", "tom"))
        proposal = self.desk.propose(Organization.loads(document(rules)))
        self.both(who, "adopt", lambda one: one.adopt(proposal, reason="r"), rules=rules)

    def compare(self) -> None:
        """Everything that stands has to be the same on both sides."""
        self.model.now = self.now
        assert sorted(self.model.sent) == sorted(self.sent()), self.tail()
        for name in self.names:
            mine, post = self.model.posts[name], self.desk.post_by_external_id(name)
            deliveries = [(one.profile, one.state.value) for one in self.desk.deliveries(post)]
            expected = [(one["profile"], one["state"]) for one in mine["deliveries"]]
            stands = (post.state.value, deliveries)
            assert bool(mine.get("erased")) == post.erased, f"{name}: {mine}"
            assert (mine["state"], expected) == stands, f"{name}: {mine}"
            if mine["state"] != "in_review":
                assert () == self.desk.pending_steps(post)
                continue
            steps = {
                str(one.key): (one.state, set(one.asked), set(one.approved_by), one.overdue)
                for one in self.desk.pending_steps(post)
            }
            said = {
                key: (one["state"], one["asked"], one["approved"],
                      one["state"] == "open" and mine["clocks"].get(key, {}).get("overdue", False))
                for key, one in self.model.statuses(mine).items()
                if one["state"] != "passed"
            }  # fmt: skip
            assert said == steps, f"{name}: {said} is not {steps}"

    def sent(self) -> list[tuple[str, str]]:
        return list(self.network.taken)

    def tail(self, name: str = "") -> str:
        return "\n".join([name, *self.log[-25:]])

    def end(self) -> None:
        """Let all that waits come due, then look at the journal from outside."""
        self.now += dt.timedelta(days=4)
        self.due()
        self.compare()
        report = self.desk.audit()
        assert report.clean, report.findings
        assert () == self.desk.engine.store.reindex(reducer).changed
        self.compare()


def play(seed: int, *, steps: int, store: Any = None) -> Sequence:
    """Play one sequence; on a failure its seed is in the message."""
    sequence = Sequence(seed, store=store)
    try:
        for _ in range(steps):
            sequence.step()
        sequence.end()
    except BaseException as error:
        error.add_note(f"replay with: play({seed}, steps={steps})\n{sequence.tail()}")
        raise
    return sequence
