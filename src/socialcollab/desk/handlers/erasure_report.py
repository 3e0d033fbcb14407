"""Reports on erasures: the erased streams, and texts by others that still mention the member."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.content import Json
from socialcollab.desk import commands as dc
from socialcollab.desk.arguments import check_progress
from socialcollab.desk.engine import Engine
from socialcollab.desk.handlers.erase import Fields, plan_erasure
from socialcollab.desk.handlers.perform import perform
from socialcollab.desk.journal.document_versions import REASON_KEYS, DocumentVersions, versions_of
from socialcollab.desk.journal.streams import ORGANIZATION
from socialcollab.desk.queries.history import last_event
from socialcollab.effects import Effects, call
from socialcollab.stores import Event as StoredEvent
from socialcollab.stores import Progress
from socialcollab.workflow import Actor, check_command

_DOCUMENTS: Final = frozenset({"document", "documents", "files"})
# The parts of a post's content that are ids or codes, not texts.
_NO_TEXTS: Final = frozenset(
    {"campaign", "digest", "language", "media_type", "planned_at", "profile", "targets", "times"}
)
_BEFORE, _AFTER = 60, 100


@attrs.frozen(kw_only=True)
class Mention:
    """
    A text by another person that mentions an erased member and remains in the journal.

    Attributes:
        stream: The stream, such as ``post/ID``, ``runtime_state`` or ``organization``.
        field: The part of the event or document, such as ``text`` or ``grants[3].reason``.
        version: The number of the newest event of the stream that contains the text.
        by: The member or system actor who wrote it, such as ``member:ben``.
        at: When it was written, in UTC.
        words: The words in the text that may refer to the member, sorted.
        excerpt: The text around the first of these words.
        external_id: The external id of the post to which the stream belongs, or an empty string.
    """

    stream: str
    field: str
    version: int
    by: str
    at: dt.datetime
    words: tuple[str, ...]
    excerpt: str
    external_id: str = ""

    def __str__(self) -> str:
        return (
            f"{named_stream(self.stream, self.external_id)}, {self.field}, by {self.by.removeprefix('member:')} on"
            f" {self.at:%Y-%m-%d}: {self.excerpt}"
        )


@attrs.frozen(kw_only=True)
class ErasureReport(NotebookMixin):
    """
    The result of an erasure, which is false in a boolean context if there was nothing to erase.

    Attributes:
        streams: The streams from which data were erased, or would be erased, sorted.
        mentions: The texts by others that remain and contain the member's id, a part of their name
            or an address, in the order in which they were written. They are not erased, because
            they may refer to another person; a member must review each of them. Empty if a post's
            data were erased.
        external_ids: The external ids of the posts to which these streams belong, by stream. Posts
            without an external id are omitted.
        dry_run: Whether this was a dry run, which erases nothing.
    """

    _cards_module: ClassVar[str] = "socialcollab.desk.cards"

    streams: tuple[str, ...]
    mentions: tuple[Mention, ...] = ()
    external_ids: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    dry_run: bool = False

    def __bool__(self) -> bool:
        return bool(self.streams)

    def __str__(self) -> str:
        verb = "would be erased" if self.dry_run else "erased"
        lines = [
            f"{verb}: {named_stream(stream, self.external_ids.get(stream, ''))}"
            for stream in self.streams
        ] or ["there was nothing to erase"]
        lines += [f"remains: {mention}" for mention in self.mentions]
        return "\n".join(lines)


def named_stream(stream: str, external_id: str) -> str:
    """Return a stream with the external id of its post, such as ``post/ID (W1)``."""
    return f"{stream} ({external_id})" if external_id else stream


def erase_and_report(
    engine: Engine,
    actor: Actor,
    command: dc.Erase,
    *,
    dry_run: bool,
    progress: Progress | None = None,
) -> Effects[ErasureReport]:
    """
    Erase personal data unless *dry_run* is set, and report the erased and the remaining data.

    Raises:
        NotAllowedError: If the actor is not allowed to erase the data, or if a post is not
            finished.
        NotFoundError: If the member has never existed, or if the post does not exist.
        InvalidValueError: If not exactly one of member and post is given, or if the reason is
            empty.
    """
    check_command(command, dc.COMMANDS)
    check_progress(progress)
    # The names are read first, because an erasure removes them from the documents.
    documents = versions_of((yield from call(engine.store.read, ORGANIZATION)))
    # The journal is read twice: once to find the data to erase, and once to find the mentions that
    # remain.
    first = _half(progress, start=0)
    erased: Mapping[str, Fields] = {}
    if dry_run:
        state = yield from engine.state()
        erased = yield from plan_erasure(
            engine, state, actor, command, now=engine.now(), progress=first
        )
        streams = tuple(sorted(erased))
    else:
        snapshots, _ = yield from perform(engine, actor, command, progress=first)
        streams = tuple(sorted(snapshots))
    mentions: tuple[Mention, ...] = ()
    if command.member:
        mentions = yield from _find_mentions(
            engine, documents, command.member, erased, progress=_half(progress, start=1)
        )
    external_ids: dict[str, str] = {}
    for stream in sorted({*streams, *(mention.stream for mention in mentions)}):
        kind, _, name = stream.partition("/")
        if kind in ("post", "delivery"):
            post = (yield from engine.post(name.partition(".")[0])).snapshot.post
            if post.external_id:
                external_ids[stream] = post.external_id
    return ErasureReport(
        streams=streams,
        mentions=tuple(
            attrs.evolve(mention, external_id=external_ids.get(mention.stream, ""))
            for mention in mentions
        ),
        external_ids={name: external_ids[name] for name in streams if name in external_ids},
        dry_run=dry_run,
    )


def _half(progress: Progress | None, *, start: int) -> Progress | None:
    """Return a function that reports the progress of one of two passes over the journal."""
    if progress is None:
        return None
    return lambda done, total: progress(start * total + done, 2 * total)


def _find_mentions(
    engine: Engine,
    documents: DocumentVersions,
    member: str,
    erased: Mapping[str, Fields],
    *,
    progress: Progress | None,
) -> Effects[tuple[Mention, ...]]:
    """
    Search the whole journal for texts by others that mention a member.

    Args:
        engine: The desk's engine.
        documents: The documents before the erasure, which contain the member's names.
        member: The member.
        erased: The values to ignore, because an erasure would erase them.
        progress: Called after each page of events.
    """
    pattern = _pattern(documents, member)
    events = yield from call(engine.store.read, ORGANIZATION)
    found: dict[tuple[str, str, str], Mention] = {}
    for one in _in_documents(events, pattern):
        found[one.stream, one.field, one.excerpt] = one
    last = yield from last_event(engine)
    position = 0
    while page := (yield from call(engine.store.read_all, after=position)):
        position = page[-1].position
        for event in page:
            if event.actor == f"member:{member}":
                continue
            ignored = _DOCUMENTS | erased.get(event.stream, {}).get(event.version, set())
            for name in sorted(event.personal.keys() - ignored):
                for field, text in _texts(event.personal[name], name):
                    mention = _mention(event, field, text, pattern)
                    if mention is not None:
                        # An edit repeats the texts of the post that it does not change.
                        found[mention.stream, mention.field, mention.excerpt] = mention
        if progress is not None and last is not None:
            progress(position, max(position, last.position))
    return tuple(sorted(found.values(), key=lambda one: (one.at, one.stream, one.version)))


def _pattern(documents: DocumentVersions, member: str) -> re.Pattern[str]:
    """Return a pattern that matches the member's id, addresses, names and parts of the names."""
    words = {member, *documents.words(member)}
    for name in tuple(words):
        parts = (part.strip(".,'\"()") for part in name.split())
        # A particle such as "van" is a common word and would match too often.
        words |= {part for part in parts if len(part) > 1 and not part.islower()}
    ordered = sorted(words, key=lambda word: (-len(word), word))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ordered))})(?!\w)", re.IGNORECASE)


