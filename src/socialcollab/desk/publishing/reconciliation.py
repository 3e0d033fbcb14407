"""Resolve unknown outcomes by looking up the post on the network."""

from __future__ import annotations

import datetime as dt
from typing import Final

import attrs

from socialcollab.content import DeliveryState, PostContent
from socialcollab.desk.journal.encoding import event_data
from socialcollab.desk.journal.streams import evolve
from socialcollab.desk.publishing.dispatcher import (
    Dispatcher,
    Read,
    StoppedError,
    broken_adapter,
    no_permit,
    remember_nothing,
)
from socialcollab.effects import Effects, call
from socialcollab.errors import (
    AuthenticationError,
    NetworkError,
    NotFoundError,
    SocialCollabError,
    StoreError,
)
from socialcollab.transport import Found, Inconclusive, Missing, Prepared, Published
from socialcollab.workflow import Actor
from socialcollab.workflow.decide import (
    Publication,
    hold_profile,
    record_lookup,
    record_missing,
    record_outcome,
    record_part,
    record_recheck,
)
from socialcollab.workflow.events import Event

_REPORT_AFTER: Final = dt.timedelta(days=3)
_MAX_PROBLEM: Final = 500


@attrs.frozen(kw_only=True)
class _NoResult:
    """
    A lookup without a conclusive result.

    Attributes:
        problem: Why the lookup was inconclusive, in at most 500 characters.
        wait: How long to wait before the next lookup, because an earlier lookup would also be
            inconclusive.
        error: The network's error, or None.
    """

    problem: str
    wait: dt.timedelta = dt.timedelta(0)
    error: NetworkError | None = None


def reconcile(
    dispatcher: Dispatcher, delivery: str, now: dt.datetime, *, at_once: bool = False
) -> Effects[list[str]]:
    """
    Look up whether an attempt with an unknown outcome published the post, and store the result.

    Returns:
        The problems that require a person's attention, one sentence each.

    Raises:
        SocialCollabError: If no network is configured for the profile, or if its adapter has a bug.
            In both cases the lookup is stored as inconclusive.
    """
    read = yield from dispatcher.read(delivery, now)
    before = read.delivery
    attempt = before.in_doubt
    if before.state is not DeliveryState.UNKNOWN or attempt is None:
        return []
    if not at_once and before.not_before is not None and before.not_before > now:
        return []
    looked_up_at = dispatcher.real_now()
    failure: SocialCollabError | None = None
    result: Found | Missing | _NoResult
    try:
        result = yield from _look_up(dispatcher, read)
    except StoreError:
        raise
    except NetworkError as error:
        result = _NoResult(problem=f"lookup_failed: {error}"[:_MAX_PROBLEM], error=error)
    except SocialCollabError as error:
        failure = error
        result = _NoResult(problem=f"no_network: {error}"[:_MAX_PROBLEM])
    except Exception as error:  # noqa: BLE001  a broken adapter fails its own delivery only
        failure = broken_adapter(error)
        result = _NoResult(problem=f"lookup_failed: {failure}"[:_MAX_PROBLEM])
    if isinstance(result, Missing):
        # The request may arrive until its deadline, and the network may need some time to show the
        # post. Only after both periods does "not found" mean "not published".
        conclusive_at = attempt.deadline + result.conclusive_after
        if looked_up_at >= conclusive_at:
            yield from dispatcher.store(
                delivery,
                now,
                lambda read: record_missing(read.delivery, read.context, attempt=attempt.number),
            )
            return []
        # If the real clock was set back, *conclusive_at* is too far in the future. The wait is
        # therefore limited to the time from the start of the attempt until the lookup is
        # conclusive.
        longest = attempt.deadline - attempt.started_at + result.conclusive_after
        result = _NoResult(problem="not_found_yet", wait=min(conclusive_at - looked_up_at, longest))
    if isinstance(result, Found):
        yield from _store_found(dispatcher, delivery, now, result, attempt.number)
        return []
    no_result = result

    def decide(read: Read) -> tuple[Event, ...]:
        events = record_lookup(
            read.delivery, read.context, problem=no_result.problem, at_least=no_result.wait
        )
        if events and isinstance(no_result.error, AuthenticationError):
            events = (*events, *hold_profile(read.delivery, read.context))
        return events

    yield from dispatcher.store(delivery, now, decide)
    if failure is not None:
        raise failure
    after = (yield from dispatcher.read(delivery, now)).delivery
    return _overdue(after.id, after.unknown_since, after.problem, now)


