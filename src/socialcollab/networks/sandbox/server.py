"""The sandbox's server, which runs in this process and responds to requests like a network."""

from __future__ import annotations

import datetime as dt
import json
import math
import sqlite3
from collections.abc import Callable, Mapping
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

import attrs

from socialcollab.content import Json, exceeded_limits
from socialcollab.directory import NetworkDescription, Profile
from socialcollab.errors import (
    OutcomeUnknownError,
    SocialCollabError,
    StoreUnavailableError,
    TransientError,
)
from socialcollab.networks.sandbox.adapter import token_of
from socialcollab.networks.sandbox.draft import Draft, UnreadableDraftError, read_draft
from socialcollab.networks.sandbox.faults import FaultKind, InjectedFault
from socialcollab.networks.sandbox.messages import (
    counts_of,
    messages_after,
    moderate,
    posts_since,
)
from socialcollab.networks.sandbox.timeline import (
    RateLimit,
    SandboxPost,
    Timeline,
    arrived_at,
    change_post,
    create_post,
    delay_request,
    latest_post,
    posts_with_key,
    process_delayed_requests,
    remove_post,
    triggered_fault,
)
from socialcollab.time import as_utc
from socialcollab.transport import Clock, MediaPart, Request, Response

# The faults in _BEFORE prevent the server from handling the request. The faults in _AFTER replace
# its response.
_BEFORE: Final = (
    FaultKind.LOST_REQUEST,
    FaultKind.RATE_LIMITED,
    FaultKind.SERVER_ERROR,
    FaultKind.REJECTED,
    FaultKind.LATE_ARRIVAL,
    FaultKind.DUPLICATE_ID,
)
_AFTER: Final = (FaultKind.LOST_ANSWER, FaultKind.LATE_SERVER_ERROR)


class Keep(Protocol):
    """A function that stores the bytes of an upload, so that the preview can show them."""

    def __call__(self, part: MediaPart) -> None:
        """Store the bytes of *part*."""
        ...


@attrs.frozen(kw_only=True)
class Rules:
    """
    The configuration of the server.

    Attributes:
        faults: The injected faults.
        rate_limit: The maximum rate of posts for each profile; None for no limit.
        honours_keys: Whether the server creates only one post per idempotency key.
        clock: The clock for the timeline and the rate limits.
        real_clock: The clock that deadlines are compared with.
        sleep: A function that waits for a number of seconds, called if a fault makes the server
            slow.
        monotonic: A monotonic clock, in seconds.
        keep: A function that stores uploaded bytes; None to discard the bytes.
    """

    faults: tuple[InjectedFault, ...]
    rate_limit: RateLimit | None
    honours_keys: bool
    clock: Clock
    real_clock: Clock
    sleep: Callable[[float], None]
    monotonic: Callable[[], float]
    keep: Keep | None

    def process_delayed_requests(self, db: sqlite3.Connection) -> None:
        """Create the posts of delayed requests that have arrived by now."""
        process_delayed_requests(
            db,
            now=as_utc(self.clock()),
            real_now=as_utc(self.real_clock()),
            honours_keys=self.honours_keys,
        )


class _NoAnswerError(Exception):
    """Raised to break the connection before the response is sent. All writes are committed."""


class _DeadlinePassedError(Exception):
    """Raised if the deadline has passed. All writes are rolled back."""


