"""Look on the network what became of what is in doubt."""

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
    broken,
    forgetting,
    no_permit,
)
from socialcollab.effects import Effects, call
from socialcollab.errors import AuthenticationError, NetworkError, SocialCollabError, StoreError
from socialcollab.transport import Found, Inconclusive, Missing, Prepared, Published
from socialcollab.workflow import Actor
from socialcollab.workflow.decide import (
    Sent,
    hold_profile,
    record_lookup,
    record_missing,
    record_outcome,
    record_part,
    record_recheck,
)
from socialcollab.workflow.events import Event

_SAY_AFTER: Final = dt.timedelta(days=3)
_NO_WAIT: Final = dt.timedelta(0)


@attrs.frozen(kw_only=True)
class _Inconclusive:
    """A look that could not tell, why, and for how long another would not either."""

    problem: str
    at_least: dt.timedelta = _NO_WAIT
    error: NetworkError | None = None


def look(
    dispatcher: Dispatcher, delivery: str, now: dt.datetime, *, at_once: bool = False
) -> Effects[list[str]]:
    """
    Look whether an attempt in doubt made something, and store what is known then.

    Returns:
        What a person has to look at, one sentence each.
    """
    read = yield from dispatcher.read(delivery, now)
    before = read.value
    attempt = before.in_doubt
    if before.state is not DeliveryState.UNKNOWN or attempt is None:
        return []
    if not at_once and before.not_before is not None and before.not_before > now:
        return []
    looked_at = dispatcher.real_now()
    failed: Exception | None = None
    try:
        found = yield from _found(dispatcher, read)
    except StoreError:
        raise
    except NetworkError as error:
        found = _Inconclusive(problem=f"look_failed: {error}"[:500], error=error)
    except SocialCollabError as error:
        # No network is given that reaches it, or its profile has gone.
        found, failed = _Inconclusive(problem=f"no_network: {error}"[:500]), error
    except Exception as error:  # noqa: BLE001  one adapter's bug is no other's
        failed = broken(error)
        found = _Inconclusive(problem=f"look_failed: {failed}"[:500])
    if isinstance(found, Missing):
        conclusive = attempt.deadline + found.conclusive_after
        if looked_at >= conclusive:
            yield from dispatcher.store(
                delivery,
                now,
                lambda again: record_missing(again.value, again.context, attempt=attempt.number),
            )
            return []
        # A clock that was set back would put the next look off for as long.
        longest = attempt.deadline - attempt.started_at + found.conclusive_after
        at_least = min(conclusive - looked_at, longest)
        found = _Inconclusive(problem="not_found_yet", at_least=at_least)
    if isinstance(found, Found):
        yield from _store_found(dispatcher, delivery, now, found, attempt.number)
        return []
    inconclusive = found

    def decide(again: Read) -> tuple[Event, ...]:
        events = record_lookup(
            again.value,
            again.context,
            problem=inconclusive.problem,
            at_least=inconclusive.at_least,
        )
        if events and isinstance(inconclusive.error, AuthenticationError):
            events = (*events, *hold_profile(again.value, again.context))
        return events

    yield from dispatcher.store(delivery, now, decide)
    if failed is not None:
        # It stays unknown; due work reports why, and goes on with the rest.
        raise failed
    after = (yield from dispatcher.read(delivery, now)).value
    return _overdue(after.id, after.unknown_since, after.problem, now)


def look_again(
    dispatcher: Dispatcher, delivery: str, now: dt.datetime, *, at_once: bool = False
) -> Effects[None]:
    """
    Look once more for what was found absent and has not been sent again since.

    A network may keep a request for longer than anybody waits for it. What
    arrived after all is stored as out, whatever has become of the delivery.
    """
    read = yield from dispatcher.read(delivery, now)
    at = read.value.next_recheck_at
    if at is None or (at > now and not at_once):
        return
    failed: Exception | None = None
    try:
        content = yield from _sent_content(dispatcher, read)
        found = None if content is None else (yield from _found(dispatcher, read, content))
        if isinstance(found, Found) and not (yield from _others_in_flight(dispatcher, read)):
            yield from _store_found(
                dispatcher, delivery, now, found, read.value.attempts[-1].number
            )
    except StoreError:
        raise
    except SocialCollabError:
        # What cannot be reached now may be at the next look; nobody waits for it.
        pass
    except Exception as error:  # noqa: BLE001  one adapter's bug is no other's
        failed = broken(error)
    yield from dispatcher.store(
        delivery, now, lambda again: record_recheck(again.value, again.context)
    )
    if failed is not None:
        raise failed


def _sent_content(dispatcher: Dispatcher, read: Read) -> Effects[PostContent | None]:
    """
    Return what was sent, which may have been edited since; None if it cannot be told any more.

    Of what has been erased only the placeholder is left: a network that keeps
    the key or id of a request finds it by that all the same.
    """
    wanted = read.value.revision
    if read.snapshot.post.digest == wanted:
        return read.snapshot.post.content
    snapshot = None
    stream = f"post/{read.value.post}"
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
        if snapshot.post.digest == wanted:
            content: PostContent = snapshot.post.content
            return content
    return None


def _others_in_flight(dispatcher: Dispatcher, read: Read) -> Effects[bool]:
    """Tell whether what was found may be another delivery's, the id of which is not known yet."""
    rows = yield from call(
        dispatcher.engine.store.query,
        "deliveries",
        where={
            "profile": read.value.profile,
            "state": (DeliveryState.PUBLISHING.value, DeliveryState.UNKNOWN.value),
        },
        limit=1,
    )
    return bool(rows)


def _found(
    dispatcher: Dispatcher, read: Read, content: PostContent | None = None
) -> Effects[Found | Missing | _Inconclusive]:
    adapter, transport = dispatcher.reach(read)
    prepared = Prepared(
        outgoing=dispatcher.outgoing(read, content), idempotency_keys=read.value.prepared
    )
    flow = adapter.find(prepared, read.value.progress)
    try:
        found = yield from dispatcher.run_flow(
            flow, transport, take_permit=no_permit, remember=forgetting
        )
    except StoppedError:
        return _Inconclusive(problem="look_failed")
    if isinstance(found, Inconclusive):
        return _Inconclusive(problem=f"cannot_tell: {found.reason}"[:500])
    if isinstance(found, Found):
        other = yield from dispatcher.known_as(read, found.published.network_id)
        if other:
            said = f"the look found `{found.published.network_id}`, which is delivery `{other}`"
            return _Inconclusive(problem=f"cannot_tell: {said}"[:500])
    return found


def _store_found(
    dispatcher: Dispatcher, delivery: str, now: dt.datetime, found: Found, number: int
) -> Effects[None]:
    sent = _sent(found.published, now)
    part = found.part

    whole = None if found.whole is None else _sent(found.whole, now)

    def decide(again: Read) -> tuple[Event, ...]:
        if part is None:
            return record_outcome(again.value, sent, again.context, attempt=number)
        return record_part(
            again.value, sent, number=number, part=part, progress=found.progress, whole=whole
        )

    yield from dispatcher.store(delivery, now, decide)


def _sent(published: Published, now: dt.datetime) -> Sent:
    return Sent(
        network_id=published.network_id,
        url=published.url,
        published_at=published.at or now,
        found=True,
    )


def _overdue(delivery: str, since: dt.datetime | None, problem: str, now: dt.datetime) -> list[str]:
    if since is None or now - since < _SAY_AFTER:
        return []
    days = (now - since).days
    return [
        f"for {days} days nobody has known if delivery `{delivery}` is out ({problem}): look at"
        " the account, and say so with `mark_published` or `mark_not_published`"
    ]
