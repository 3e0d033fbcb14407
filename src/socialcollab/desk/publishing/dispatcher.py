"""What the publisher's conversations share: reading, storing, and carrying a flow out."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import attrs

from socialcollab.content import Delivery, Post, PostContent
from socialcollab.desk.engine import Engine, Loaded, State
from socialcollab.desk.journal.streams import Budget
from socialcollab.desk.queries.calendar import barred
from socialcollab.effects import Effects, call, shielded
from socialcollab.errors import (
    NetworkError,
    NotFoundError,
)
from socialcollab.time import as_utc
from socialcollab.transport import (
    Adapter,
    Checkpoint,
    Created,
    Flow,
    FlowInterpreter,
    Network,
    OutgoingPost,
    Request,
    RetryPolicy,
    SendWindow,
    Transport,
)
from socialcollab.workflow import Actor, Context, PostSnapshot
from socialcollab.workflow.events import Event

T = TypeVar("T")

_SKEW: Final = dt.timedelta(minutes=1)


class StoppedError(Exception):
    """The right to send was not given: a hold, a change, or another worker's attempt."""


@attrs.frozen(kw_only=True)
class SendPermit(SendWindow):
    """
    The permission to send one creating request, stored before the request is sent.

    Attributes:
        number: The number of the attempt.
    """

    number: int


@attrs.frozen(kw_only=True)
class Read:
    """A delivery with its post and what they were read with."""

    state: State
    post: Loaded
    delivery: Loaded
    context: Context
    limited_until: dt.datetime | None
    earlier: tuple[Loaded, ...] = ()

    @property
    def snapshot(self) -> PostSnapshot:
        """The post."""
        found: PostSnapshot = self.post.snapshot
        return found

    @property
    def value(self) -> Delivery:
        """The delivery."""
        found: Delivery = self.delivery.snapshot
        return found


