"""Send a change to what is out, under the same gate as a sending."""

from __future__ import annotations

import datetime as dt

from socialcollab.desk.publishing.dispatcher import (
    Dispatcher,
    Read,
    SendPermit,
    StoppedError,
    broken,
    forgetting,
)
from socialcollab.effects import Effects, shielded
from socialcollab.errors import NetworkError, RejectedError, SocialCollabError, StoreError
from socialcollab.transport import AmendingAdapter, Prepared, Request
from socialcollab.workflow import events as ev
from socialcollab.workflow.decide import abandon_amend, record_amend_outcome, start_amend
from socialcollab.workflow.events import Event


def amend(dispatcher: Dispatcher, delivery: str, now: dt.datetime) -> Effects[None]:
    """
    Let what is out carry the approved revision, if it is time to.

    Raises:
        SocialCollabError: If nothing reaches its profile; it is tried again later.
    """
    read = yield from dispatcher.read(delivery, now)
    before = read.value
    revision = before.amending
    if not revision or (before.not_before is not None and before.not_before > now):
        return
    given_up = yield from dispatcher.store(
        delivery, now, lambda again: abandon_amend(again.value, again.context)
    )
    if given_up:
        return
    taken: list[SendPermit] = []
    outcome: NetworkError | None = None
    try:
        yield from _change(dispatcher, read, now, taken)
    except StoppedError:
        return
    except StoreError:
        raise
    except NetworkError as error:
        outcome = error
    except SocialCollabError:
        raise
    except Exception as error:  # noqa: BLE001  one adapter's bug is no other's
        outcome = broken(error)
    number = taken[-1].number if taken else 0
    real_now = dispatcher.real_now()

    def decide(again: Read) -> tuple[Event, ...]:
        if not number and again.value.amending != revision:
            return ()
        return record_amend_outcome(
            again.value,
            outcome,
            again.context,
            number=number,
            revision=revision,
            real_now=real_now,
        )

    yield from shielded(dispatcher.store(delivery, now, decide))


def _change(
    dispatcher: Dispatcher, read: Read, now: dt.datetime, taken: list[SendPermit]
) -> Effects[None]:
    delivery = read.value
    adapter, transport = dispatcher.reach(read)
    outgoing = dispatcher.outgoing(read)
    if not isinstance(adapter, AmendingAdapter):
        raise RejectedError("the adapter changes nothing in place")
    # The new words have to fit as the old ones had to.
    fresh = adapter.prepare(outgoing, now=now, entropy=dispatcher.engine.entropy(16))
    prepared = Prepared(
        outgoing=outgoing, idempotency_keys=delivery.prepared or fresh.idempotency_keys
    )

    def take_permit(_: Request) -> Effects[SendPermit]:
        if not taken:
            permit = yield from _take_permit(dispatcher, read, now, adapter.send_within_s)
            taken.append(permit)
        return taken[0]

    flow = adapter.amend(prepared, delivery.network_id)
    yield from dispatcher.run_flow(flow, transport, take_permit=take_permit, remember=forgetting)


def _take_permit(
    dispatcher: Dispatcher, read: Read, now: dt.datetime, within_s: float
) -> Effects[SendPermit]:
    until: list[float] = []
    revision = read.value.amending

    def decide(again: Read) -> tuple[Event, ...]:
        if again.value.amending != revision:
            # Somebody asked for a later revision meanwhile: these words are not it.
            return ()
        started = dispatcher.real_now()
        until[:] = [dispatcher.monotonic() + within_s]
        return start_amend(
            again.snapshot,
            again.value,
            again.context,
            started_at=started,
            deadline=started + dt.timedelta(seconds=within_s),
            limited_until=again.limited_until,
        )

    events = yield from dispatcher.store(read.value.id, now, decide, sends=True)
    for event in events:
        if isinstance(event.data, ev.AmendStarted):
            return SendPermit(
                number=event.data.number, deadline=event.data.deadline, until=until[0]
            )
    raise StoppedError
