"""Delete posts from their networks after a member has requested a takedown."""

from __future__ import annotations

import datetime as dt

from socialcollab.desk.publishing.dispatcher import (
    Dispatcher,
    Read,
    no_permit,
    or_network_error,
    remember_nothing,
)
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
    waits_for_sign_in,
)


def take_down(dispatcher: Dispatcher, delivery: str, now: dt.datetime) -> Effects[None]:
    """
    Delete every copy of a delivery whose takedown is due.

    If the document no longer contains the profile, nothing can be deleted. The takedown is then
    abandoned, and a member is notified.

    Raises:
        SocialCollabError: If no network is configured for the profile; the next run retries.
    """
    read = yield from dispatcher.read(delivery, now)
    before = read.delivery
    if not before.ids_to_take_down or (before.not_before is not None and before.not_before > now):
        return
    abandoned = yield from dispatcher.store(
        delivery, now, lambda read: abandon_takedown(read.delivery, read.context)
    )
    if abandoned:
        return
    for network_id in before.ids_to_take_down:
        failure: SocialCollabError | None = None
        error = _reason_to_wait(read, now)
        if error is None:
            try:
                error = yield from or_network_error(_delete(dispatcher, read, network_id))
            except StoreError:
                raise
            except SocialCollabError as raised:
                error, failure = NetworkError(str(raised)), raised
        if error is not None:
            yield from _defer(dispatcher, delivery, now, error)
            if failure is not None:
                raise failure
            return
        yield from _record(dispatcher, delivery, now, network_id)


def _reason_to_wait(read: Read, now: dt.datetime) -> NetworkError | None:
    if waits_for_sign_in(read.snapshot, read.delivery, read.context):
        return AuthenticationError("a member must first sign in to the profile")
    until = read.limited_until
    if until is not None and until > now:
        return RateLimitedError(
            "the network requires the profile to wait", retry_after_s=(until - now).total_seconds()
        )
    return None


def _delete(dispatcher: Dispatcher, read: Read, network_id: str) -> Effects[None]:
    adapter, transport = dispatcher.connect(read)
    flow = adapter.take_down(network_id)
    yield from dispatcher.run_flow(
        flow, transport, take_permit=no_permit, remember=remember_nothing
    )


# These two are separate functions so that each lambda binds the values of one loop iteration.
def _record(
    dispatcher: Dispatcher, delivery: str, now: dt.datetime, network_id: str
) -> Effects[None]:
    yield from dispatcher.store(
        delivery, now, lambda read: record_takedown(read.delivery, [network_id])
    )


def _defer(
    dispatcher: Dispatcher, delivery: str, now: dt.datetime, error: NetworkError
) -> Effects[None]:
    yield from dispatcher.store(
        delivery, now, lambda read: defer_takedown(read.delivery, error, read.context)
    )
