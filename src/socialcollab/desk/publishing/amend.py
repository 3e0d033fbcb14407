"""Amend a published post on its network, with the same checks as for publishing."""

from __future__ import annotations

import datetime as dt

from socialcollab.desk.publishing.dispatcher import (
    Dispatcher,
    Read,
    SendPermit,
    StoppedError,
    or_network_error,
    remember_nothing,
)
from socialcollab.effects import Effects, shielded
from socialcollab.errors import NetworkError, RejectedError
from socialcollab.transport import AmendingAdapter, Prepared, Request
from socialcollab.workflow import events as ev
from socialcollab.workflow.decide import abandon_amend, record_amend_outcome, start_amend
from socialcollab.workflow.events import Event


def amend(dispatcher: Dispatcher, delivery: str, now: dt.datetime) -> Effects[None]:
    """
    Send the approved revision to the network if the amendment is due.

    Raises:
        SocialCollabError: If no network is configured for the profile; the next run retries.
    """
    read = yield from dispatcher.read(delivery, now)
    before = read.delivery
    revision = before.amending
    if not revision or (before.not_before is not None and before.not_before > now):
        return
    abandoned = yield from dispatcher.store(
        delivery, now, lambda read: abandon_amend(read.delivery, read.context)
    )
    if abandoned:
        return
    permits: list[SendPermit] = []
    try:
        outcome = yield from or_network_error(_send(dispatcher, read, now, permits))
    except StoppedError:
        return
    number = permits[-1].number if permits else 0
    real_now = dispatcher.real_now()

    def decide(read: Read) -> tuple[Event, ...]:
        if not number and read.delivery.amending != revision:
            return ()
        return record_amend_outcome(
            read.delivery,
            outcome if isinstance(outcome, NetworkError) else None,
            read.context,
            number=number,
            revision=revision,
            real_now=real_now,
        )

    yield from shielded(dispatcher.store(delivery, now, decide))


def _send(
    dispatcher: Dispatcher, read: Read, now: dt.datetime, permits: list[SendPermit]
) -> Effects[None]:
    delivery = read.delivery
    adapter, transport = dispatcher.connect(read)
    outgoing = dispatcher.outgoing(read)
    if not isinstance(adapter, AmendingAdapter):
        raise RejectedError("the adapter cannot amend a published post")
    # `prepare` checks the new content against the network's limits.
    prepared = adapter.prepare(outgoing, now=now, entropy=dispatcher.engine.entropy(16))
    keys = delivery.prepared or prepared.idempotency_keys

    def take_permit(_: Request) -> Effects[SendPermit]:
        if not permits:
            permit = yield from _take_permit(dispatcher, read, now, adapter.send_within_s)
            permits.append(permit)
        return permits[0]

    flow = adapter.amend(Prepared(outgoing=outgoing, idempotency_keys=keys), delivery.network_id)
    yield from dispatcher.run_flow(
        flow, transport, take_permit=take_permit, remember=remember_nothing
    )


def _take_permit(
    dispatcher: Dispatcher, read: Read, now: dt.datetime, within_s: float
) -> Effects[SendPermit]:
    until: list[float] = []
    revision = read.delivery.amending

    def decide(read: Read) -> tuple[Event, ...]:
        if read.delivery.amending != revision:
            # An amendment to a later revision was requested in the meantime, so this content is
            # outdated.
            return ()
        started_at = dispatcher.real_now()
        until[:] = [dispatcher.monotonic() + within_s]
        return start_amend(
            read.snapshot,
            read.delivery,
            read.context,
            started_at=started_at,
            deadline=started_at + dt.timedelta(seconds=within_s),
            limited_until=read.limited_until,
        )

    events = yield from dispatcher.store(read.delivery.id, now, decide, before_sending=True)
    for event in events:
        if isinstance(event.data, ev.AmendStarted):
            return SendPermit(
                number=event.data.number, deadline=event.data.deadline, until=until[0]
            )
    raise StoppedError
