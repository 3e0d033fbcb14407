"""The adapter for one account on Bluesky."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Mapping
from itertools import chain
from typing import Final

import attrs

from socialcollab.content import Attachment, Json, Message, MessageKind
from socialcollab.directory import NetworkDescription, Profile
from socialcollab.errors import RejectedError, TransientError
from socialcollab.networks.bluesky.chat import direct_messages, find_message, send_message
from socialcollab.networks.bluesky.moderation import set_blocked, set_hidden
from socialcollab.networks.bluesky.reading import (
    counts_of,
    notifications,
    posts_since,
)
from socialcollab.networks.bluesky.record import (
    COLLECTION,
    instant_text,
    mentioned_handles,
    post_record,
    tid,
)
from socialcollab.networks.bluesky.responses import (
    NETWORK,
    error_name,
    error_of,
    text_of,
    value_of,
)
from socialcollab.networks.limits import check_limits, text_to_send, upload_size
from socialcollab.networks.moderation import check_offered
from socialcollab.networks.reading import Source, read_messages
from socialcollab.networks.thread import found_part, id_of_part, next_part, publish_parts
from socialcollab.text import post_id
from socialcollab.time import as_utc
from socialcollab.transport import (
    PUBLIC_KINDS,
    Checkpoint,
    Counts,
    Flow,
    Found,
    Inconclusive,
    MediaPart,
    MessagePage,
    Missing,
    ModerationAction,
    OutgoingPost,
    OwnPosts,
    Prepared,
    Published,
    Request,
    Response,
    call,
)

_ACCOUNT: Final = "did"
_BLOB: Final = "blob-"
_CARD: Final = "card"
_CID: Final = "cid-"
# A server's clock may be ahead of or behind the sender's.
_CLOCK_SKEW: Final = dt.timedelta(minutes=5)
# The service of direct messages is not the account's server, so a new message may appear later.
_MESSAGE_DELAY: Final = dt.timedelta(minutes=2)
# The fields of a post to which the other properties of a record belong.
_FIELDS: Final[Mapping[str, str]] = {"embed": "media", "facets": "text", "langs": "language"}
_MENTION: Final = "mention-"
_QUOTE: Final = "quote"
_REPLY: Final = "reply"
_MILLISECOND: Final = dt.timedelta(milliseconds=1)


@attrs.frozen(kw_only=True)
class BlueskyAdapter:
    """
    The adapter for one account on Bluesky.

    The sender chooses the key of the record. A post is therefore created only once, even if the
    request is sent several times, and its outcome can always be looked up.

    Attributes:
        profile: The profile.
        description: The limits and features of the network.
        server: The address of the account's server.
        send_within_s: The hard deadline of a request that creates a post, in seconds.
    """

    profile: Profile
    description: NetworkDescription
    server: str
    send_within_s: float = 30.0

    def prepare(self, outgoing: OutgoingPost, *, now: dt.datetime, entropy: bytes) -> Prepared:
        """
        Choose the record key and the creation time, and check the network's limits.

        Raises:
            RejectedError: If the post exceeds limits. The message lists all exceeded limits.
        """
        check_limits(self.description, outgoing)
        at, clock_id = as_utc(now), int.from_bytes(entropy[:2], "big") & 1023
        # Two posts that are prepared in the same microsecond need different keys.
        offset = dt.timedelta(microseconds=int.from_bytes(entropy[2:4], "big"))
        keys: dict[str, str] = {}
        for part in range(1 + len(outgoing.replies)):
            # The records of a thread are sorted by their time.
            created_at = at + part * _MILLISECOND
            keys[_part("rkey", part)] = tid(created_at + offset, clock_id)
            keys[_part("created_at", part)] = instant_text(created_at)
        return Prepared(outgoing=outgoing, idempotency_keys=keys)

    def publish(self, prepared: Prepared, progress: Mapping[str, str]) -> Flow[Published]:
        """Upload the media, look up the accounts that the texts mention, and create the records."""
        if prepared.outgoing.format == "message":
            conversation, text = prepared.outgoing.reply_to, self._texts(prepared.outgoing)[0]
            return (yield from send_message(self.server, conversation, text))
        ready = yield from self._ready(prepared, progress)

        def create(part: int, done: Mapping[str, str]) -> Flow[tuple[Published, Mapping[str, str]]]:
            response = yield from call(self._create(prepared, done, part))
            if error_name(response) == "BlobNotFound":
                yield from _forget_blobs(progress, done)
            uri = text_of(response, "uri", creates=True)
            cid = text_of(response, "cid", creates=True)
            return self._published(prepared, uri, part), {f"{_CID}{part}": cid}

        return (yield from publish_parts(1 + len(prepared.outgoing.replies), ready, create))

    def find(
        self, prepared: Prepared, progress: Mapping[str, str]
    ) -> Flow[Found | Missing | Inconclusive]:
        """Look up the record of the first unconfirmed part under its key."""
        did = progress.get(_ACCOUNT) or (yield from self._account())
        if prepared.outgoing.format == "message":
            conversation, text = prepared.outgoing.reply_to, self._texts(prepared.outgoing)[0]
            since = dt.datetime.fromisoformat(prepared.idempotency_keys[_part("created_at", 0)])
            found_message = yield from find_message(
                self.server, did, conversation, text, since - _CLOCK_SKEW
            )
            if found_message is None:
                return Missing(conclusive_after=_MESSAGE_DELAY)
            if isinstance(found_message, Inconclusive):
                return found_message
            return Found(found_message)
        count = 1 + len(prepared.outgoing.replies)
        part = next_part(progress, count)
        key = prepared.idempotency_keys[_part("rkey", part)]
        response = yield from call(
            self._request(
                "GET",
                "com.atproto.repo.getRecord",
                params={"repo": did, "collection": COLLECTION, "rkey": key},
            )
        )
        if error_name(response) == "RecordNotFound":
            return Missing(conclusive_after=self.description.create_once.conclusive_after)
        found = self._published(prepared, text_of(response, "uri"), part)
        return found_part(found, count, progress, {f"{_CID}{part}": text_of(response, "cid")})

    def compare(
        self, prepared: Prepared, progress: Mapping[str, str], network_id: str
    ) -> Flow[tuple[str, ...]]:
        """
        Return the fields of the post that differ from its record on the server.

        Direct messages are not compared.
        """
        if prepared.outgoing.format == "message":
            return ()
        account, key = _parts_of(network_id)
        response = yield from call(
            self._request(
                "GET",
                "com.atproto.repo.getRecord",
                params={"repo": account, "collection": COLLECTION, "rkey": key},
            )
        )
        stored = value_of(response, "value")
        shown = stored if isinstance(stored, Mapping) else {}
        sent = self._record(prepared, progress, 0)
        different = {name for name in {*sent, *shown} if sent.get(name) != shown.get(name)}
        return tuple(sorted({_FIELDS.get(name, name) for name in different}))

    def take_down(self, network_id: str) -> Flow[None]:
        """Delete the record. A record that no longer exists counts as deleted."""
        did, key = _parts_of(network_id)
        did = did or (yield from self._account())
        response = yield from call(
            self._request(
                "POST",
                "com.atproto.repo.deleteRecord",
                body={"repo": did, "collection": COLLECTION, "rkey": key},
            )
        )
        if response.status != 200:
            raise error_of(response)

    def verify_credentials(self) -> Flow[str]:
        """Return the account's handle."""
        response = yield from call(self._request("GET", "com.atproto.server.getSession"))
        return text_of(response, "handle")

    def messages(
        self,
        cursor: str = "",
        *,
        kinds: Collection[MessageKind] = PUBLIC_KINDS,
        since: dt.datetime | None = None,
    ) -> Flow[MessagePage]:
        """
        Read notifications of mentions, quotes and replies, and direct messages.

        Direct messages need an app password that gives access to them. See
        `ReadingAdapter.messages`.
        """
        public = [kind for kind in kinds if kind in ("mention", "reply")]

        def sources(account: str) -> dict[str, Source]:
            lists: dict[str, Source] = {}
            if public:
                lists["notifications"] = lambda place: notifications(
                    self.server, self.profile, public, place
                )
            if "direct" in kinds:
                lists["direct"] = lambda place: direct_messages(
                    self.server, self.profile, account, place
                )
            return lists

        return read_messages(NETWORK, self._account, sources, cursor, kinds=kinds, since=since)

    def own_posts(self, since: dt.datetime) -> Flow[OwnPosts]:
        """Read the posts in the account's repository; see `ReadingAdapter.own_posts`."""
        did = yield from self._account()
        return (yield from posts_since(self.server, did, as_utc(since)))

    def counts(self, network_ids: Collection[str]) -> Flow[Mapping[str, Counts]]:
        """Read the counts of posts; see `ReadingAdapter.counts`. Views are not available."""
        return counts_of(self.server, network_ids)

    def moderation_actions(self, message: Message) -> frozenset[ModerationAction]:
        """
        Return the actions that Bluesky offers for a message.

        Replies to the account's own threads can be hidden; their authors can be blocked.
        """
        if message.own:
            return frozenset({"delete"}) if message.kind != "direct" else frozenset()
        actions: set[ModerationAction] = set()
        if message.author.id.startswith("did:"):
            actions |= {"block", "unblock"}
        if message.kind == "reply" and message.root:
            actions |= {"hide", "unhide"}
        return frozenset(actions)

    def moderate(self, action: ModerationAction, message: Message) -> Flow[None]:
        """Hide a reply, delete an own post, or block an author; see `ModeratingAdapter.moderate`."""
        check_offered(action, message, self.moderation_actions(message), self.description)
        if action == "delete":
            yield from self.take_down(message.network_id)
            return
        account = yield from self._account()
        if action in ("block", "unblock"):
            yield from set_blocked(self.server, account, message, blocked=action == "block")
            return
        if _parts_of(message.root)[0] != account:
            raise RejectedError(
                f"only replies in the account's own threads can be hidden, and `{message.root[:200]}`"
                " is a thread of another account",
                network=NETWORK,
            )
        yield from set_hidden(self.server, account, message, hidden=action == "hide")

    def _account(self) -> Flow[str]:
        response = yield from call(self._request("GET", "com.atproto.server.getSession"))
        return text_of(response, "did")

    def _ready(self, prepared: Prepared, progress: Mapping[str, str]) -> Flow[dict[str, str]]:
        """Do everything that precedes the creation of the record, and return the progress."""
        done = dict(progress)
        if _ACCOUNT not in done:
            done[_ACCOUNT] = yield from self._account()
            yield from call(Checkpoint(values=dict(done)))
        outgoing = prepared.outgoing
        files: dict[str, Attachment] = {str(n): one for n, one in enumerate(outgoing.media)}
        if outgoing.card is not None and outgoing.card.image is not None and not outgoing.media:
            files[_CARD] = outgoing.card.image
        for name, one in files.items():
            if f"{_BLOB}{name}" in done:
                continue
            response = yield from call(self._upload(one))
            blob = value_of(response, "blob")
            done[f"{_BLOB}{name}"] = json.dumps(blob, sort_keys=True)
            yield from call(Checkpoint(values=dict(done)))
        for name, address in ((_REPLY, outgoing.reply_to), (_QUOTE, outgoing.quote_of)):
            if address and name not in done:
                done[name] = json.dumps((yield from self._references(address)), sort_keys=True)
                yield from call(Checkpoint(values=dict(done)))
        texts = self._texts(prepared.outgoing)
        for handle in dict.fromkeys(chain.from_iterable(map(mentioned_handles, texts))):
            if f"{_MENTION}{handle}" in done:
                continue
            response = yield from call(
                self._request(
                    "GET", "com.atproto.identity.resolveHandle", params={"handle": handle}
                )
            )
            done[f"{_MENTION}{handle}"] = _resolved(response)
            yield from call(Checkpoint(values=dict(done)))
        return done

    def _references(self, address: str) -> Flow[list[Json]]:
        """Return the references to the first post of a post's thread, and to the post itself."""
        account, key = _parts_of(post_id(NETWORK, address) or address)
        response = yield from call(
            self._request(
                "GET",
                "com.atproto.repo.getRecord",
                params={"repo": account, "collection": COLLECTION, "rkey": key},
            )
        )
        if error_name(response) == "RecordNotFound":
            raise RejectedError(f"there is no post `{address}`", network=NETWORK)
        itself: Json = {"uri": text_of(response, "uri"), "cid": text_of(response, "cid")}
        record = value_of(response, "value")
        reply = record.get("reply") if isinstance(record, Mapping) else None
        root = reply.get("root") if isinstance(reply, Mapping) else None
        return [root or itself, itself]

    def _record(self, prepared: Prepared, done: Mapping[str, str], part: int) -> dict[str, Json]:
        """Return the record of a part."""
        outgoing, keys = prepared.outgoing, prepared.idempotency_keys
        places = range(len(outgoing.media)) if part == 0 else range(0)
        return post_record(
            outgoing,
            self._texts(outgoing)[part],
            created_at=keys[_part("created_at", part)],
            blobs=[json.loads(done[f"{_BLOB}{place}"]) for place in places],
            reply_to=_reply_to(done, part),
            quote=json.loads(done[_QUOTE])[1] if part == 0 and _QUOTE in done else None,
            card=outgoing.card if part == 0 and not outgoing.media else None,
            card_blob=json.loads(done.get(f"{_BLOB}{_CARD}", "null")),
            dids={
                name.removeprefix(_MENTION): did
                for name, did in done.items()
                if name.startswith(_MENTION) and did
            },
        )

    def _create(self, prepared: Prepared, done: Mapping[str, str], part: int) -> Request:
        # `createRecord` fails if the record exists, but putting the same record again changes
        # nothing. `swapRecord` prevents the request from replacing another record under the key.
        request = self._request(
            "POST",
            "com.atproto.repo.putRecord",
            body={
                "repo": done[_ACCOUNT],
                "collection": COLLECTION,
                "rkey": prepared.idempotency_keys[_part("rkey", part)],
                "record": self._record(prepared, done, part),
                "swapRecord": None,
            },
        )
        return attrs.evolve(request, creates=part, repeat="same key")

    def _upload(self, one: Attachment) -> Request:
        media = MediaPart(digest=one.digest, media_type=one.media_type, size=upload_size(one))
        return attrs.evolve(self._request("POST", "com.atproto.repo.uploadBlob"), media=media)

    def _texts(self, outgoing: OutgoingPost) -> tuple[str, ...]:
        return (text_to_send(self.description, outgoing), *outgoing.replies)

    def _published(self, prepared: Prepared, uri: str, part: int) -> Published:
        did, key = _parts_of(uri)
        return Published(
            network_id=uri,
            url=f"https://bsky.app/profile/{did}/post/{key}",
            at=dt.datetime.fromisoformat(prepared.idempotency_keys[_part("created_at", part)]),
        )

    def _request(
        self,
        method: str,
        name: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Json | None = None,
    ) -> Request:
        return Request(
            method=method, url=f"{self.server}/xrpc/{name}", params=params or {}, json=body
        )


