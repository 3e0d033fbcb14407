"""
Publish deliveries, avoiding duplicates even when the outcome of a request is unknown.

The publisher first stores the intent, then a permit before each creating request, and finally the
outcome. An attempt whose outcome is unknown is looked up on the network before anything is sent
again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import suppress
from typing import TypeVar

import attrs

from socialcollab.content import Delivery, DeliveryState
from socialcollab.desk.publishing.amend import amend
from socialcollab.desk.publishing.dispatcher import (
    Dispatcher,
    Read,
    SendPermit,
    StoppedError,
    broken_adapter,
    no_permit,
    or_network_error,
    remember_nothing,
)
from socialcollab.desk.publishing.reconciliation import recheck, reconcile, sent_content
from socialcollab.desk.publishing.takedown import take_down
from socialcollab.effects import Effects, shielded
from socialcollab.errors import NetworkError, OutcomeUnknownError, SocialCollabError
from socialcollab.transport import (
    Adapter,
    Checkpoint,
    ComparingAdapter,
    Created,
    DiscardingAdapter,
    Flow,
    Prepared,
    Request,
    Transport,
)
from socialcollab.workflow import events as ev
from socialcollab.workflow.decide import (
    Publication,
    end_interrupted,
    record_differences,
    record_no_answer,
    record_outcome,
    record_part,
    start_delivery,
    start_send,
)
from socialcollab.workflow.events import Event

T = TypeVar("T")


@attrs.define
class Publisher:
    """The part of a worker that carries out deliveries, using a dispatcher."""

    dispatcher: Dispatcher

    def work(self, delivery: str, *, now: dt.datetime) -> Effects[tuple[str, ...]]:
        """
        Perform the next step of a delivery: send it, look up its outcome, amend it or take it down.

        Returns:
            The problems that require a person's attention, one sentence each.
        """
        read = yield from self.dispatcher.read(delivery, now)
        before = read.delivery
        if before.state is DeliveryState.WAITING:
            yield from self._send(delivery, now)
        elif before.state is DeliveryState.PUBLISHING and before.in_doubt is None:
            yield from self._continue(read, now)
        problems: list[str] = []
        if before.state in (DeliveryState.PUBLISHING, DeliveryState.UNKNOWN):
            problems += yield from self.reconcile(delivery, now)
        if before.next_recheck_at is not None:
            yield from recheck(self.dispatcher, delivery, now)
        if before.in_doubt is not None or before.next_recheck_at is not None:
            yield from self._compare_found(delivery, now)
        if before.amending:
            yield from amend(self.dispatcher, delivery, now)
        after = (yield from self.dispatcher.read(delivery, now)).delivery
        if after.ids_to_take_down:
            yield from take_down(self.dispatcher, delivery, now)
            after = (yield from self.dispatcher.read(delivery, now)).delivery
        return (*problems, *_duplicates(after))

    def reconcile(
        self, delivery: str, now: dt.datetime, *, at_once: bool = False
    ) -> Effects[list[str]]:
        """
        Look up an unknown outcome, or recheck a send that was not found, if either is due.

        Args:
            delivery: The delivery.
            now: The current instant, according to the desk's clock.
            at_once: Whether to look up the outcome even if the lookup is not due yet.

        Returns:
            The problems that require a person's attention.
        """
        real_now = self.dispatcher.real_now()
        yield from self.dispatcher.store(
            delivery, now, lambda read: record_no_answer(read.delivery, real_now=real_now)
        )
        problems = yield from reconcile(self.dispatcher, delivery, now, at_once=at_once)
        yield from recheck(self.dispatcher, delivery, now, at_once=at_once)
        return problems

    def _send(self, delivery: str, now: dt.datetime) -> Effects[None]:
        refused: list[NetworkError] = []

        def decide(read: Read) -> tuple[Event, ...]:
            refused.clear()
            keys: Mapping[str, str] = read.delivery.prepared
            events = start_delivery(
                read.snapshot,
                read.delivery,
                read.context,
                keys,
                limited_until=read.limited_until,
                pace=read.pace,
            )
            if keys or not _starts(events):
                return events
            # The first attempt also stores the keys, which every later attempt reuses.
            adapter, _ = self.dispatcher.connect(read)
            try:
                keys = adapter.prepare(
                    self.dispatcher.outgoing(read),
                    now=now,
                    entropy=self.dispatcher.engine.entropy(16),
                ).idempotency_keys
            except NetworkError as error:
                refused.append(error)
            except SocialCollabError:
                raise
            except Exception as error:  # noqa: BLE001  as in `or_network_error`
                refused.append(broken_adapter(error))
            return start_delivery(
                read.snapshot,
                read.delivery,
                read.context,
                keys,
                limited_until=read.limited_until,
                pace=read.pace,
            )

        events = yield from self.dispatcher.store(delivery, now, decide, before_sending=True)
        if not _starts(events):
            return
        if refused:
            yield from self.dispatcher.store(
                delivery,
                now,
                lambda read: record_outcome(read.delivery, refused[0], read.context),
            )
            return
        read = yield from self.dispatcher.read(delivery, now)
        yield from self._run(read, now)

    def _continue(self, read: Read, now: dt.datetime) -> Effects[None]:
        """Continue an attempt in which another worker stopped between two requests."""
        ended = yield from self.dispatcher.store(
            read.delivery.id, now, lambda read: end_interrupted(read.delivery, read.context)
        )
        if not ended:
            yield from self._run(read, now)

    def _run(self, read: Read, now: dt.datetime) -> Effects[None]:
        """Run the adapter's flow, and store its outcome."""
        delivery = read.delivery.id
        adapter, transport = self.dispatcher.connect(read)
        prepared = Prepared(
            outgoing=self.dispatcher.outgoing(read), idempotency_keys=read.delivery.prepared
        )
        permits: list[SendPermit] = []

        def take_permit(request: Request) -> Effects[SendPermit]:
            permit = yield from self._take_permit(delivery, request, adapter, now)
            permits.append(permit)
            return permit

        def remember(op: Checkpoint | Created) -> Effects[None]:
            if isinstance(op, Checkpoint):
                yield from self._remember(delivery, op, now)
                return
            yield from self._refuse_id_of_other(read, op.network_id)
            publication = Publication(
                network_id=op.network_id, url=op.url, published_at=op.at or now
            )
            number = permits[-1].number if permits else 0
            yield from self.dispatcher.store(
                delivery,
                now,
                lambda read: record_part(
                    read.delivery, publication, number=number, part=op.part, progress=op.values
                ),
            )

        def publish() -> Effects[Publication]:
            published = yield from self.dispatcher.run_flow(
                adapter.publish(prepared, read.delivery.progress),
                transport,
                take_permit=take_permit,
                remember=remember,
            )
            yield from shielded(self._refuse_id_of_other(read, published.network_id))
            return Publication(
                network_id=published.network_id,
                url=published.url,
                published_at=published.at or now,
            )

        try:
            outcome = yield from or_network_error(publish())
        except StoppedError:
            return
        attempt = permits[-1].number if permits else 0
        # The network's response must be stored even if the delivery has changed in the meantime or
        # the host application is being cancelled. Otherwise, the post might be sent a second time.
        yield from shielded(
            self.dispatcher.store(
                delivery,
                now,
                lambda read: record_outcome(read.delivery, outcome, read.context, attempt=attempt),
            )
        )
        yield from self._follow_up(delivery, adapter, transport, prepared, now)

    def _follow_up(
        self,
        delivery: str,
        adapter: Adapter,
        transport: Transport,
        prepared: Prepared,
        now: dt.datetime,
    ) -> Effects[None]:
        """
        Compare a published post with the approved content, or delete the uploads of a failed one.

        The outcome is stored already, so an error has no consequences.
        """
        after = (yield from self.dispatcher.read(delivery, now)).delivery
        fields: list[str] = []

        def steps() -> Effects[Publication | None]:
            if after.state is DeliveryState.PUBLISHED and isinstance(adapter, ComparingAdapter):
                flow = adapter.compare(prepared, after.progress, after.network_id)
                fields.extend((yield from self._read_only(flow, transport)))
            elif (
                after.state is DeliveryState.FAILED
                and after.progress
                and not after.known_ids
                and isinstance(adapter, DiscardingAdapter)
            ):
                yield from self._read_only(adapter.discard(after.progress), transport)
            return None

        with suppress(StoppedError):
            yield from or_network_error(steps())
        if fields:
            yield from self.dispatcher.store(
                delivery, now, lambda read: record_differences(read.delivery, tuple(fields))
            )

    def _compare_found(self, delivery: str, now: dt.datetime) -> Effects[None]:
        """Compare a post that a lookup has found with the content that was sent."""
        read = yield from self.dispatcher.read(delivery, now)
        if read.delivery.state is not DeliveryState.PUBLISHED or read.snapshot.post.erased_at:
            return
        content = yield from sent_content(self.dispatcher, read)
        if content is None:
            return
        adapter, transport = self.dispatcher.connect(read)
        prepared = Prepared(
            outgoing=self.dispatcher.outgoing(read, content),
            idempotency_keys=read.delivery.prepared,
        )
        yield from self._follow_up(delivery, adapter, transport, prepared, now)

    def _read_only(self, flow: Flow[T], transport: Transport) -> Effects[T]:
        return (
            yield from self.dispatcher.run_flow(
                flow, transport, take_permit=no_permit, remember=remember_nothing
            )
        )

    def _refuse_id_of_other(self, read: Read, network_id: str) -> Effects[None]:
        """Reject a response that contains the network id of another delivery."""
        other = yield from self.dispatcher.other_with(read, network_id)
        if other:
            raise OutcomeUnknownError(
                f"the network answered with `{network_id}`, which belongs to delivery `{other}`"
            )

    def _take_permit(
        self, delivery: str, request: Request, adapter: Adapter, now: dt.datetime
    ) -> Effects[SendPermit]:
        """Store and return a permit with a deadline for sending one creating request."""
        until: list[float] = []

        def decide(read: Read) -> tuple[Event, ...]:
            started_at = self.dispatcher.real_now()
            until[:] = [self.dispatcher.monotonic() + adapter.send_within_s]
            return start_send(
                read.snapshot,
                read.delivery,
                read.context,
                part=request.creates or 0,
                started_at=started_at,
                deadline=started_at + dt.timedelta(seconds=adapter.send_within_s),
            )

        events = yield from self.dispatcher.store(delivery, now, decide, before_sending=True)
        for event in events:
            if isinstance(event.data, ev.SendStarted):
                return SendPermit(
                    number=event.data.number, deadline=event.data.deadline, until=until[0]
                )
        raise StoppedError

    def _remember(self, delivery: str, checkpoint: Checkpoint, now: dt.datetime) -> Effects[None]:
        def decide(read: Read) -> tuple[Event, ...]:
            if read.delivery.state is not DeliveryState.PUBLISHING:
                return ()
            data = ev.DeliveryProgressed(progress=dict(checkpoint.values))
            return (ev.publisher_event(delivery, data),)

        yield from self.dispatcher.store(delivery, now, decide)


def _starts(events: tuple[Event, ...]) -> bool:
    return any(isinstance(event.data, ev.DeliveryStarted) for event in events)


def _duplicates(delivery: Delivery) -> tuple[str, ...]:
    if not delivery.duplicates:
        return ()
    names = ", ".join(f"`{name}`" for name in delivery.live_ids)
    return (
        f"delivery `{delivery.id}` is published more than once on `{delivery.profile}`: {names};"
        " take down the copies that should not be there",
    )