@attrs.frozen(kw_only=True)
class SandboxTransport:
    """
    A transport that sends the requests of one profile to the server.

    Attributes:
        profile: The profile.
        description: The limits and features of the profile's network.
        timeline: The timeline that contains the posts.
        rules: The configuration of the server.
    """

    profile: Profile
    description: NetworkDescription
    timeline: Timeline
    rules: Rules

    def send(self, request: Request, *, timeout_s: float) -> Response:
        """
        Send one request and return the response.

        Raises:
            TransientError: If nothing was created, because the deadline passed before the request
                was sent or because the timeline cannot be written.
            OutcomeUnknownError: If there was no response.
        """
        until = self.rules.monotonic() + timeout_s
        if request.until is not None:
            until = min(until, request.until)
        deadline = _Deadline(self.rules, until, request.deadline)
        network = self.profile.network
        if deadline.passed():
            raise TransientError("the deadline passed before the request was sent", network=network)
        try:
            action = _action_of(request)
            self._delay(action, timeout_s)
            return self._answer(request, action, deadline)
        except _NoAnswerError:
            raise OutcomeUnknownError("the connection broke", network=network) from None
        except _DeadlinePassedError:
            raise OutcomeUnknownError("there was no response in time", network=network) from None
        except StoreUnavailableError as error:
            if request.creates is None or not _may_be_stored(error):
                raise TransientError(str(error), network=network) from error
            raise OutcomeUnknownError(str(error), network=network) from error

    def close(self) -> None:
        """Do nothing: the sandbox closes the timeline."""

    def _delay(self, action: str, timeout_s: float) -> None:
        """Wait if a fault makes the server slow."""
        if not any(f.kind is FaultKind.SLOW and f.on == action for f in self.rules.faults):
            # Looking up a fault requires the write lock, which most requests do not need here.
            return
        with self.timeline.writing(wait_s=timeout_s) as db:
            slow = self._fault(db, FaultKind.SLOW, on=action)
        if slow is not None:
            self.rules.sleep(min(slow.delay_s, timeout_s))
            if slow.delay_s >= timeout_s:
                raise _DeadlinePassedError

    def _fault(self, db: sqlite3.Connection, *kinds: FaultKind, on: str) -> InjectedFault | None:
        return triggered_fault(
            db,
            self.rules.faults,
            *kinds,
            profile=self.profile.id,
            network=self.profile.network,
            on=on,
        )

    def _answer(self, request: Request, action: str, deadline: _Deadline) -> Response:
        keep = self.rules.keep
        if keep is not None and request.media is not None and action == "upload":
            # The bytes are stored before the upload gets an id. Otherwise, a crash could leave an
            # id without bytes.
            keep(request.media)
        with self.timeline.writing(wait_s=deadline.left_s) as db:
            self.rules.process_delayed_requests(db)
            response, lost = self._route(db, request, action)
            # Invariant: nothing is created after the deadline. A lookup acquires the same lock, so
            # a post that it does not find after the deadline can no longer be created.
            if request.creates is not None and deadline.passed():
                raise _DeadlinePassedError
        if lost:
            raise _NoAnswerError
        return response

    def _route(
        self, db: sqlite3.Connection, request: Request, action: str
    ) -> tuple[Response, bool]:
        """Return the response, and whether it is lost before it reaches the sender."""
        token = f"Bearer {token_of(self.profile.id)}"
        if request.headers.get("authorization") != token or self._fault(
            db, FaultKind.UNAUTHORIZED, on="any"
        ):
            return _refusal(401, "the token is not valid"), False
        if not action:
            return _refusal(404, f"there is no {request.method} {_path_of(request)}"), False
        before = self._fault(db, *_BEFORE, on=action)
        if before is not None:
            return self._fail_before(db, before, request)
        response = self._carry_out(db, request, action)
        if response.status >= 400:
            return response, False
        after = self._fault(db, *_AFTER, on=action)
        if after is None:
            return response, False
        if after.kind is FaultKind.LATE_SERVER_ERROR:
            return _refusal(500, "the server failed"), False
        return response, True

    def _carry_out(self, db: sqlite3.Connection, request: Request, action: str) -> Response:
        network_id = unquote(_path_of(request).removeprefix("/posts/"))
        if action == "upload":
            return self._upload(db, request)
        if action == "account":
            name = self.profile.handle or self.profile.id
            return _json(200, {"id": self.profile.id, "handle": name})
        if action == "create":
            return self._create(db, request)
        if action == "amend":
            return self._amend(db, request, network_id)
        if action == "find":
            return self._find(db, request)
        if action == "messages":
            after = str(request.params.get("after", ""))
            return _json(200, messages_after(db, self.profile.id, after))
        if action == "own posts":
            return _json(200, posts_since(db, self.profile.id, str(request.params["since"])))
        if action == "moderate":
            name, subject = _path_of(request).rpartition("/")[2], str(request.params["id"])
            if moderate(db, self.profile.id, name, subject):
                return Response(status=204)
            return _refusal(404, f"there is no message `{subject}`")
        if action == "counts":
            return _json(200, counts_of(db, self.profile.id, request.params["id"]))
        if remove_post(db, self.profile.id, network_id, now=as_utc(self.rules.clock())):
            return Response(status=204)
        return _refusal(404, f"there is no post `{network_id}`")

    def _fail_before(
        self, db: sqlite3.Connection, fault: InjectedFault, request: Request
    ) -> tuple[Response, bool]:
        if fault.kind is FaultKind.LATE_ARRIVAL:
            arrives = as_utc(self.rules.real_clock()) + dt.timedelta(seconds=fault.delay_s)
            key = request.headers.get("idempotency-key", "")
            delay_request(db, self.profile, request.json, key=key, arrives=arrives)
        elif fault.kind is FaultKind.DUPLICATE_ID:
            latest = latest_post(db, profile=self.profile.id)
            if latest is not None:
                return _json(200, _body_of(latest)), False
        elif fault.kind is FaultKind.RATE_LIMITED:
            return _refusal(429, "too many posts", retry_after_s=fault.retry_after_s), False
        elif fault.kind is FaultKind.REJECTED:
            return _refusal(422, "the post violates the rules of the network"), False
        lost = fault.kind in (FaultKind.LOST_REQUEST, FaultKind.LATE_ARRIVAL)
        return _refusal(500, "the server failed"), lost

    def _upload(self, db: sqlite3.Connection, request: Request) -> Response:
        form, part = request.form or {}, request.media
        size = form.get("size_bytes", "0")
        if part is None or not (size.isascii() and size.isdigit()):
            return _refusal(422, "the upload has no file")
        limits = self.description.media
        is_video = part.media_type.startswith("video/")
        types = limits.video_types if is_video else limits.types
        if types and part.media_type not in types:
            return _refusal(
                422, f"{self.description.title} does not accept files of type {part.media_type}"
            )
        largest = limits.video_bytes if is_video else limits.image_bytes
        if largest is not None and int(size) > largest:
            return _refusal(413, f"the file is larger than {largest} bytes")
        row = (
            self.profile.id,
            part.digest,
            form.get("alt", ""),
            part.media_type,
            int(size),
            form.get("name", ""),
        )
        added = db.execute(
            "INSERT INTO media (profile, digest, alt, media_type, size_bytes, name)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            row,
        )
        return _json(201, {"id": f"m{added.lastrowid}"})

    def _create(self, db: sqlite3.Connection, request: Request) -> Response:
        key = request.headers.get("idempotency-key", "")
        if key and self.rules.honours_keys:
            known = posts_with_key(db, profile=self.profile.id, key=key)
            if known:
                return _json(200, _body_of(known[0]))
        now = as_utc(self.rules.clock())
        wait_s = self._wait_s(db, now)
        if wait_s is not None:
            return _refusal(429, "too many posts", retry_after_s=wait_s)
        draft = self._draft(db, request, now)
        if isinstance(draft, Response):
            return draft
        real_now = as_utc(self.rules.real_clock())
        body = create_post(db, self.profile, draft, key=key, now=now, real_now=real_now)
        return _json(201, body)

    def _amend(self, db: sqlite3.Connection, request: Request, network_id: str) -> Response:
        if "edit" not in self.description.features:
            return _refusal(405, f"{self.description.title} cannot change a post in place")
        now = as_utc(self.rules.clock())
        draft = self._draft(db, request, now)
        if isinstance(draft, Response):
            return draft
        if change_post(db, self.profile.id, network_id, draft, now=now):
            return _json(200, {"id": network_id})
        return _refusal(404, f"there is no post `{network_id}`")

    def _draft(
        self, db: sqlite3.Connection, request: Request, now: dt.datetime
    ) -> Draft | Response:
        """Return the post that the request describes, or an error response."""
        try:
            draft = read_draft(db, self.profile.id, request.json, now=now)
        except UnreadableDraftError as error:
            return _refusal(400, str(error))
        description = self.description
        if draft.in_reply_to:
            # A later text of a thread and a first comment have no media, even on a network whose
            # posts need some.
            limits = attrs.evolve(description.media, required=False)
            description = attrs.evolve(description, media=limits)
        broken = exceeded_limits(
            description,
            text=draft.text,
            media=[one for _, one in draft.media],
            labels=draft.labels,
            poll=draft.poll,
            format=draft.details.format,
            reply_to=draft.details.reply_to,
            quote_of=draft.details.quote_of,
            visibility=draft.details.visibility,
            paid_partnership=draft.details.paid_partnership,
        )
        return _refusal(422, "; ".join(finding.message for finding in broken)) if broken else draft

    def _wait_s(self, db: sqlite3.Connection, now: dt.datetime) -> int | None:
        """Return the seconds until the profile may post again, or None if it may post now."""
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
        key = str(request.params.get("key", ""))
        posts = posts_with_key(db, profile=self.profile.id, key=key) if key else ()
        lag = self._fault(db, FaultKind.LAGGING_READS, on="find") if posts else None
        if lag is not None:
            latest = as_utc(self.rules.real_clock()).timestamp() - lag.delay_s
            posts = tuple(post for post in posts if arrived_at(db, post.network_id) <= latest)
        return _json(200, {"posts": [_body_of(post) for post in posts]})


