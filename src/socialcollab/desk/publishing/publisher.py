"""
Send what is due, at most once for all that anyone can know.

The intent is stored first, then the right to send each creating request, then
what came of it. Whatever was in doubt is looked for before it is sent again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import attrs

from socialcollab.content import Delivery, DeliveryState
from socialcollab.desk.publishing.amend import amend
from socialcollab.desk.publishing.dispatcher import (
    Dispatcher,
    Read,
    SendPermit,
    StoppedError,
    broken,
)
from socialcollab.desk.publishing.reconciliation import look, look_again
from socialcollab.desk.publishing.takedown import remove
from socialcollab.effects import Effects, shielded
from socialcollab.errors import NetworkError, OutcomeUnknownError, SocialCollabError
from socialcollab.transport import Adapter, Checkpoint, Created, Prepared, Request
from socialcollab.workflow import Actor
from socialcollab.workflow import events as ev
from socialcollab.workflow.decide import (
    Sent,
    begin,
    record_no_answer,
    record_outcome,
    record_part,
    start_send,
    strand,
)
from socialcollab.workflow.events import Event


@attrs.define
class Publisher:
    """
    Carries deliveries out.

    Attributes:
        carrier: Carries its conversations.
    """

    dispatcher: Dispatcher

    def work(self, delivery: str, *, now: dt.datetime) -> Effects[tuple[str, ...]]:
        """
        Do what one delivery needs: send it, find out about it, change it, remove it, or nothing.

        Returns:
            What a person has to look at, one sentence each.
        """
        read = yield from self.dispatcher.read(delivery, now)
        before = read.value
        if before.state is DeliveryState.WAITING:
            yield from self._send(delivery, now)
        elif before.state is DeliveryState.PUBLISHING and before.in_doubt is None:
            yield from self._go_on(read, now)
        problems: list[str] = []
        if before.state in (DeliveryState.PUBLISHING, DeliveryState.UNKNOWN):
            problems += yield from self.look(delivery, now)
        if before.next_recheck_at is not None:
            yield from look_again(self.dispatcher, delivery, now)
        if before.amending:
            yield from amend(self.dispatcher, delivery, now)
        after = (yield from self.dispatcher.read(delivery, now)).value
        if after.ids_to_take_down:
            yield from remove(self.dispatcher, delivery, now)
            after = (yield from self.dispatcher.read(delivery, now)).value
        return (*problems, *_doubled(after))

    def look(self, delivery: str, now: dt.datetime, *, at_once: bool = False) -> Effects[list[str]]:
        """
        Look what became of what is in doubt, or was found absent, if it is time to.

        Args:
            delivery: The delivery.

            now: The plan's instant.

            at_once: Whether to look even before it is time.

        Returns:
            What a person has to look at.
        """
        real_now = self.dispatcher.real_now()
        yield from self.dispatcher.store(
            delivery, now, lambda again: record_no_answer(again.value, real_now=real_now)
        )
        problems = yield from look(self.dispatcher, delivery, now, at_once=at_once)
        yield from look_again(self.dispatcher, delivery, now, at_once=at_once)
        return problems

    def _send(self, delivery: str, now: dt.datetime) -> Effects[None]:
        refused: list[NetworkError] = []

        def decide(read: Read) -> tuple[Event, ...]:
            refused.clear()
            keys: Mapping[str, str] = read.value.prepared
            due = begin(
                read.snapshot, read.value, read.context, keys, limited_until=read.limited_until
            )
            if keys or not any(isinstance(event.data, ev.DeliveryStarted) for event in due):
                return due
            adapter, _ = self.dispatcher.reach(read)
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
            except Exception as error:  # noqa: BLE001  one adapter's bug is no other's
                refused.append(broken(error))
            return begin(
                read.snapshot, read.value, read.context, keys, limited_until=read.limited_until
            )

        events = yield from self.dispatcher.store(delivery, now, decide, sends=True)
        if not any(isinstance(event.data, ev.DeliveryStarted) for event in events):
            return
        if refused:
            yield from self.dispatcher.store(
                delivery, now, lambda read: record_outcome(read.value, refused[0], read.context)
            )
            return
        read = yield from self.dispatcher.read(delivery, now)
        yield from self._carry_out(read, now)

    def _go_on(self, read: Read, now: dt.datetime) -> Effects[None]:
        """Go on with what another worker began, with nothing in doubt."""
        stranded = yield from self.dispatcher.store(
            read.value.id, now, lambda again: strand(again.value, again.context)
        )
        if not stranded:
            yield from self._carry_out(read, now)

    def _carry_out(self, read: Read, now: dt.datetime) -> Effects[None]:
        """Run the adapter's conversation and store what came of it."""
        delivery = read.value.id
        adapter, transport = self.dispatcher.reach(read)
        prepared = Prepared(
            outgoing=self.dispatcher.outgoing(read), idempotency_keys=read.value.prepared
        )
        flow = adapter.publish(prepared, read.value.progress)
        outcome: Sent | NetworkError
        taken: list[SendPermit] = []

        def take_permit(request: Request) -> Effects[SendPermit]:
            permit = yield from self._take_permit(delivery, request, adapter, now)
            taken.append(permit)
            return permit

        def remember(op: Checkpoint | Created) -> Effects[None]:
            if isinstance(op, Checkpoint):
                yield from self._remember(delivery, op, now)
                return
            yield from self._refuse_known(read, op.network_id)
            sent = Sent(network_id=op.network_id, url=op.url, published_at=op.at or now)
            number = taken[-1].number if taken else 0
            yield from self.dispatcher.store(
                delivery,
                now,
                lambda again: record_part(
                    again.value, sent, number=number, part=op.part, progress=op.values
                ),
            )

        try:
            published = yield from self.dispatcher.run_flow(
                flow, transport, take_permit=take_permit, remember=remember
            )
            yield from shielded(self._refuse_known(read, published.network_id))
            outcome = Sent(
                network_id=published.network_id,
                url=published.url,
                published_at=published.at or now,
            )
        except StoppedError:
            return
        except NetworkError as error:
            outcome = error
        except SocialCollabError:
            raise
        except Exception as error:  # noqa: BLE001  one adapter's bug is no other's
            outcome = broken(error)
        attempt = taken[-1].number if taken else 0
        stored = self.dispatcher.store(
            delivery,
            now,
            lambda again: record_outcome(again.value, outcome, again.context, attempt=attempt),
        )
        yield from shielded(stored)

    def _refuse_known(self, read: Read, network_id: str) -> Effects[None]:
        """Refuse an id that another delivery has: the network showed that one, not this."""
        other = yield from self.dispatcher.known_as(read, network_id)
        if other:
            raise OutcomeUnknownError(
                f"the network answered with `{network_id}`, which is delivery `{other}`"
            )

    def _take_permit(
        self, delivery: str, request: Request, adapter: Adapter, now: dt.datetime
    ) -> Effects[SendPermit]:
        """Store the right to send one creating request and return it, with its hard deadline."""
        until: list[float] = []

        def decide(read: Read) -> tuple[Event, ...]:
            started = self.dispatcher.real_now()
            until[:] = [self.dispatcher.monotonic() + adapter.send_within_s]
            return start_send(
                read.snapshot,
                read.value,
                read.context,
                part=request.creates or 0,
                started_at=started,
                deadline=started + dt.timedelta(seconds=adapter.send_within_s),
            )

        events = yield from self.dispatcher.store(delivery, now, decide, sends=True)
        for event in events:
            if isinstance(event.data, ev.SendStarted):
                return SendPermit(
                    number=event.data.number, deadline=event.data.deadline, until=until[0]
                )
        raise StoppedError

    def _remember(self, delivery: str, checkpoint: Checkpoint, now: dt.datetime) -> Effects[None]:
        def decide(read: Read) -> tuple[Event, ...]:
            if read.value.state is not DeliveryState.PUBLISHING:
                return ()
            data = ev.DeliveryProgressed(progress=dict(checkpoint.values))
            return (Event(f"delivery/{delivery}", Actor.PUBLISHER, data),)

        yield from self.dispatcher.store(delivery, now, decide)


def _doubled(delivery: Delivery) -> tuple[str, ...]:
    if not delivery.duplicates:
        return ()
    names = ", ".join(f"`{name}`" for name in delivery.live_ids)
    return (
        f"delivery `{delivery.id}` is out more than once on `{delivery.profile}`: {names};"
        " take down what should not be there",
    )