def _forget_blobs(before: Mapping[str, str], done: Mapping[str, str]) -> Flow[None]:
    """
    Forget media that the server has deleted since they were uploaded.

    A server keeps a file that no record refers to only for a short time.

    Raises:
        TransientError: If the media were uploaded in an earlier attempt; the next attempt uploads
            them again.
        RejectedError: If they were uploaded in this attempt.
    """
    if not any(name.startswith(_BLOB) for name in before):
        raise RejectedError(
            "the server rejected the media that were just uploaded", network=NETWORK
        )
    kept = {name: value for name, value in done.items() if not name.startswith(_BLOB)}
    yield from call(Checkpoint(values=kept))
    raise TransientError("the server no longer has the uploaded media", network=NETWORK)


def _part(key: str, part: int) -> str:
    return key if part == 0 else f"{key}-{part}"


def _reply_to(progress: Mapping[str, str], part: int) -> list[Json]:
    """Return the references to the first post of the thread, and to the post that a part follows."""
    others: list[Json] = json.loads(progress.get(_REPLY, "[]"))
    if part == 0:
        return others
    root = others[0] if others else _reference(progress, 0)
    return [root, _reference(progress, part - 1)]


def _reference(progress: Mapping[str, str], part: int) -> dict[str, Json]:
    """Return the reference to the record of a published part."""
    return {"uri": id_of_part(progress, part), "cid": progress[f"{_CID}{part}"]}


def _parts_of(uri: str) -> tuple[str, str]:
    """Return the account and the key in the address of a record, such as ``at://did:.../.../3k``."""
    account, _, rest = uri.removeprefix("at://").partition("/")
    return (account, rest.rpartition("/")[2]) if rest else ("", account)


def _resolved(response: Response) -> str:
    """Return the identifier of an account, or an empty string if there is no such account."""
    if response.status == 400:
        return ""
    return text_of(response, "did")
