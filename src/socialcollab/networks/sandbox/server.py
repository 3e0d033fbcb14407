"""The sandbox's server, in this process: it takes requests and answers as a network does."""

from __future__ import annotations

import datetime as dt
import json
import math
import sqlite3
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit

import attrs

from socialcollab.content import Image, Json, Poll
from socialcollab.directory import Profile
from socialcollab.directory.network import NetworkDescription
from socialcollab.errors import (
    InvalidValueError,
    OutcomeUnknownError,
    SocialCollabError,
    StoreUnavailableError,
    TemporaryError,
)
from socialcollab.networks.limits import limits_broken
from socialcollab.networks.sandbox.adapter import token_of
from socialcollab.networks.sandbox.fault import Fault, FaultKind
from socialcollab.networks.sandbox.timeline import (
    RateLimit,
    SandboxPost,
    Timeline,
    struck,
    with_key,
)
from socialcollab.time import as_utc
from socialcollab.transport.flow import MediaPart, Reply, Request
from socialcollab.transport.ports import Clock

__all__ = ["Rules", "SandboxTransport"]

_EARLIEST: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Keep(Protocol):
    """Keeps the bytes of an upload, so that the preview can show them."""

    def __call__(self, part: MediaPart) -> None:
        """Keep them."""
        ...


@attrs.frozen(kw_only=True)
class Rules:
    """
    How the server behaves.

    Attributes:
        faults: What goes wrong.

        rate_limit: How many posts each profile may make, or None for any number.

        honours_keys: Whether a second request with the same key makes no second post.

        clock: The time on the timeline, which rate limits count by.

        real_clock: The time that deadlines are held to.

        sleep: Waits, when a fault makes the server slow.

        keep: Keeps what is uploaded, or None.
    """

    faults: tuple[Fault, ...]
    rate_limit: RateLimit | None
    honours_keys: bool
    clock: Clock
    real_clock: Clock
    sleep: Callable[[float], None]
    keep: Keep | None


class _NoAnswerError(Exception):
    """The connection breaks instead of an answer; what was written stays."""


class _TooLateError(Exception):
    """The deadline passed: what was begun is undone."""


