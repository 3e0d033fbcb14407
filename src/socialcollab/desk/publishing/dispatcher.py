"""The steps shared by publishing, amending, taking down and reconciling deliveries."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import attrs

from socialcollab.content import Delivery, DeliveryState, Post, PostContent
from socialcollab.desk.engine import Engine, Loaded, State
from socialcollab.desk.inbox.replies import guard_leaving, load_conversation
from socialcollab.desk.journal.streams import Budget
from socialcollab.desk.publishing.pace import pace_of
from socialcollab.desk.queries.calendar import barred
from socialcollab.effects import Effects, call, shielded
from socialcollab.errors import (
    InvalidValueError,
    NetworkError,
    NotFoundError,
    SocialCollabError,
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
from socialcollab.workflow.decide import Pace, is_late
from socialcollab.workflow.events import Event

T = TypeVar("T")

_CLOCK_SKEW: Final = dt.timedelta(minutes=1)


class StoppedError(Exception):
    """No send permit was issued, because of a hold, a change or another worker's attempt."""


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
    """
    A delivery together with all inputs of decisions about it.

    Attributes:
        state: The state of the desk.
        snapshot: The post.
        delivery: The delivery.
        context: The publisher's context for the post and the delivery.
        limited_until: The end of the waiting period that the network imposed on the profile, or
            None.
        pace: How the profile's late deliveries are spread over time; None if this delivery is not
            late.
        loaded: The delivery's stream.
        loaded_post: The post's stream.
        loaded_others: The streams of the post's other deliveries to the same profile.
        loaded_conversation: The stream of the conversation that the post answers, or None.
    """

    state: State
    snapshot: PostSnapshot
    delivery: Delivery
    context: Context
    limited_until: dt.datetime | None
    pace: Pace | None
    loaded: Loaded
    loaded_post: Loaded
    loaded_others: tuple[Loaded, ...]
    loaded_conversation: Loaded | None = None


