"""Send a change to what is out, under the same gate as a sending."""

from __future__ import annotations

import datetime as dt

from socialcollab.desk.carrying import Carrier, Read, Right, StoppedError, broken, forgetting
from socialcollab.desk.steps import Steps, held
from socialcollab.errors import NetworkError, RejectedError, SocialCollabError, StoreError
from socialcollab.transport import Amending, Prepared
from socialcollab.workflow import Event, give_up_amend, settle_amend, start_amend
from socialcollab.workflow import events as ev

__all__ = ["amend"]


def amend(carrier: Carrier, delivery: str, now: dt.datetime) -> Steps[None]:
    """
    Let what is out carry the approved revision, if it is time to.

    Raises:
        SocialCollabError: If nothing reaches its profile; it is tried again later.
    """
    read = yield from carrier.read(delivery, now)
    before = read.value
    revision = before.amending
    if not revision or (before.not_before is not None and before.not_before > now):
        return
    given_up = yield from carrier.store(
        delivery, now, lambda again: give_up_amend(again.value, again.context)
    )
    if given_up:
        return
    taken: list[Right] = []
    outcome: NetworkError | None = None
    try:
        yield from _change(carrier, read, now, taken)
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
    real_now = carrier.real_now()

    def decide(again: Read) -> tuple[Event, ...]:
        if not number and again.value.amending != revision:
            return ()
        return settle_amend(
            again.value,
            outcome,
            again.context,
            number=number,
            revision=revision,
            real_now=real_now,
        )

    yield from held(carrier.store(delivery, now, decide))


def _change(carrier: Carrier, read: Read, now: dt.datetime, taken: list[Right]) -> Steps[None]:
    delivery = read.value
    adapter, transport = carrier.reach(read)
    outgoing = carrier.outgoing(read)
    if not isinstance(adapter, Amending):
        raise RejectedError("the adapter changes nothing in place")
    # The new words have to fit as the old ones had to.
    fresh = adapter.prepare(outgoing, now=now, entropy=carrier.engine.entropy(16))
    prepared = Prepared(outgoing=outgoing, keys=delivery.prepared or fresh.keys)

    def take_right(_: int) -> Steps[Right]:
        if not taken:
            right = yield from _take_right(carrier, read, now, adapter.send_within_s)
            taken.append(right)
        return taken[0]

    flow = adapter.amend(prepared, delivery.network_id)
    try:
        yield from carrier.converse(flow, transport, take_right=take_right, remember=forgetting)
    finally:
        flow.close()


def _take_right(carrier: Carrier, read: Read, now: dt.datetime, within_s: float) -> Steps[Right]:
    until: list[float] = []
    revision = read.value.amending

    def decide(again: Read) -> tuple[Event, ...]:
        if again.value.amending != revision:
            # Somebody asked for a later revision meanwhile: these words are not it.
            return ()
        started = carrier.real_now()
        until[:] = [carrier.monotonic() + within_s]
        return start_amend(
            again.record,
            again.value,
            again.context,
            started_at=started,
            deadline=started + dt.timedelta(seconds=within_s),
            limited_until=again.limited_until,
        )

    events = yield from carrier.store(read.value.id, now, decide, sends=True)
    for event in events:
        if isinstance(event.data, ev.AmendStarted):
            return Right(number=event.data.number, deadline=event.data.deadline, until=until[0])
    raise StoppedError