@attrs.frozen(kw_only=True)
class SandboxTransport:
    """
    What carries one profile's requests to the server.

    Attributes:
        profile: Whose requests.

        description: What the profile's network takes.

        timeline: Where posts are kept.

        rules: How the server behaves.
    """

    profile: Profile
    description: NetworkDescription
    timeline: Timeline
    rules: Rules

    def send(self, request: Request, *, timeout_s: float) -> Reply:
        """
        Send one request and return the answer.

        Raises:
            TemporaryError: If nothing was made for certain: its deadline had
                passed before it left, or the timeline cannot be written.

            OutcomeUnknownError: If no answer came.
        """
        deadline = _Deadline(self.rules.real_clock, time.monotonic() + timeout_s, request.deadline)
        network = self.profile.network
        if deadline.passed():
            raise TemporaryError("the deadline passed before the request left", network=network)
        try:
            self._be_slow(request, timeout_s)
            return self._answer(request, deadline)
        except _NoAnswerError:
            raise OutcomeUnknownError("the connection broke", network=network) from None
        except _TooLateError:
            raise OutcomeUnknownError("no answer came in time", network=network) from None
        except StoreUnavailableError as error:
            if request.creates is None or not _committing(error):
                raise TemporaryError(str(error), network=network) from error
            raise OutcomeUnknownError(str(error), network=network) from error

    def close(self) -> None:
        """Do nothing: the sandbox closes the timeline."""

    def _be_slow(self, request: Request, timeout_s: float) -> None:
        faults = self.rules.faults
        if request.creates is None or all(each.kind is not FaultKind.SLOW for each in faults):
            return
        with self.timeline.writing(wait_s=timeout_s) as db:
            slow = self._struck(db, FaultKind.SLOW)
        if slow is not None:
            self.rules.sleep(min(slow.seconds, timeout_s))
            if slow.seconds >= timeout_s:
                raise _TooLateError

    def _struck(self, db: sqlite3.Connection, *kinds: FaultKind) -> Fault | None:
        return struck(
            db,
            self.rules.faults,
            *kinds,
            profile=self.profile.id,
            network=self.profile.network,
        )

    def _answer(self, request: Request, deadline: _Deadline) -> Reply:
        path = urlsplit(request.url).path.removeprefix("/v1")
        keep = self.rules.keep
        if keep is not None and request.media is not None and path == "/media":
            # Bytes are kept first: a medium that is named is there.
            keep(request.media)
        with self.timeline.writing(wait_s=deadline.left_s) as db:
            reply, lost = self._route(db, request, path)
            # Invariant: nothing is made after the deadline. A look waits for this lock.
            if request.creates is not None and deadline.passed():
                raise _TooLateError
        if lost:
            raise _NoAnswerError
        return reply

    def _route(self, db: sqlite3.Connection, request: Request, path: str) -> tuple[Reply, bool]:
        """Return the answer, and whether it is lost on its way."""
        token = f"Bearer {token_of(self.profile.id)}"
        if request.headers.get("authorization") != token or self._struck(
            db, FaultKind.CREDENTIALS_REFUSED
        ):
            return _refusal(401, "the token is not valid"), False
        if request.method == "POST" and path == "/media":
            return self._upload(db, request)
        if request.method == "POST" and path == "/posts":
            return self._create(db, request)
        if request.method == "GET" and path == "/posts":
            return self._find(db, request), False
        if request.method == "DELETE" and path.startswith("/posts/"):
            return self._remove(db, unquote(path.removeprefix("/posts/"))), False
        if request.method == "GET" and path == "/account":
            name = self.profile.handle or self.profile.id
            return _json(200, {"id": self.profile.id, "handle": name}), False
        return _refusal(404, f"there is no {request.method} {path}"), False

    def _upload(self, db: sqlite3.Connection, request: Request) -> tuple[Reply, bool]:
        form, part = request.form or {}, request.media
        size = form.get("size_bytes", "0")
        if part is None or not (size.isascii() and size.isdigit()):
            return _refusal(422, "the upload has no file"), False
        limits = self.description.media
        if limits.types and part.media_type not in limits.types:
            return _refusal(422, f"{self.description.title} takes no {part.media_type}"), False
        if limits.image_bytes is not None and int(size) > limits.image_bytes:
            return _refusal(413, f"the file is larger than {limits.image_bytes} bytes"), False
        row = (
            self.profile.id,
            part.digest,
            form.get("alt", ""),
            part.media_type,
            int(size),
            form.get("name", ""),
        )
        made = db.execute(
            "INSERT INTO media (profile, digest, alt, media_type, size_bytes, name)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            row,
        )
        lost = self._struck(db, FaultKind.CUT_UPLOAD) is not None
        return _json(201, {"id": f"m{made.lastrowid}"}), lost

    def _create(self, db: sqlite3.Connection, request: Request) -> tuple[Reply, bool]:
        struck_by = self._struck(
            db,
            FaultKind.NO_ANSWER_BEFORE_CREATING,
            FaultKind.RATE_LIMITED,
            FaultKind.SERVER_ERROR,
            FaultKind.REJECTED,
        )
        if struck_by is not None:
            return _struck_reply(struck_by), struck_by.kind is FaultKind.NO_ANSWER_BEFORE_CREATING
        key = request.headers.get("idempotency-key", "")
        if key and self.rules.honours_keys:
            known = with_key(db, profile=self.profile.id, key=key)
            if known:
                return _json(200, _shown(known[0])), False
        now = as_utc(self.rules.clock())
        wait_s = self._wait_s(db, now)
        if wait_s is not None:
            return _refusal(429, "too many posts", retry_after_s=wait_s), False
        body = request.json if isinstance(request.json, Mapping) else {}
        try:
            images = [self._medium(db, each) for each in _words(body.get("media"))]
            poll = _poll(body.get("poll"))
            text, labels = str(body.get("text", "")), _words(body.get("labels"))
            links = _words(body.get("links"))
            created_at = as_utc(dt.datetime.fromisoformat(str(body.get("created_at", now))))
        except (InvalidValueError, LookupError, TypeError, ValueError) as error:
            return _refusal(400, f"the request cannot be read: {error}"), False
        broken = limits_broken(
            self.description,
            text=text,
            images=[image for _, image in images],
            labels=labels,
            poll=poll,
        )
        if broken:
            return _refusal(422, "; ".join(broken)), False
        number = db.execute("SELECT coalesce(max(number), 0) + 1 FROM posts").fetchone()[0]
        network_id = f"{(now - _EARLIEST) // dt.timedelta(milliseconds=1)}{number:06d}"
        handle = self.profile.handle or self.profile.id
        url = f"https://{self.profile.network}.sandbox.invalid/{handle.lstrip('@')}/{network_id}"
        db.execute(
            "INSERT INTO posts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            (
                number,
                network_id,
                self.profile.id,
                self.profile.network,
                handle,
                key,
                text,
                json.dumps(links),
                str(body.get("language", "")),
                json.dumps(labels),
                json.dumps(body.get("poll") or {}),
                url,
                created_at.isoformat(),
                now.timestamp(),
            ),
        )
        db.executemany(
            "INSERT INTO post_media VALUES (?, ?, ?)",
            [(number, place, medium) for place, (medium, _) in enumerate(images)],
        )
        lost = self._struck(db, FaultKind.NO_ANSWER_AFTER_CREATING) is not None
        shown: dict[str, Json] = {
            "id": network_id,
            "url": url,
            "created_at": created_at.isoformat(),
        }
        return _json(201, shown), lost

    def _medium(self, db: sqlite3.Connection, name: str) -> tuple[int, Image]:
        found = db.execute(
            "SELECT number, digest, alt, media_type, size_bytes FROM media"
            " WHERE 'm' || number = ? AND profile = ?",
            (name, self.profile.id),
        ).fetchone()
        if found is None:
            raise LookupError(f"there is no medium `{name}`")
        number, digest, alt, media_type, size = found
        return number, Image(digest=digest, alt=alt, media_type=media_type, size_bytes=size)

    def _wait_s(self, db: sqlite3.Connection, now: dt.datetime) -> int | None:
        """Return how long the profile has to wait before its next post; None if it may post."""
        limit = self.rules.rate_limit
        if limit is None:
            return None
        since = (now - limit.per).timestamp()
        times = db.execute(
            "SELECT received_at FROM posts WHERE profile = ? AND received_at > ?"
            " ORDER BY received_at DESC LIMIT ?",
            (self.profile.id, since, limit.posts),
        ).fetchall()
        if len(times) < limit.posts:
            return None
        oldest: float = times[-1][0]
        return max(1, math.ceil(oldest - since))

    def _find(self, db: sqlite3.Connection, request: Request) -> Reply:
        key = request.params.get("key", "")
        found = with_key(db, profile=self.profile.id, key=key) if key else ()
        return _json(200, {"posts": [_shown(post) for post in found]})

    def _remove(self, db: sqlite3.Connection, network_id: str) -> Reply:
        removed = db.execute(
            "UPDATE posts SET removed_at = ? WHERE id = ? AND profile = ? AND removed_at IS NULL",
            (as_utc(self.rules.clock()).timestamp(), network_id, self.profile.id),
        )
        if removed.rowcount:
            return Reply(status=204)
        return _refusal(404, f"there is no post `{network_id}`")