@attrs.define
class Dispatcher:
    """
    The part of a worker that reads and stores deliveries and runs the flows of adapters.

    Attributes:
        engine: The desk's engine.
        network_of: Returns the network for a profile.
        sleep: Waits for a number of seconds.
        retry: The retry policy for requests that do not create anything. It does not retry any HTTP
            status; the adapter converts a status into an error, and a later run retries the work.
        monotonic: Returns a number of seconds that is not affected by clock changes.
    """

    engine: Engine
    network_of: Callable[[Any], Network]
    sleep: Callable[[float], None]
    retry: RetryPolicy = attrs.field(factory=lambda: RetryPolicy(statuses=frozenset()))
    monotonic: Callable[[], float] = time.monotonic

    def real_now(self) -> dt.datetime:
        """Return the current instant according to the real clock, in UTC."""
        return as_utc(self.engine.real_clock())

    def read(self, delivery: str, now: dt.datetime) -> Effects[Read]:
        """
        Read a delivery together with all inputs of decisions about it.

        Raises:
            NotFoundError: If the delivery does not exist.
        """
        engine = self.engine
        state = yield from engine.state()
        loaded = yield from engine.load(f"delivery/{delivery}")
        if loaded.snapshot is None:
            raise NotFoundError("delivery", delivery)
        value: Delivery = loaded.snapshot
        loaded_post = yield from engine.post(value.post)
        snapshot: PostSnapshot = loaded_post.snapshot
        others = yield from self._others_on_profile(value, snapshot.post)
        budget = yield from engine.load(f"budget/{value.profile}")
        context = engine.post_context(
            state,
            Actor.PUBLISHER,
            snapshot,
            now=now,
            deliveries=(*(other.snapshot for other in others), value),
        )
        pace = None
        if value.state is DeliveryState.WAITING and is_late(value, now):
            pace = yield from pace_of(engine, state, value, budget.snapshot, now)
        conversation = None
        if snapshot.post.conversation:
            conversation = yield from load_conversation(engine.load, snapshot.post.conversation)
        blackouts = barred(state, snapshot, {value.profile: now}, kinds=("blackout",))
        return Read(
            state=state,
            snapshot=snapshot,
            delivery=value,
            context=context.evolve(barred=blackouts),
            limited_until=_limited_until(budget.snapshot, now),
            pace=pace,
            loaded=loaded,
            loaded_post=loaded_post,
            loaded_others=others,
            loaded_conversation=conversation,
        )

    def _others_on_profile(self, delivery: Delivery, post: Post) -> Effects[tuple[Loaded, ...]]:
        """Read a post's other deliveries to the same profile; usually there are none."""
        others = []
        for name in post.deliveries:
            if name != delivery.id and name.startswith(f"{post.id}.{delivery.profile}."):
                loaded = yield from self.engine.load(f"delivery/{name}")
                if loaded.snapshot.profile == delivery.profile:
                    others.append(loaded)
        return tuple(others)

    def store(
        self,
        delivery: str,
        now: dt.datetime,
        decide: Callable[[Read], tuple[Event, ...]],
        *,
        before_sending: bool = False,
    ) -> Effects[tuple[Event, ...]]:
        """
        Read a delivery, decide on it, and append the events; repeat everything if the delivery
        changes in the meantime.

        Args:
            delivery: The delivery.
            now: The current instant, according to the desk's clock.
            decide: Returns the events.
            before_sending: Whether a publishing request follows. If so, the append also fails if
                the post, another delivery to the profile, or a hold has changed in the meantime.
        """

        def attempt() -> Effects[tuple[Event, ...]]:
            read = yield from self.read(delivery, now)
            events = decide(read)
            answered = read.loaded_conversation
            if answered is not None and before_sending:
                events = guard_leaving(events, read.delivery, answered.snapshot)
            if events:
                loaded = [read.loaded]
                if before_sending:
                    loaded += [read.loaded_post, *read.loaded_others]
                    # Without its version, a message that arrives now would not stop the reply.
                    loaded += [] if answered is None else [answered]
                yield from self.engine.append(
                    read.state, events, loaded, at=now, stopped_by_hold=before_sending
                )
            return events

        return (yield from self.engine.retry(attempt))

    def outgoing(self, read: Read, content: PostContent | None = None) -> OutgoingPost:
        """Return the post as it is to be sent, with its current content or with *content*."""
        content = content or read.snapshot.post.content
        delivery = read.delivery
        text, *thread = content.texts_for(delivery.profile)
        return OutgoingPost(
            delivery=delivery.id,
            profile=read.state.organization.profiles_by_id[delivery.profile],
            text=text,
            thread=tuple(thread),
            media=content.media_for(delivery.profile),
            links=content.links,
            language=content.language,
            labels=content.labels,
            poll=content.poll,
            format=content.format_for(delivery.profile),
            first_comment=content.first_comment,
            reply_to=content.reply_to,
            quote_of=content.quote_of,
            card=content.card,
            visibility=content.visibility,
            paid_partnership=content.is_paid_partnership(delivery.profile),
        )

    def connect(self, read: Read) -> tuple[Adapter, Transport]:
        """
        Return the adapter and the transport for the delivery's profile.

        Raises:
            NotFoundError: If the document no longer contains the profile.
            InvalidValueError: If no network is configured for the profile.
        """
        profile = read.state.organization.profiles_by_id.get(read.delivery.profile)
        if profile is None:
            raise NotFoundError("profile", read.delivery.profile)
        try:
            network = self.network_of(profile)
            return network.adapter(profile), network.transport(profile)
        except SocialCollabError:
            raise
        except Exception as error:  # noqa: BLE001  the network is not ours
            # A bug in one network must not prevent deliveries to other networks. The message may
            # contain secrets.
            raise InvalidValueError(
                f"the network of profile `{profile.id}` failed with {type(error).__name__}",
                value=profile.network,
                expected="a working network",
            ) from None

    def other_with(self, read: Read, network_id: str) -> Effects[str]:
        """Return another delivery to the profile with this network id, or an empty string."""
        rows = yield from call(
            self.engine.store.query,
            "network_ids",
            where={"profile": read.delivery.profile, "network_id": network_id},
            limit=2,
        )
        names = [str(row.columns["delivery"]) for row in rows]
        return next((name for name in names if name != read.delivery.id), "")

    def run_flow(
        self,
        flow: Flow[T],
        transport: Transport,
        *,
        take_permit: Callable[[Request], Effects[SendPermit]],
        remember: Callable[[Checkpoint | Created], Effects[None]],
    ) -> Effects[T]:
        """
        Run an adapter's flow to completion, close it, and return its result.

        Args:
            flow: The flow.
            transport: The transport that sends the flow's requests.
            take_permit: Stores the permit to send a creating request, and returns it.
            remember: Stores a checkpoint or a created part.
        """
        interpreter = FlowInterpreter(
            sleep=self.sleep,
            clock=self.real_now,
            monotonic=self.monotonic,
            retry=self.retry,
            # Each permit is valid for one request. A later run decides whether to send another
            # request.
            retry_creating=RetryPolicy(tries=1),
            # If the async host application is cancelled, the response to a sent request is still
            # stored.
            abandon_creating=False,
        )
        return interpreter.run(
            flow,
            transport=transport,
            before_create=take_permit,
            remember=lambda op: shielded(remember(op)),
        )


def _limited_until(budget: Budget | None, now: dt.datetime) -> dt.datetime | None:
    """Return the end of a profile's waiting period, or None if the clock was set back since."""
    if budget is None or now < budget.since - _CLOCK_SKEW:
        return None
    return budget.until


def no_permit(_: Request) -> Effects[SendPermit]:
    """Reject a creating request in a flow that must not create anything."""
    yield from ()
    raise NetworkError(
        "the adapter sends a creating request in a flow that must not create anything"
    )


def remember_nothing(_: Checkpoint | Created) -> Effects[None]:
    """Ignore a checkpoint, for flows that always start from the beginning."""
    yield from ()


def or_network_error(effects: Effects[T]) -> Effects[T | NetworkError]:
    """
    Return the result of effects that call an adapter, or a `NetworkError` if the adapter fails.

    An adapter may be third-party code. If it raises an unexpected exception, only the delivery
    fails, not the whole run.

    Raises:
        SocialCollabError: If another component fails, for example the store.
        StoppedError: If no send permit was issued.
    """
    try:
        return (yield from effects)
    except NetworkError as error:
        return error
    except (SocialCollabError, StoppedError):
        raise
    except Exception as error:  # noqa: BLE001  see above
        return broken_adapter(error)


def broken_adapter(error: Exception) -> NetworkError:
    """Return the error for a bug in an adapter, omitting its message, which may contain secrets."""
    return NetworkError(f"the adapter failed with {type(error).__name__}")