@attrs.frozen
class _Deadline:
    """The deadline of a request, on the monotonic clock and on the real clock."""

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


def _may_be_stored(error: SocialCollabError) -> bool:
    """Return whether a failed write may have been stored, which is possible only for I/O errors."""
    code = getattr(error.__cause__, "sqlite_errorcode", sqlite3.SQLITE_IOERR)
    return bool((code & 0xFF) == sqlite3.SQLITE_IOERR)


def _path_of(request: Request) -> str:
    return urlsplit(request.url).path.removeprefix("/v1")


def _action_of(request: Request) -> str:
    """Return the action of a request, or an empty string if it has none."""
    path = _path_of(request)
    if path.startswith("/posts/") and request.method in ("PUT", "DELETE"):
        return "amend" if request.method == "PUT" else "take_down"
    if path.startswith("/moderation/") and request.method == "POST":
        return "moderate"
    actions = {
        ("POST", "/media"): "upload",
        ("POST", "/posts"): "create",
        ("GET", "/posts"): "find",
        ("GET", "/account"): "account",
        ("GET", "/messages"): "messages",
        ("GET", "/account/posts"): "own posts",
        ("GET", "/counts"): "counts",
    }
    return actions.get((request.method, path), "")


def _json(status: int, body: Json, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        status=status,
        headers={"content-type": "application/json", **(headers or {})},
        body=json.dumps(body).encode(),
    )


def _refusal(status: int, error: str, *, retry_after_s: int | None = None) -> Response:
    headers = {} if retry_after_s is None else {"retry-after": str(retry_after_s)}
    return _json(status, {"error": error}, headers)


def _body_of(post: SandboxPost) -> dict[str, Json]:
    return {"id": post.network_id, "url": post.url, "created_at": post.created_at.isoformat()}