@attrs.frozen
class _Deadline:
    """When a request is too late: after its span, or past its instant."""

    clock: Clock
    until: float
    instant: dt.datetime | None

    @property
    def left_s(self) -> float:
        return max(0.0, self.until - time.monotonic())

    def passed(self) -> bool:
        if time.monotonic() >= self.until:
            return True
        return self.instant is not None and as_utc(self.clock()) >= self.instant


def _committing(error: SocialCollabError) -> bool:
    """Tell whether a failed write may have been stored: SQLite undoes all but an I/O error."""
    code = getattr(error.__cause__, "sqlite_errorcode", sqlite3.SQLITE_IOERR)
    return bool((code & 0xFF) == sqlite3.SQLITE_IOERR)


def _json(status: int, body: Json, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(
        status=status,
        headers={"content-type": "application/json", **(headers or {})},
        body=json.dumps(body).encode(),
    )


def _refusal(status: int, error: str, *, retry_after_s: int | None = None) -> Reply:
    headers = {} if retry_after_s is None else {"retry-after": str(retry_after_s)}
    return _json(status, {"error": error}, headers)


def _struck_reply(fault: Fault) -> Reply:
    if fault.kind is FaultKind.RATE_LIMITED:
        return _refusal(429, "too many posts", retry_after_s=fault.retry_after_s)
    if fault.kind is FaultKind.REJECTED:
        return _refusal(422, "the post breaks the rules of the network")
    return _refusal(500, "the server failed")


def _shown(post: SandboxPost) -> dict[str, Json]:
    return {"id": post.network_id, "url": post.url, "created_at": post.created_at.isoformat()}


def _words(value: object) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, (list, tuple)) or not all(isinstance(word, str) for word in value):
        raise TypeError("a list of strings is wanted")
    return list(value)


def _poll(value: Any) -> Poll | None:
    if value is None:
        return None
    return Poll(
        options=tuple(_words(value["options"])),
        minutes=int(value["minutes"]),
        multiple=bool(value["multiple"]),
    )
