"""Work on conversations and cases that is due: end holds, and moderate on the network."""

from __future__ import annotations

import datetime as dt
from typing import Final

from socialcollab.desk.publishing.dispatcher import (
    Dispatcher,
    no_permit,
    or_network_error,
    remember_nothing,
)
from socialcollab.effects import Effects
from socialcollab.errors import NetworkError, RejectedError
from socialcollab.inbox import (
    Conversation,
    ModerationDone,
    ModerationFailed,
    ModerationRequest,
    moderated,
    wake,
)
from socialcollab.transport import ModeratingAdapter
from socialcollab.workflow import Actor
from socialcollab.workflow.events import ERASED_TEXT, Event

_MOST_ATTEMPTS: Final = 5
_WAIT: Final = dt.timedelta(minutes=5)
NOT_SUPPORTED: Final = "not_supported"
"""The problem of a request that the profile's network cannot carry out."""


def work_on_item(dispatcher: Dispatcher, stream: str, *, now: dt.datetime) -> Effects[list[str]]:
    """
    End the hold of an item, and carry out its moderation requests, if they are due.

    Returns:
        The requests that failed, one sentence each.
    """
    engine = dispatcher.engine

    def wake_up() -> Effects[None]:
        state = yield from engine.state()
        loaded = yield from engine.load(stream)
        events = wake(loaded.snapshot, now=now)
        if events:
            yield from engine.append(state, events, [loaded], at=now)

    yield from engine.retry(wake_up)
    item = (yield from engine.load(stream)).snapshot
    problems: list[str] = []
    if isinstance(item, Conversation):
        for request in item.requests:
            if (request.not_before or request.at) <= now:
                problem = yield from _moderate(dispatcher, item, request)
                if problem:
                    problems.append(problem)
                yield from _record(dispatcher, stream, request, problem, now)
    return problems


def _moderate(
    dispatcher: Dispatcher, conversation: Conversation, request: ModerationRequest
) -> Effects[str]:
    """Carry out a request, and return why it failed, or an empty string."""
    state = yield from dispatcher.engine.state()
    profile = state.organization.profiles_by_id.get(conversation.profile)
    if profile is None:
        return NOT_SUPPORTED
    stored = (yield from dispatcher.engine.load(f"message/{request.message}")).snapshot
    if stored.message.author.name == ERASED_TEXT:
        return NOT_SUPPORTED
    network = dispatcher.network_of(profile)
    adapter = network.adapter(profile)
    if not isinstance(adapter, ModeratingAdapter):
        return NOT_SUPPORTED
    outcome = yield from or_network_error(
        dispatcher.run_flow(
            adapter.moderate(request.action, stored.message),
            network.transport(profile),
            take_permit=no_permit,
            remember=remember_nothing,
        )
    )
    if isinstance(outcome, RejectedError):
        # The network will not change its mind.
        return f"{NOT_SUPPORTED}: {outcome}"
    return str(outcome) if isinstance(outcome, NetworkError) else ""


def _record(
    dispatcher: Dispatcher,
    stream: str,
    request: ModerationRequest,
    problem: str,
    now: dt.datetime,
) -> Effects[None]:
    engine = dispatcher.engine

    def attempt() -> Effects[None]:
        state = yield from engine.state()
        loaded = yield from engine.load(stream)
        if all(each.id != request.id for each in loaded.snapshot.requests):
            return
        data: ModerationDone | ModerationFailed
        if problem:
            again = not problem.startswith(NOT_SUPPORTED) and request.attempts + 1 < _MOST_ATTEMPTS
            wait = _WAIT * 2**request.attempts
            data = ModerationFailed(
                request=request.id, problem=problem, not_before=now + wait if again else None
            )
        else:
            data = ModerationDone(request=request.id)
        events = [Event(stream, Actor.PUBLISHER, data)]
        if not problem:
            message = yield from engine.load(f"message/{request.message}")
            events += moderated(message.snapshot, request.action)
        yield from engine.append(state, events, [loaded], at=now)

    yield from engine.retry(attempt)