def recheck(
    dispatcher: Dispatcher, delivery: str, now: dt.datetime, *, at_once: bool = False
) -> Effects[None]:
    """
    Repeat the lookup of a send that was not found and has not been repeated since.

    A network may keep a request in a queue for longer than any sender waits. If the post appears
    after all, it is stored as published, even if the delivery has changed in the meantime.
    """
    read = yield from dispatcher.read(delivery, now)
    at = read.delivery.next_recheck_at
    if at is None or (at > now and not at_once):
        return
    failure: SocialCollabError | None = None
    try:
        content = yield from sent_content(dispatcher, read)
        if content is not None:
            result = yield from _look_up(dispatcher, read, content)
            if isinstance(result, Found) and not (yield from _others_in_flight(dispatcher, read)):
                number = read.delivery.attempts[-1].number
                yield from _store_found(dispatcher, delivery, now, result, number)
    except StoreError:
        raise
    except (NetworkError, NotFoundError):
        # There are only a few rechecks and nothing depends on them, so a failed recheck is not
        # repeated.
        pass
    except SocialCollabError as error:
        failure = error
    except Exception as error:  # noqa: BLE001  a broken adapter fails its own delivery only
        failure = broken_adapter(error)
    yield from dispatcher.store(
        delivery, now, lambda read: record_recheck(read.delivery, read.context)
    )
    if failure is not None:
        raise failure


def sent_content(dispatcher: Dispatcher, read: Read) -> Effects[PostContent | None]:
    """
    Return the content that was sent, even if it was edited since; None if it no longer exists.

    For an erased post, only a placeholder is left. A network that can look up a post by the key or
    the id of the request can still find the post.
    """
    revision = read.delivery.revision
    if read.snapshot.post.digest == revision:
        return read.snapshot.post.content
    snapshot = None
    stream = f"post/{read.delivery.post}"
    for event in (yield from call(dispatcher.engine.store.read, stream)):
        if "content" in event.erased:
            return read.snapshot.post.content
        snapshot = evolve(
            stream,
            snapshot,
            event_data(event),
            actor=Actor.parse(event.actor),
            at=event.at,
            salt=event.salt,
        )
        if snapshot.post.digest == revision:
            content: PostContent = snapshot.post.content
            return content
    return None


def _others_in_flight(dispatcher: Dispatcher, read: Read) -> Effects[bool]:
    """Return whether the found post may belong to a delivery without a network id."""
    rows = yield from call(
        dispatcher.engine.store.query,
        "deliveries",
        where={
            "profile": read.delivery.profile,
            "state": (DeliveryState.PUBLISHING.value, DeliveryState.UNKNOWN.value),
        },
        limit=1,
    )
    return bool(rows)


def _look_up(
    dispatcher: Dispatcher, read: Read, content: PostContent | None = None
) -> Effects[Found | Missing | _NoResult]:
    adapter, transport = dispatcher.connect(read)
    prepared = Prepared(
        outgoing=dispatcher.outgoing(read, content), idempotency_keys=read.delivery.prepared
    )
    flow = adapter.find(prepared, read.delivery.progress)
    try:
        result = yield from dispatcher.run_flow(
            flow, transport, take_permit=no_permit, remember=remember_nothing
        )
    except StoppedError:
        return _NoResult(problem="lookup_failed")
    if isinstance(result, Inconclusive):
        return _NoResult(problem=f"inconclusive: {result.reason}"[:_MAX_PROBLEM])
    if isinstance(result, Found):
        network_id = result.published.network_id
        other = yield from dispatcher.other_with(read, network_id)
        if other:
            problem = f"inconclusive: the network showed `{network_id}`, which belongs to delivery `{other}`"
            return _NoResult(problem=problem[:_MAX_PROBLEM])
    return result


def _store_found(
    dispatcher: Dispatcher, delivery: str, now: dt.datetime, found: Found, number: int
) -> Effects[None]:
    publication = _publication(found.published, now)
    whole = None if found.whole is None else _publication(found.whole, now)
    part = found.part

    def decide(read: Read) -> tuple[Event, ...]:
        if part is None:
            return record_outcome(read.delivery, publication, read.context, attempt=number)
        return record_part(
            read.delivery,
            publication,
            number=number,
            part=part,
            progress=found.progress,
            whole=whole,
        )

    yield from dispatcher.store(delivery, now, decide)


def _publication(published: Published, now: dt.datetime) -> Publication:
    return Publication(
        network_id=published.network_id,
        url=published.url,
        published_at=published.at or now,
        found=True,
    )


def _overdue(delivery: str, since: dt.datetime | None, problem: str, now: dt.datetime) -> list[str]:
    if since is None or now - since < _REPORT_AFTER:
        return []
    return [
        f"the outcome of delivery `{delivery}` has been unknown for {(now - since).days} days"
        f" ({problem}); look at the profile on the network, and then call `mark_published` or"
        " `mark_not_published`"
    ]
