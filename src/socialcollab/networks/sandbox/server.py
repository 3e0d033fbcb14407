"""The sandbox's server, in this process: it takes requests and answers as a network does."""

from __future__ import annotations

import datetime as dt
import json
import math
import sqlite3
from collections.abc import Callable, Mapping
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

import attrs

from socialcollab.content import Json
from socialcollab.directory import NetworkDescription, Profile
from socialcollab.errors import (
    OutcomeUnknownError,
    SocialCollabError,
    StoreUnavailableError,
    TransientError,
)
from socialcollab.networks.limits import limits_broken
from socialcollab.networks.sandbox.adapter import token_of
from socialcollab.networks.sandbox.fault import FaultKind, InjectedFault
from socialcollab.networks.sandbox.posting import (
    Draft,
    UnreadableError,
    arrive,
    change,
    make,
    put_off,
    read_draft,
)
from socialcollab.networks.sandbox.timeline import (
    RateLimit,
    SandboxPost,
    Timeline,
    latest_of,
    shown_since,
    struck,
    with_key,
)
from socialcollab.time import as_utc
from socialcollab.transport import Clock, MediaPart, Request, Response


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

        monotonic: Seconds that pass, whatever clocks are set to.

        keep: Keeps what is uploaded, or None.
    """

    faults: tuple[InjectedFault, ...]
    rate_limit: RateLimit | None
    honours_keys: bool
    clock: Clock
    real_clock: Clock
    sleep: Callable[[float], None]
    monotonic: Callable[[], float]
    keep: Keep | None

    def let_arrive(self, db: sqlite3.Connection) -> None:
        """Make what was on its way for long, and has arrived by now."""
        arrive(
            db,
            now=as_utc(self.clock()),
            real_now=as_utc(self.real_clock()),
            honours_keys=self.honours_keys,
        )


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

    def send(self, request: Request, *, timeout_s: float) -> Response:
        """
        Send one request and return the answer.

        Raises:
            TransientError: If nothing was made for certain: its deadline had
                passed before it left, or the timeline cannot be written.

            OutcomeUnknownError: If no answer came.
        """
        until = self.rules.monotonic() + timeout_s
        if request.until is not None:
            until = min(until, request.until)
        deadline = _Deadline(self.rules, until, request.deadline)
        network = self.profile.network
        if deadline.passed():
            raise TransientError("the deadline passed before the request left", network=network)
        try:
            act = _act_of(request)
            self._be_slow(act, timeout_s)
            return self._answer(request, act, deadline)
        except _NoAnswerError:
            raise OutcomeUnknownError("the connection broke", network=network) from None
        except _TooLateError:
            raise OutcomeUnknownError("no answer came in time", network=network) from None
        except StoreUnavailableError as error:
            if request.creates is None or not _committing(error):
                raise TransientError(str(error), network=network) from error
            raise OutcomeUnknownError(str(error), network=network) from error

    def close(self) -> None:
        """Do nothing: the sandbox closes the timeline."""

    def _be_slow(self, act: str, timeout_s: float) -> None:
        if all(each.kind is not FaultKind.SLOW or each.on != act for each in self.rules.faults):
            return
        with self.timeline.writing(wait_s=timeout_s) as db:
            slow = self._struck(db, FaultKind.SLOW, on=act)
        if slow is not None:
            self.rules.sleep(min(slow.seconds, timeout_s))
            if slow.seconds >= timeout_s:
                raise _TooLateError

    def _struck(
        self, db: sqlite3.Connection, *kinds: FaultKind, on: str = ""
    ) -> InjectedFault | None:
        return struck(
            db,
            self.rules.faults,
            *kinds,
            profile=self.profile.id,
            network=self.profile.network,
            on=on,
        )

    def _answer(self, request: Request, act: str, deadline: _Deadline) -> Response:
        path = urlsplit(request.url).path.removeprefix("/v1")
        keep = self.rules.keep
        if keep is not None and request.media is not None and path == "/media":
            # Bytes are kept first: a medium that is named is there.
            keep(request.media)
        with self.timeline.writing(wait_s=deadline.left_s) as db:
            self.rules.let_arrive(db)
            reply, lost = self._route(db, request, act, path)
            # Invariant: nothing is made after the deadline. A look waits for this lock.
            if request.creates is not None and deadline.passed():
                raise _TooLateError
        if lost:
            raise _NoAnswerError
        return reply

    def _route(
        self, db: sqlite3.Connection, request: Request, act: str, path: str
    ) -> tuple[Response, bool]:
        """Return the answer, and whether it is lost on its way."""
        token = f"Bearer {token_of(self.profile.id)}"
        if request.headers.get("authorization") != token or self._struck(
            db, FaultKind.CREDENTIALS_REFUSED
        ):
            return _refusal(401, "the token is not valid"), False
        if act == "upload":
            return self._upload(db, request)
        if act == "account":
            name = self.profile.handle or self.profile.id
            return _json(200, {"id": self.profile.id, "handle": name}), False
        if not act:
            return _refusal(404, f"there is no {request.method} {path}"), False
        before = self._struck(db, *_BEFORE, on=act)
        if before is not None:
            return self._struck_before(db, before, request)
        reply = self._done(db, request, act, unquote(path.removeprefix("/posts/")))
        if reply.status >= 400:
            return reply, False
        after = self._struck(db, *_AFTER, on=act)
        if after is None:
            return reply, False
        if after.kind is FaultKind.SERVER_ERROR_AFTER_CREATING:
            return _refusal(500, "the server failed"), False
        return reply, True

    def _done(
        self, db: sqlite3.Connection, request: Request, act: str, network_id: str
    ) -> Response:
        if act == "create":
            return self._create(db, request)
        if act == "amend":
            return self._change(db, request, network_id)
        if act == "find":
            return self._find(db, request)
        return self._remove(db, network_id)

    def _struck_before(
        self, db: sqlite3.Connection, fault: InjectedFault, request: Request
    ) -> tuple[Response, bool]:
        if fault.kind is FaultKind.LATE_ARRIVAL:
            arrives = as_utc(self.rules.real_clock()) + dt.timedelta(seconds=fault.seconds)
            key = request.headers.get("idempotency-key", "")
            put_off(db, self.profile, request.json, key=key, arrives=arrives)
        elif fault.kind is FaultKind.DUPLICATE_ID:
            latest = latest_of(db, profile=self.profile.id)
            if latest is not None:
                return _json(200, _shown(latest)), False
        lost = fault.kind in (FaultKind.NO_ANSWER_BEFORE_CREATING, FaultKind.LATE_ARRIVAL)
        return _struck_reply(fault), lost

    def _upload(self, db: sqlite3.Connection, request: Request) -> tuple[Response, bool]:
        form, part = request.form or {}, request.media
        size = form.get("size_bytes", "0")
        if part is None or not (size.isascii() and size.isdigit()):
            return _refusal(422, "the upload has no file"), False
        if self._struck(db, FaultKind.HALF_AN_UPLOAD) is not None:
            return _refusal(400, "the upload broke off"), True
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

    def _create(self, db: sqlite3.Connection, request: Request) -> Response:
        key = request.headers.get("idempotency-key", "")
        if key and self.rules.honours_keys:
            known = with_key(db, profile=self.profile.id, key=key)
            if known:
                return _json(200, _shown(known[0]))
        now = as_utc(self.rules.clock())
        wait_s = self._wait_s(db, now)
        if wait_s is not None:
            return _refusal(429, "too many posts", retry_after_s=wait_s)
        draft = self._drafted(db, request, now)
        if isinstance(draft, Response):
            return draft
        real_now = as_utc(self.rules.real_clock())
        shown = make(db, self.profile, draft, key=key, now=now, real_now=real_now)
        return _json(201, shown)

    def _change(self, db: sqlite3.Connection, request: Request, network_id: str) -> Response:
        if "edit" not in self.description.features:
            return _refusal(405, f"{self.description.title} changes nothing in place")
        now = as_utc(self.rules.clock())
        draft = self._drafted(db, request, now)
        if isinstance(draft, Response):
            return draft
        if change(db, self.profile.id, network_id, draft, now=now):
            return _json(200, {"id": network_id})
        return _refusal(404, f"there is no post `{network_id}`")

    def _drafted(
        self, db: sqlite3.Connection, request: Request, now: dt.datetime
    ) -> Draft | Response:
        """Read what is to be made, or return why it is refused."""
        try:
            draft = read_draft(db, self.profile.id, request.json, now=now)
        except UnreadableError as error:
            return _refusal(400, str(error))
        broken = limits_broken(
            self.description,
            text=draft.text,
            images=[image for _, image in draft.images],
            labels=draft.labels,
            poll=draft.poll,
        )
        return _refusal(422, "; ".join(broken)) if broken else draft

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

    def _find(self, db: sqlite3.Connection, request: Request) -> Response:
        key = request.params.get("key", "")
        found = with_key(db, profile=self.profile.id, key=key) if key else ()
        lag = self._struck(db, FaultKind.LAGGING_READS, on="find") if found else None
        if lag is not None:
            young = as_utc(self.rules.real_clock()).timestamp() - lag.seconds
            found = tuple(post for post in found if shown_since(db, post.network_id) <= young)
        return _json(200, {"posts": [_shown(post) for post in found]})

    def _remove(self, db: sqlite3.Connection, network_id: str) -> Response:
        removed = db.execute(
            "UPDATE posts SET removed_at = ? WHERE id = ? AND profile = ? AND removed_at IS NULL",
            (as_utc(self.rules.clock()).timestamp(), network_id, self.profile.id),
        )
        if removed.rowcount:
            return Response(status=204)
        return _refusal(404, f"there is no post `{network_id}`")


@attrs.frozen
class _Deadline:
    """When a request is too late: after its span, or past its instant."""

    rules: Rules
    until: float
    instant: dt.datetime | None

    @property
    def left_s(self) -> float:
        return max(0.0, self.until - self.rules.monotonic())

    def passed(self) -> bool:
        if self.rules.monotonic() >= self.until:
            return True
        return self.instant is not None and as_utc(self.rules.real_clock()) >= self.instant


def _committing(error: SocialCollabError) -> bool:
    """Tell whether a failed write may have been stored: SQLite undoes all but an I/O error."""
    code = getattr(error.__cause__, "sqlite_errorcode", sqlite3.SQLITE_IOERR)
    return bool((code & 0xFF) == sqlite3.SQLITE_IOERR)


_BEFORE: Final = (
    FaultKind.NO_ANSWER_BEFORE_CREATING,
    FaultKind.RATE_LIMITED,
    FaultKind.SERVER_ERROR,
    FaultKind.REJECTED,
    FaultKind.LATE_ARRIVAL,
    FaultKind.DUPLICATE_ID,
)
_AFTER: Final = (FaultKind.NO_ANSWER_AFTER_CREATING, FaultKind.SERVER_ERROR_AFTER_CREATING)


def _act_of(request: Request) -> str:
    """Return what a request asks for, or nothing."""
    path = urlsplit(request.url).path.removeprefix("/v1")
    one = path.startswith("/posts/")
    acts = {
        ("POST", "/media"): "upload",
        ("POST", "/posts"): "create",
        ("GET", "/posts"): "find",
        ("GET", "/account"): "account",
    }
    if one and request.method in ("PUT", "DELETE"):
        return "amend" if request.method == "PUT" else "take_down"
    return acts.get((request.method, path), "")


def _json(status: int, body: Json, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        status=status,
        headers={"content-type": "application/json", **(headers or {})},
        body=json.dumps(body).encode(),
    )


def _refusal(status: int, error: str, *, retry_after_s: int | None = None) -> Response:
    headers = {} if retry_after_s is None else {"retry-after": str(retry_after_s)}
    return _json(status, {"error": error}, headers)


def _struck_reply(fault: InjectedFault) -> Response:
    if fault.kind is FaultKind.RATE_LIMITED:
        return _refusal(429, "too many posts", retry_after_s=fault.retry_after_s)
    if fault.kind is FaultKind.REJECTED:
        return _refusal(422, "the post breaks the rules of the network")
    return _refusal(500, "the server failed")


def _shown(post: SandboxPost) -> dict[str, Json]:
    return {"id": post.network_id, "url": post.url, "created_at": post.created_at.isoformat()}
