"""Erase the personal data of a customer from every event, snapshot and row."""

from __future__ import annotations

from socialcollab.desk.engine import Engine
from socialcollab.desk.handlers.erase import without_values
from socialcollab.desk.inbox.queries import inbox_rules
from socialcollab.desk.journal.encoding import pack
from socialcollab.desk.journal.streams import ORGANIZATION, RUNTIME_STATE, evolve, reduced, rows_of
from socialcollab.desk.queries.calendar import all_rows
from socialcollab.effects import Effects, call
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.inbox import StoredMessage
from socialcollab.stores import Event as StoredEvent
from socialcollab.stores import NewEvent, Row
from socialcollab.workflow import Actor
from socialcollab.workflow.events import Event, PersonErased

_NAMES = frozenset({"account", "name", "by", "customer", "excerpt"})


def erase_customer(
    engine: Engine, actor: Actor, *, account: str, workspace: str, reason: str
) -> Effects[int]:
    """
    Erase the texts, names and handles of an account in one workspace, in one append.

    The messages remain as placeholders, so that they are not stored again if they arrive again.

    Returns:
        The number of streams from which data were erased.

    Raises:
        NotFoundError: If the workspace is not visible to the actor.
        NotAllowedError: If the actor does not have `erase` there.
        InvalidValueError: If the reason is empty.
    """
    if not reason.strip():
        raise InvalidValueError(
            "an erasure needs a reason", value=reason, expected="why it is erased"
        )

    def attempt() -> Effects[int]:
        state = yield from engine.state()
        rules = inbox_rules(engine, state, actor)
        access, now = rules.context.access, rules.context.now
        if workspace not in rules.context.workspaces or not access.allows(
            actor.name, "view_inbox", workspace, at=now
        ):
            raise NotFoundError("workspace", workspace)
        verdict = access.check(actor.name, "erase", workspace, at=now)
        if not verdict:
            raise NotAllowedError(verdict)
        streams = yield from _streams(engine, account, workspace)
        stored: list[NewEvent] = []
        snapshots: dict[str, bytes] = {}
        rows: list[Row] = []
        expected = {name: state.versions[name] for name in (ORGANIZATION, RUNTIME_STATE)}
        for stream in streams:
            events = yield from call(engine.store.read, stream)
            erases = {
                event.version: names for event in events if (names := _personal(event, account))
            }
            if not erases:
                continue
            data = PersonErased(reason=reason)
            new, salt = engine.new_event(
                Event(stream, actor, data), state.digest, now, erases=erases
            )
            kept = [without_values(event, erases.get(event.version, ())) for event in events]
            snapshot = evolve(stream, reduced(stream, kept), data, actor=actor, at=now, salt=salt)
            stored.append(new)
            snapshots[stream] = pack(snapshot)
            rows += rows_of(stream, snapshot)
            expected[stream] = events[-1].version
        if stored:
            yield from call(
                engine.store.append,
                stored,
                expected_versions=expected,
                rows=rows,
                snapshots=snapshots,
            )
        return len(stored)

    return (yield from engine.retry(attempt))


def _streams(engine: Engine, account: str, workspace: str) -> Effects[list[str]]:
    """Return the streams that can contain data of the account."""
    where = {"workspace": workspace}
    conversations = yield from all_rows(engine, "conversations", where=where)
    cases = yield from all_rows(engine, "cases", where=where)
    accounts = yield from all_rows(engine, "accounts", where={**where, "account": account})
    items = tuple(row.stream for row in conversations)
    network, _, author = account.partition(":")
    messages: list[str] = []
    entries: list[Row] = []
    if items:
        entries = yield from all_rows(engine, "inbox_entries", where={"item": items})
    loaded = yield from engine.load_all(row.stream for row in entries)
    for stream, one in loaded.items():
        message = one.snapshot
        if (
            isinstance(message, StoredMessage)
            and message.message.network == network
            and message.message.author.id == author
        ):
            messages.append(stream)
    owners = (row.stream for row in (*cases, *accounts))
    return [*messages, *items, *dict.fromkeys(owners)]


def _personal(event: StoredEvent, account: str) -> tuple[str, ...]:
    """Return the personal values of an event that concern an account."""
    if event.stream.startswith("message/"):
        return tuple(sorted(event.personal))
    values = {event.personal.get(name) for name in ("account", "customer")}
    if account not in values:
        return ()
    return tuple(sorted(name for name in event.personal if name in _NAMES))
