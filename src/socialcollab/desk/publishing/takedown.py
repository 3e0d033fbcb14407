"""Take down what nobody wants to be out any more."""

from __future__ import annotations

import datetime as dt

from socialcollab.desk.publishing.dispatcher import Dispatcher, Read, broken, forgetting, no_permit
from socialcollab.effects import Effects
from socialcollab.errors import (
    AuthenticationError,
    NetworkError,
    RateLimitedError,
    SocialCollabError,
    StoreError,
)
from socialcollab.workflow.decide import (
    abandon_takedown,
    defer_takedown,
    record_takedown,
    waits_to_sign_in,
)


def remove(dispatcher: Dispatcher, delivery: str, now: dt.datetime) -> Effects[None]:
    """
    Take down, one by one, what of a delivery is to be taken down, if it is time to.

    What stands on a profile that has gone cannot be: the wish ends by saying so.

    Raises:
        SocialCollabError: If nothing reaches its profile; it is tried again later.
    """
    read = yield from dispatcher.read(delivery, now)
    before = read.value
    if not before.ids_to_take_down or (before.not_before is not None and before.not_before > now):
        return
    given_up = yield from dispatcher.store(
        delivery, now, lambda again: abandon_takedown(again.value, again.context)
    )
    if given_up:
        return
    for network_id in before.ids_to_take_down:
        failed: Exception | None = None
        try:
            refused = _has_to_wait(read, now)
            if refused is None:
                refused = yield from _take_down(dispatcher, read, network_id)
        except StoreError:
            raise
        except SocialCollabError as error:
            refused, failed = NetworkError(str(error)), error
        if refused is None:
            yield from _store_removed(dispatcher, delivery, now, network_id)
            continue
        yield from _store_put_off(dispatcher, delivery, now, refused)
        if failed is not None:
            raise failed
        return


def _has_to_wait(read: Read, now: dt.datetime) -> NetworkError | None:
    if waits_to_sign_in(read.snapshot, read.value, read.context):
        return AuthenticationError("somebody has to sign in first")
    until = read.limited_until
    if until is not None and until > now:
        return RateLimitedError("too soon", retry_after_s=(until - now).total_seconds())
    return None


def _take_down(dispatcher: Dispatcher, read: Read, network_id: str) -> Effects[NetworkError | None]:
    adapter, transport = dispatcher.reach(read)
    flow = adapter.take_down(network_id)
    try:
        yield from dispatcher.run_flow(flow, transport, take_permit=no_permit, remember=forgetting)
    except NetworkError as error:
        return error
    except SocialCollabError:
        raise
    except Exception as error:  # noqa: BLE001  one adapter's bug is no other's
        return broken(error)
    return None


def _store_removed(
    dispatcher: Dispatcher, delivery: str, now: dt.datetime, network_id: str
) -> Effects[None]:
    yield from dispatcher.store(
        delivery, now, lambda again: record_takedown(again.value, [network_id])
    )


def _store_put_off(
    dispatcher: Dispatcher, delivery: str, now: dt.datetime, error: NetworkError
) -> Effects[None]:
    yield from dispatcher.store(
        delivery, now, lambda again: defer_takedown(again.value, error, again.context)
    )
