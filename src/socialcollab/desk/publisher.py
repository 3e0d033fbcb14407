"""
Send what is due, at most once for all that anyone can know.

The intent is stored first, then the right to send each creating request, then
what came of it. Whatever was in doubt is looked for before it is sent again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from socialcollab.content import Delivery, DeliveryState, Post
from socialcollab.desk.engine import Engine, Loaded, State
from socialcollab.desk.planning import barred
from socialcollab.desk.steps import Steps, ask
from socialcollab.errors import (
    NetworkError,
    NotFoundError,
    OutcomeUnknownError,
    SocialCollabError,
    TemporaryError,
)
from socialcollab.time import as_utc
from socialcollab.transport import (
    Absent,
    Adapter,
    Checkpoint,
    Done,
    Flow,
    Found,
    Network,
    Outgoing,
    Prepared,
    Published,
    Request,
    RetryPolicy,
    Transport,
    Wait,
    advance,
)
from socialcollab.workflow import (
    Actor,
    Context,
    Event,
    PostRecord,
    Sent,
    absent,
    begin,
    give_up,
    settle,
    start_send,
)
from socialcollab.workflow import events as ev

__all__ = ["Publisher"]

_READ_WITHIN_S: Final = 30.0


class _StoppedError(Exception):
    """The right to send was not given: a hold, a change, or another worker's attempt."""


@attrs.frozen(kw_only=True)
class _Read:
    """A delivery with its post and what they were read with."""

    state: State
    post: Loaded
    delivery: Loaded
    context: Context

    @property
    def record(self) -> PostRecord:
        found: PostRecord = self.post.record
        return found

    @property
    def value(self) -> Delivery:
        found: Delivery = self.delivery.record
        return found