def _in_documents(events: Sequence[StoredEvent], pattern: re.Pattern[str]) -> Iterator[Mention]:
    """Yield the mentions in the reasons that any version of the document contains."""
    by_version = {event.version: event for event in events}
    for version in versions_of(events).versions:
        for field, text in _texts(version.organization.to_dict(), ""):
            if re.split(r"[.\[]", field)[-1] in REASON_KEYS:
                mention = _mention(by_version[version.number], field, text, pattern)
                if mention is not None:
                    yield mention


def _texts(value: Json | Any, field: str) -> Iterator[tuple[str, str]]:
    """Yield every text in a nested value, with its place."""
    if isinstance(value, str):
        yield field, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if name not in _NO_TEXTS:
                yield from _texts(item, f"{field}.{name}" if field else str(name))
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from _texts(item, f"{field}[{number}]")


def _mention(event: StoredEvent, field: str, text: str, pattern: re.Pattern[str]) -> Mention | None:
    matches = list(pattern.finditer(text))
    if not matches:
        return None
    start = max(0, matches[0].start() - _BEFORE)
    end = matches[0].end() + _AFTER
    excerpt = " ".join(text[start:end].split())
    return Mention(
        stream=event.stream,
        field=field,
        version=event.version,
        by=event.actor,
        at=event.at,
        words=tuple(sorted({match.group() for match in matches})),
        excerpt=f"{'…' if start else ''}{excerpt}{'…' if end < len(text) else ''}",
    )