@attrs.define
class Dispatcher:
    """
    Carries conversations out, and stores what came of them.

    Attributes:
        engine: The shell's working parts.

        network_of: Returns the network that reaches a profile.

        sleep: Waits for some seconds.

        retry: When requests that create nothing are sent again. No status counts as a failure: the
            adapter turns it into an error, and due work tries again later.

        monotonic: Seconds that pass, whatever clocks are set to.
    """

    engine: Engine
    network_of: Callable[[Any], Network]
    sleep: Callable[[float], None]
    retry: RetryPolicy = attrs.field(factory=lambda: RetryPolicy(statuses=frozenset()))
    monotonic: Callable[[], float] = time.monotonic

    def real_now(self) -> dt.datetime:
        """Return the instant on the real clock, in UTC."""
        return as_utc(self.engine.real_clock())

    def read(self, delivery: str, now: dt.datetime) -> Effects[Read]:
        """
        Read a delivery, its post, and what counts for them now.

        Raises:
            NotFoundError: If there is no such delivery.
        """
        engine = self.engine
        state = yield from engine.state()
        loaded = yield from engine.load(f"delivery/{delivery}")
        if loaded.snapshot is None:
            raise NotFoundError("delivery", delivery)
        post = yield from engine.post(loaded.snapshot.post)
        earlier = yield from self._others_there(loaded.snapshot, post.snapshot.post)
        budget = yield from engine.load(f"budget/{loaded.snapshot.profile}")
        context = engine.context(
            state,
            Actor.PUBLISHER,
            now=now,
            content=post.snapshot.post.content,
            workspace=post.snapshot.post.workspace,
            snapshot=post.snapshot,
        )
        silenced = barred(
            state, post.snapshot.post, {loaded.snapshot.profile: now}, kinds=("blackout",)
        )
        return Read(
            state=state,
            post=post,
            delivery=loaded,
            context=context.evolve(
                barred=silenced, deliveries=(*(one.snapshot for one in earlier), loaded.snapshot)
            ),
            limited_until=_limited_until(budget.snapshot, now),
            earlier=earlier,
        )

    def _others_there(self, delivery: Delivery, post: Post) -> Effects[tuple[Loaded, ...]]:
        """Read the other deliveries of a post to the same profile; most often there is none."""
        found = []
        for name in post.deliveries:
            if name != delivery.id and name.startswith(f"{post.id}.{delivery.profile}."):
                loaded = yield from self.engine.load(f"delivery/{name}")
                if loaded.snapshot.profile == delivery.profile:
                    found.append(loaded)
        return tuple(found)

    def store(
        self,
        delivery: str,
        now: dt.datetime,
        decide: Callable[[Read], tuple[Event, ...]],
        *,
        sends: bool = False,
    ) -> Effects[tuple[Event, ...]]:
        """Read anew, decide and append, until nothing changes in between."""

        def attempt() -> Effects[tuple[Event, ...]]:
            read = yield from self.read(delivery, now)
            events = decide(read)
            if events:
                loaded = [read.delivery]
                if sends:
                    loaded += [read.post, *read.earlier]
                yield from self.engine.append(
                    read.state, events, loaded, at=now, stopped_by_hold=sends
                )
            return events

        return (yield from self.engine.retry(attempt))

    def outgoing(self, read: Read, content: PostContent | None = None) -> OutgoingPost:
        """Return what leaves for the delivery's profile, as the post stands or *content* says."""
        content = content or read.snapshot.post.content
        delivery = read.value
        return OutgoingPost(
            delivery=delivery.id,
            profile=read.state.organization.profiles_by_id[delivery.profile],
            text=content.text_for(delivery.profile),
            images=content.media,
            links=content.links,
            language=content.language,
            labels=content.labels,
            poll=content.poll,
        )

    def reach(self, read: Read) -> tuple[Adapter, Transport]:
        """
        Return what talks for the delivery's profile, and what carries it.

        Raises:
            NotFoundError: If the profile is none any more.

            InvalidValueError: If no network is given that reaches it.
        """
        profile = read.state.organization.profiles_by_id.get(read.value.profile)
        if profile is None:
            raise NotFoundError("profile", read.value.profile)
        network = self.network_of(profile)
        return network.adapter(profile), network.transport(profile)

    def known_as(self, read: Read, network_id: str) -> Effects[str]:
        """Return the other delivery of the profile that has this id, or an empty string."""
        rows = yield from call(
            self.engine.store.query,
            "network_ids",
            where={"profile": read.value.profile, "network_id": network_id},
            limit=2,
        )
        others = [str(row.columns["delivery"]) for row in rows]
        return next((name for name in others if name != read.value.id), "")

    def run_flow(
        self,
        flow: Flow[T],
        transport: Transport,
        *,
        take_permit: Callable[[Request], Effects[SendPermit]],
        remember: Callable[[Checkpoint | Created], Effects[None]],
    ) -> Effects[T]:
        """
        Carry out a flow, close it, and return its result.

        Args:
            flow: The conversation.
            transport: Sends its requests.
            take_permit: Stores the permit to send a creating request, and returns it.
            remember: Stores a checkpoint, or a part that was created.
        """
        interpreter = FlowInterpreter(
            sleep=self.sleep,
            clock=self.real_now,
            monotonic=self.monotonic,
            retry=self.retry,
            # Each permit is good for one sending; due work decides whether there is another.
            retry_creating=RetryPolicy(tries=1),
            # A cancelled async host still stores the answer to what it has sent.
            abandon_creating=False,
        )
        return interpreter.run(
            flow,
            transport=transport,
            before_create=take_permit,
            remember=lambda op: shielded(remember(op)),
        )


def _limited_until(budget: Budget | None, now: dt.datetime) -> dt.datetime | None:
    """Return until when a profile has to wait; a clock that was set back lets it wait no longer."""
    if budget is None or now < budget.since - _SKEW:
        return None
    return budget.until


def no_permit(_: Request) -> Effects[SendPermit]:
    """Refuse to send what creates something in a conversation that may not."""
    yield from ()
    raise NetworkError("the adapter creates something where it may not")


def forgetting(_: Checkpoint | Created) -> Effects[None]:
    """Remember nothing of a conversation that begins anew each time."""
    yield from ()


def broken(error: Exception) -> NetworkError:
    """Return what an adapter's own failure says: no more than that it failed."""
    return NetworkError(f"the adapter failed with {type(error).__name__}")