@attrs.define
class Publisher:
    """
    Carries deliveries out.

    Attributes:
        engine: The shell's working parts.

        network_of: Returns the network that reaches a profile.

        sleep: Waits for some seconds.

        retry: When requests that create nothing are sent again.
    """

    engine: Engine
    network_of: Callable[[Any], Network]
    sleep: Callable[[float], None]
    retry: RetryPolicy = attrs.field(factory=RetryPolicy)

    def work(self, delivery: str, *, now: dt.datetime) -> Steps[None]:
        """Do what one delivery needs: send it, find out about it, or nothing."""
        read = yield from self._read(delivery, now)
        state = read.value.state
        if state is DeliveryState.WAITING:
            yield from self._send(delivery, now)
        elif state is DeliveryState.PUBLISHING and read.value.in_doubt is None:
            yield from self._carry_out(read, now)
        elif state is DeliveryState.PUBLISHING:
            yield from self._store(
                delivery, now, lambda again: give_up(again.value, real_now=self._real_now())
            )
            yield from self._look(delivery, now)
        elif state is DeliveryState.UNKNOWN:
            yield from self._look(delivery, now)

    def _real_now(self) -> dt.datetime:
        return as_utc(self.engine.real_clock())

    def _read(self, delivery: str, now: dt.datetime) -> Steps[_Read]:
        engine = self.engine
        state = yield from engine.state()
        loaded = yield from engine.load(f"delivery/{delivery}")
        if loaded.record is None:
            raise NotFoundError("delivery", delivery)
        post = yield from engine.post(loaded.record.post)
        context = engine.context(
            state,
            Actor.PUBLISHER,
            now=now,
            content=post.record.post.content,
            workspace=post.record.post.workspace,
            record=post.record,
        )
        silenced = barred(
            state, post.record.post, {loaded.record.profile: now}, kinds=("blackout",)
        )
        return _Read(
            state=state,
            post=post,
            delivery=loaded,
            context=attrs.evolve(context, barred=silenced),
        )

    def _store(
        self,
        delivery: str,
        now: dt.datetime,
        decide: Callable[[_Read], tuple[Event, ...]],
        *,
        sends: bool = False,
    ) -> Steps[tuple[Event, ...]]:
        """Read anew, decide and append, until nothing changes in between."""

        def attempt() -> Steps[tuple[Event, ...]]:
            read = yield from self._read(delivery, now)
            events = decide(read)
            if events:
                loaded = [read.delivery, read.post] if sends else [read.delivery]
                yield from self.engine.append(
                    read.state, events, loaded, at=now, salt=b"", sends=sends
                )
            return events

        return (yield from self.engine.again(attempt))

    def _outgoing(self, read: _Read) -> Outgoing:
        post: Post = read.record.post
        delivery = read.value
        return Outgoing(
            delivery=delivery.id,
            profile=read.state.organization.profiles_by_id[delivery.profile],
            text=post.content.text_for(delivery.profile),
            images=post.content.media,
            links=post.content.links,
            language=post.content.language,
            labels=post.content.labels,
            poll=post.content.poll,
        )

    def _reach(self, read: _Read) -> tuple[Adapter, Transport]:
        profile = read.state.organization.profiles_by_id[read.value.profile]
        network = self.network_of(profile)
        return network.adapter(profile), network.transport(profile)

    def _send(self, delivery: str, now: dt.datetime) -> Steps[None]:
        refused: list[NetworkError] = []

        def decide(read: _Read) -> tuple[Event, ...]:
            refused.clear()
            keys: Mapping[str, str] = read.value.prepared
            gone = read.value.profile not in read.state.organization.profiles_by_id
            if not keys and not gone:
                adapter, _ = self._reach(read)
                try:
                    keys = adapter.prepare(
                        self._outgoing(read), now=now, entropy=self.engine.entropy(16)
                    ).keys
                except NetworkError as error:
                    refused.append(error)
                except SocialCollabError:
                    raise
                except Exception as error:  # noqa: BLE001  one adapter's bug is no other's
                    refused.append(_broken(error))
            return begin(read.record, read.value, read.context, keys)

        events = yield from self._store(delivery, now, decide, sends=True)
        if not any(isinstance(event.data, ev.DeliveryBegun) for event in events):
            return
        if refused:
            yield from self._store(
                delivery, now, lambda read: settle(read.value, refused[0], read.context)
            )
            return
        read = yield from self._read(delivery, now)
        yield from self._carry_out(read, now)

    def _carry_out(self, read: _Read, now: dt.datetime) -> Steps[None]:
        """Run the adapter's conversation and store what came of it."""
        delivery = read.value.id
        reach = self._reach(read)
        adapter, _ = reach
        prepared = Prepared(outgoing=self._outgoing(read), keys=read.value.prepared)
        flow = adapter.publish(prepared, read.value.progress)
        outcome: Sent | NetworkError
        taken: list[int] = []
        try:
            published = yield from self._converse(delivery, flow, reach, now, taken)
            outcome = _sent(published, now)
        except _StoppedError:
            return
        except NetworkError as error:
            outcome = error
        except SocialCollabError:
            raise
        except Exception as error:  # noqa: BLE001  one adapter's bug is no other's
            outcome = _broken(error)
        finally:
            flow.close()
        attempt = taken[-1] if taken else 0
        yield from self._store(
            delivery,
            now,
            lambda again: settle(again.value, outcome, again.context, attempt=attempt),
        )

    def _converse(
        self,
        delivery: str,
        flow: Flow[Any],
        reach: tuple[Adapter, Transport],
        now: dt.datetime,
        taken: list[int],
    ) -> Steps[Any]:
        """
        Carry a flow's operations out, one by one, and return what it ends in.

        The numbers of the rights to send that it takes are added to *taken*.
        """
        adapter, transport = reach
        op = advance(flow)
        while not isinstance(op, Done):
            answer: object = None
            try:
                if isinstance(op, Request):
                    if op.creates is None:
                        answer = yield from self._request(transport, op)
                    else:
                        right = yield from self._take_right(delivery, op.creates, adapter, now)
                        taken.append(right.number)
                        answer = yield from self._create(transport, op, right.deadline)
                elif isinstance(op, Checkpoint):
                    yield from self._remember(delivery, op, now)
                elif isinstance(op, Wait):
                    yield from ask(self.sleep, op.seconds)
            except NetworkError as error:
                op = advance(flow, error=error)
            else:
                op = advance(flow, answer)
        return op.value

    def _request(self, transport: Transport, request: Request) -> Steps[object]:
        """Send a request that creates nothing, again if that may help."""
        failed = 0
        while True:
            try:
                return (yield from ask(transport.send, request, timeout_s=_READ_WITHIN_S))
            except (TemporaryError, OutcomeUnknownError) as error:
                failed += 1
                wait_s = self.retry.wait_s(failed, error, request)
                if wait_s is None:
                    # Nothing public can have come of it, whatever the server did.
                    raise TemporaryError(str(error), network=error.network) from error
                yield from ask(self.sleep, wait_s)

    def _take_right(
        self, delivery: str, part: int, adapter: Adapter, now: dt.datetime
    ) -> Steps[ev.SendStarted]:
        """Store the right to send one creating request and return it, with its hard deadline."""

        def decide(read: _Read) -> tuple[Event, ...]:
            started = self._real_now()
            return start_send(
                read.record,
                read.value,
                read.context,
                part=part,
                started_at=started,
                deadline=started + dt.timedelta(seconds=adapter.send_within_s),
            )

        events = yield from self._store(delivery, now, decide, sends=True)
        for event in events:
            if isinstance(event.data, ev.SendStarted):
                return event.data
        raise _StoppedError

    def _create(
        self, transport: Transport, request: Request, deadline: dt.datetime
    ) -> Steps[object]:
        left = (deadline - self._real_now()).total_seconds()
        if left <= 0:
            # The process slept between the right and the sending: nothing was sent.
            raise TemporaryError("the deadline passed before the request was sent")
        # The deadline travels along: a pause before the sending does not start it anew.
        dated = attrs.evolve(request, deadline=deadline)
        return (yield from ask(transport.send, dated, timeout_s=left))

    def _remember(self, delivery: str, checkpoint: Checkpoint, now: dt.datetime) -> Steps[None]:
        def decide(read: _Read) -> tuple[Event, ...]:
            if read.value.state is not DeliveryState.PUBLISHING:
                return ()
            data = ev.DeliveryProgressed(progress=dict(checkpoint.values))
            return (Event(f"delivery/{delivery}", Actor.PUBLISHER, data),)

        yield from self._store(delivery, now, decide)

    def _look(self, delivery: str, now: dt.datetime) -> Steps[None]:
        """Look whether an attempt in doubt made something."""
        read = yield from self._read(delivery, now)
        attempt = read.value.in_doubt
        if read.value.state is not DeliveryState.UNKNOWN or attempt is None:
            return
        reach = self._reach(read)
        adapter, _ = reach
        prepared = Prepared(outgoing=self._outgoing(read), keys=read.value.prepared)
        flow = adapter.find(prepared, read.value.progress)
        looked_at = self._real_now()
        try:
            found = yield from self._converse(delivery, flow, reach, now, [])
        except (NetworkError, _StoppedError):
            return
        except SocialCollabError:
            raise
        except Exception as error:
            # It stays unknown; due work reports why, and goes on with the rest.
            raise _broken(error) from error
        finally:
            flow.close()
        if isinstance(found, Found):
            outcome = attrs.evolve(_sent(found.published, now), found=True)
            yield from self._store(
                delivery, now, lambda again: settle(again.value, outcome, again.context)
            )
        elif isinstance(found, Absent) and looked_at >= attempt.deadline + found.conclusive_after:
            yield from self._store(
                delivery, now, lambda again: absent(again.value, attempt=attempt.number)
            )


def _broken(error: Exception) -> NetworkError:
    """Return what an adapter's own failure says: no more than that it failed."""
    return NetworkError(f"the adapter failed with {type(error).__name__}")


def _sent(published: Published, now: dt.datetime) -> Sent:
    return Sent(
        network_id=published.network_id,
        url=published.url,
        published_at=now if published.at is None else published.at,
    )
