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
from socialcollab.desk.amending import amend
from socialcollab.desk.carrying import Carrier, Read, Right, StoppedError, broken
from socialcollab.desk.looking import look, look_again
from socialcollab.desk.removing import remove
from socialcollab.desk.steps import Steps, held
from socialcollab.errors import NetworkError, OutcomeUnknownError, SocialCollabError
from socialcollab.transport import Adapter, Checkpoint, Created, Prepared
from socialcollab.workflow import (
    Actor,
    Event,
    Sent,
    begin,
    give_up,
    settle,
    settle_part,
    start_send,
    strand,
)
from socialcollab.workflow import events as ev

__all__ = ["Publisher"]


@attrs.define
class Publisher:
    """
    Carries deliveries out.

    Attributes:
        carrier: Carries its conversations.
    """

    carrier: Carrier

    def work(self, delivery: str, *, now: dt.datetime) -> Steps[tuple[str, ...]]:
        """
        Do what one delivery needs: send it, find out about it, change it, remove it, or nothing.

        Returns:
            What a person has to look at, one sentence each.
        """
        read = yield from self.carrier.read(delivery, now)
        before = read.value
        if before.state is DeliveryState.WAITING:
            yield from self._send(delivery, now)
        elif before.state is DeliveryState.PUBLISHING and before.in_doubt is None:
            yield from self._go_on(read, now)
        problems: list[str] = []
        if before.state in (DeliveryState.PUBLISHING, DeliveryState.UNKNOWN):
            problems += yield from self.look(delivery, now)
        if before.second_look_at is not None:
            yield from look_again(self.carrier, delivery, now)
        if before.amending:
            yield from amend(self.carrier, delivery, now)
        after = (yield from self.carrier.read(delivery, now)).value
        if after.to_remove:
            yield from remove(self.carrier, delivery, now)
            after = (yield from self.carrier.read(delivery, now)).value
        return (*problems, *_doubled(after))

    def look(self, delivery: str, now: dt.datetime, *, at_once: bool = False) -> Steps[list[str]]:
        """
        Look what became of what is in doubt, or was found absent, if it is time to.

        Args:
            delivery: The delivery.

            now: The plan's instant.

            at_once: Whether to look even before it is time.

        Returns:
            What a person has to look at.
        """
        real_now = self.carrier.real_now()
        yield from self.carrier.store(
            delivery, now, lambda again: give_up(again.value, real_now=real_now)
        )
        problems = yield from look(self.carrier, delivery, now, at_once=at_once)
        yield from look_again(self.carrier, delivery, now, at_once=at_once)
        return problems

    def _send(self, delivery: str, now: dt.datetime) -> Steps[None]:
        refused: list[NetworkError] = []

        def decide(read: Read) -> tuple[Event, ...]:
            refused.clear()
            keys: Mapping[str, str] = read.value.prepared
            due = begin(
                read.record, read.value, read.context, keys, limited_until=read.limited_until
            )
            if keys or not any(isinstance(event.data, ev.DeliveryBegun) for event in due):
                return due
            adapter, _ = self.carrier.reach(read)
            try:
                keys = adapter.prepare(
                    self.carrier.outgoing(read), now=now, entropy=self.carrier.engine.entropy(16)
                ).keys
            except NetworkError as error:
                refused.append(error)
            except SocialCollabError:
                raise
            except Exception as error:  # noqa: BLE001  one adapter's bug is no other's
                refused.append(broken(error))
            return begin(
                read.record, read.value, read.context, keys, limited_until=read.limited_until
            )

        events = yield from self.carrier.store(delivery, now, decide, sends=True)
        if not any(isinstance(event.data, ev.DeliveryBegun) for event in events):
            return
        if refused:
            yield from self.carrier.store(
                delivery, now, lambda read: settle(read.value, refused[0], read.context)
            )
            return
        read = yield from self.carrier.read(delivery, now)
        yield from self._carry_out(read, now)

    def _go_on(self, read: Read, now: dt.datetime) -> Steps[None]:
        """Go on with what another worker began, with nothing in doubt."""
        stranded = yield from self.carrier.store(
            read.value.id, now, lambda again: strand(again.value, again.context)
        )
        if not stranded:
            yield from self._carry_out(read, now)

    def _carry_out(self, read: Read, now: dt.datetime) -> Steps[None]:
        """Run the adapter's conversation and store what came of it."""
        delivery = read.value.id
        adapter, transport = self.carrier.reach(read)
        prepared = Prepared(outgoing=self.carrier.outgoing(read), keys=read.value.prepared)
        flow = adapter.publish(prepared, read.value.progress)
        outcome: Sent | NetworkError
        taken: list[Right] = []

        def take_right(part: int) -> Steps[Right]:
            right = yield from self._take_right(delivery, part, adapter, now)
            taken.append(right)
            return right

        def remember(op: Checkpoint | Created, right: Right | None) -> Steps[None]:
            if isinstance(op, Checkpoint):
                yield from self._remember(delivery, op, now)
                return
            yield from self._refuse_known(read, op.network_id)
            sent = Sent(network_id=op.network_id, url=op.url, published_at=op.at or now)
            number = 0 if right is None else right.number
            yield from self.carrier.store(
                delivery,
                now,
                lambda again: settle_part(
                    again.value, sent, number=number, part=op.part, progress=op.values
                ),
            )

        try:
            published = yield from self.carrier.converse(
                flow, transport, take_right=take_right, remember=remember
            )
            yield from held(self._refuse_known(read, published.network_id))
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
        finally:
            flow.close()
        attempt = taken[-1].number if taken else 0
        stored = self.carrier.store(
            delivery,
            now,
            lambda again: settle(again.value, outcome, again.context, attempt=attempt),
        )
        yield from held(stored)

    def _refuse_known(self, read: Read, network_id: str) -> Steps[None]:
        """Refuse an id that another delivery has: the network showed that one, not this."""
        other = yield from self.carrier.known_as(read, network_id)
        if other:
            raise OutcomeUnknownError(
                f"the network answered with `{network_id}`, which is delivery `{other}`"
            )

    def _take_right(
        self, delivery: str, part: int, adapter: Adapter, now: dt.datetime
    ) -> Steps[Right]:
        """Store the right to send one creating request and return it, with its hard deadline."""
        until: list[float] = []

        def decide(read: Read) -> tuple[Event, ...]:
            started = self.carrier.real_now()
            until[:] = [self.carrier.monotonic() + adapter.send_within_s]
            return start_send(
                read.record,
                read.value,
                read.context,
                part=part,
                started_at=started,
                deadline=started + dt.timedelta(seconds=adapter.send_within_s),
            )

        events = yield from self.carrier.store(delivery, now, decide, sends=True)
        for event in events:
            if isinstance(event.data, ev.SendStarted):
                return Right(number=event.data.number, deadline=event.data.deadline, until=until[0])
        raise StoppedError

    def _remember(self, delivery: str, checkpoint: Checkpoint, now: dt.datetime) -> Steps[None]:
        def decide(read: Read) -> tuple[Event, ...]:
            if read.value.state is not DeliveryState.PUBLISHING:
                return ()
            data = ev.DeliveryProgressed(progress=dict(checkpoint.values))
            return (Event(f"delivery/{delivery}", Actor.PUBLISHER, data),)

        yield from self.carrier.store(delivery, now, decide)


def _doubled(delivery: Delivery) -> tuple[str, ...]:
    if not delivery.copies:
        return ()
    names = ", ".join(f"`{name}`" for name in delivery.standing)
    return (
        f"delivery `{delivery.id}` is out more than once on `{delivery.profile}`: {names};"
        " take down what should not be there",
    )
