"""Take down what nobody wants to be out any more."""

from __future__ import annotations

import datetime as dt

from socialcollab.desk.carrying import Carrier, Read, broken, forgetting, no_right
from socialcollab.desk.steps import Steps
from socialcollab.errors import (
    CredentialsRefusedError,
    NetworkError,
    RateLimitedError,
    SocialCollabError,
    StoreError,
)
from socialcollab.workflow import give_up_removal, put_off_removal, removed
from socialcollab.workflow.decide_delivery import waits_to_sign_in

__all__ = ["remove"]


def remove(carrier: Carrier, delivery: str, now: dt.datetime) -> Steps[None]:
    """
    Take down, one by one, what of a delivery is to be taken down, if it is time to.

    What stands on a profile that has gone cannot be: the wish ends by saying so.

    Raises:
        SocialCollabError: If nothing reaches its profile; it is tried again later.
    """
    read = yield from carrier.read(delivery, now)
    before = read.value
    if not before.to_remove or (before.not_before is not None and before.not_before > now):
        return
    given_up = yield from carrier.store(
        delivery, now, lambda again: give_up_removal(again.value, again.context)
    )
    if given_up:
        return
    for network_id in before.to_remove:
        failed: Exception | None = None
        try:
            refused = _has_to_wait(read, now)
            if refused is None:
                refused = yield from _take_down(carrier, read, network_id)
        except StoreError:
            raise
        except SocialCollabError as error:
            refused, failed = NetworkError(str(error)), error
        if refused is None:
            yield from _store_removed(carrier, delivery, now, network_id)
            continue
        yield from _store_put_off(carrier, delivery, now, refused)
        if failed is not None:
            raise failed
        return


def _has_to_wait(read: Read, now: dt.datetime) -> NetworkError | None:
    if waits_to_sign_in(read.record, read.value, read.context):
        return CredentialsRefusedError("somebody has to sign in first")
    until = read.limited_until
    if until is not None and until > now:
        return RateLimitedError("too soon", retry_after_s=(until - now).total_seconds())
    return None


def _take_down(carrier: Carrier, read: Read, network_id: str) -> Steps[NetworkError | None]:
    adapter, transport = carrier.reach(read)
    flow = adapter.take_down(network_id)
    try:
        yield from carrier.converse(flow, transport, take_right=no_right, remember=forgetting)
    except NetworkError as error:
        return error
    except SocialCollabError:
        raise
    except Exception as error:  # noqa: BLE001  one adapter's bug is no other's
        return broken(error)
    finally:
        flow.close()
    return None


def _store_removed(
    carrier: Carrier, delivery: str, now: dt.datetime, network_id: str
) -> Steps[None]:
    yield from carrier.store(delivery, now, lambda again: removed(again.value, [network_id]))


def _store_put_off(
    carrier: Carrier, delivery: str, now: dt.datetime, error: NetworkError
) -> Steps[None]:
    yield from carrier.store(
        delivery, now, lambda again: put_off_removal(again.value, error, again.context)
    )
