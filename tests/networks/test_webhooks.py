"""Webhooks of Meta and X are authenticated before anything in them is read."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.content import Json, MessageAuthor
from socialcollab.directory import Profile
from socialcollab.errors import InvalidValueError, NaiveDatetimeError, WebhookError
from socialcollab.networks.webhooks import Delivery, MetaWebhook, OtherEvent, XWebhook

SECRET, OLD = "app-secret-7c1d", "old-secret-99"
NOW = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
SECONDS = int(NOW.timestamp())
PAGE, ACCOUNT, USER = "104999", "17841400000000001", "2244994945"
META = MetaWebhook(
    secrets=(SECRET, OLD),
    verify_token="verify-me",
    accounts={
        PAGE: Profile(id="tulip-facebook", workspace="tulip", network="facebook"),
        ACCOUNT: Profile(id="tulip-instagram", workspace="tulip", network="instagram"),
    },
)
X = XWebhook(
    secrets=(SECRET, OLD), accounts={USER: Profile(id="tulip-x", workspace="tulip", network="x")}
)
Webhook = MetaWebhook | XWebhook


def signed(webhook: Webhook, body: bytes, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    if webhook is META:
        return {"X-Hub-Signature-256": f"sha256={digest.hex()}"}
    return {"x-twitter-webhooks-signature": f"sha256={base64.b64encode(digest).decode()}"}


def receive(webhook: Webhook, data: Json, **options: Any) -> Delivery:
    body = json.dumps(data).encode()
    return webhook.receive(body, signed(webhook, body), **{"now": NOW, **options})


def meta(*entries: dict[str, Json], kind: str = "page") -> Json:
    identifier = PAGE if kind == "page" else ACCOUNT
    known: list[Json] = [{"id": identifier, "time": SECONDS, **entry} for entry in entries]
    return {"object": kind, "entry": known}


def change(field: str, **value: Json) -> dict[str, Json]:
    return {"changes": [{"field": field, "value": value}]}


def tweet(**more: Json) -> dict[str, Json]:
    return {
        "id_str": "5",
        "text": "@tulipair mooi &amp; geel",
        "created_at": "Tue Apr 07 07:30:00 +0000 2026",
        "user": {"id_str": "42", "screen_name": "ken", "name": "Ken"},
        "lang": "nl",
        **more,
    }


VALID: list[tuple[Webhook, Json]] = [
    (META, meta(change("feed", item="like", verb="add"))),
    (X, {"for_user_id": USER, "tweet_create_events": [tweet()]}),
]
both = pytest.mark.parametrize(("webhook", "data"), VALID, ids=["meta", "x"])


def refusal(webhook: Webhook, body: bytes, headers: dict[str, str], **options: Any) -> WebhookError:
    with pytest.raises(WebhookError) as caught:
        webhook.receive(body, headers, **{"now": NOW, **options})
    return caught.value


@both
def test_signature(webhook: Webhook, data: Json) -> None:
    """A body is accepted with the signature of either secret, and with no other one."""
    body = json.dumps(data).encode()
    for secret in (SECRET, OLD):
        headers = signed(webhook, body, secret)
        assert webhook.receive(body, headers, now=NOW).skipped == 0
        upper = {name.upper(): value for name, value in headers.items()}
        assert webhook.receive(body, upper, now=NOW).skipped == 0
    (name,) = headers
    good = headers[name]
    for wrong in (
        signed(webhook, body, "other")[name],
        signed(webhook, body + b" ")[name],
        good.removeprefix("sha256="),
        good[:-1],
        f"{good}0",
        "sha256=",
        "sha256=é\ud800",
        "sha1=abc",
    ):
        error = refusal(webhook, body, {name: wrong})
        assert (error.reason, error.status) == ("bad signature", 403)
    for headers in ({}, {name: ""}, {"x-hub-signature": good}):
        error = refusal(webhook, body, headers)
        assert (error.reason, error.status) == ("no signature", 403)


@both
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_changed_body(webhook: Webhook, data: Json, place: int, bit: int) -> None:
    """A body in which a single bit was changed is refused."""
    body = bytearray(json.dumps(data).encode())
    headers = signed(webhook, bytes(body))
    body[place % len(body)] ^= 1 << bit
    assert refusal(webhook, bytes(body), headers).reason == "bad signature"


@both
def test_authenticates_first(webhook: Webhook, data: Json) -> None:
    """Without a valid signature, nothing else about the body is revealed."""
    for body in (b"<html>", b"[" * 100_000, b"\xff\xfe", json.dumps(data).encode()):
        assert refusal(webhook, body, signed(webhook, b"else")).reason == "bad signature"


@both
def test_unreadable(webhook: Webhook, data: Json) -> None:
    """A signed body that is not a JSON object is refused, however it is damaged."""
    for body in (
        b"", b"<html>", b"[]", b"null", b"7", b"[" * 100_000, b"\xff", b'{"a": NaN}', b'{"a":',
    ):  # fmt: skip
        error = refusal(webhook, body, signed(webhook, body))
        assert (error.reason, error.status) == ("unreadable", 400)


@both
def test_size(webhook: Webhook, data: Json) -> None:
    """A body that is too large is refused before its signature is computed."""
    body = b"x" * (1024 * 1024 + 1)
    error = refusal(webhook, body, {})
    assert (error.reason, error.status) == ("too large", 413)
    with pytest.raises(InvalidValueError, match="of type str"):
        webhook.receive("{}", {}, now=NOW)  # type: ignore[arg-type]  # deliberately wrong


@both
def test_age(webhook: Webhook, data: Json) -> None:
    """A delivery is refused after the time in which the network repeats it, and from the future."""
    for age, reason in (
        (dt.timedelta(hours=36), ""),
        (dt.timedelta(hours=36, seconds=1), "too old"),
        (-dt.timedelta(minutes=5), ""),
        (-dt.timedelta(minutes=5, seconds=1), "too old"),
    ):
        body = json.dumps(data).encode()
        if reason:
            error = refusal(webhook, body, signed(webhook, body), now=NOW + age)
            assert (error.reason, error.status) == (reason, 403)
        else:
            receive(webhook, data, now=NOW + age)
    with pytest.raises(NaiveDatetimeError):
        receive(webhook, data, now=dt.datetime(2026, 4, 7))  # noqa: DTZ001


@both
def test_repeated(webhook: Webhook, data: Json) -> None:
    """A delivery is confirmed without being read if its digest is known."""
    seen: set[str] = set()
    delivery = receive(webhook, data, seen=seen)
    # Until the host has stored the messages, the delivery may be repeated.
    assert receive(webhook, data, seen=seen) == delivery
    seen.add(delivery.digest)
    body = json.dumps(data).encode()
    error = refusal(webhook, body, signed(webhook, body), seen=seen)
    assert (error.reason, error.status) == ("repeated", 200)


@pytest.mark.parametrize(
    ("webhook", "data"),
    [
        (META, {"object": "page", "entry": [{"id": "7", "time": SECONDS}]}),
        (META, {"object": "instagram", "entry": [{"id": PAGE, "time": SECONDS}]}),
        (META, {"object": "user", "entry": [{"id": PAGE, "time": SECONDS}]}),
        (META, {"object": "page"}),
        (META, {"entry": 5}),
        (X, {"for_user_id": "7", "tweet_create_events": []}),
        (X, {"for_user_id": ["x"]}),
        (X, {}),
    ],
)
def test_other_accounts(webhook: Webhook, data: Json) -> None:
    """A delivery for an account that belongs to no profile is confirmed and ignored."""
    body = json.dumps(data).encode()
    error = refusal(webhook, body, signed(webhook, body))
    assert (error.reason, error.status) == ("other account", 200)


def test_several_accounts() -> None:
    """The entries of unknown accounts in a delivery are ignored."""
    data = meta(change("feed", item="like"), {"id": "7", **change("feed", item="like")})
    assert [event.account for event in receive(META, data).others] == [PAGE]


def test_without_time() -> None:
    """An entry without a time could be repeated for ever, so it is refused."""
    for time in (None, "", "soon", -5, 10**30, True, "٣"):
        body = json.dumps({"object": "page", "entry": [{"id": PAGE, "time": time}]}).encode()
        assert refusal(META, body, signed(META, body)).reason == "unreadable"


def test_meta_challenge() -> None:
    """The challenge is returned only with the verify token."""
    params = {"hub.mode": "subscribe", "hub.verify_token": "verify-me", "hub.challenge": "115"}
    assert META.challenge(params) == "115"
    for name, value in (
        ("hub.mode", "unsubscribe"),
        ("hub.verify_token", "verify-m"),
        ("hub.verify_token", "é\ud800"),
        ("hub.challenge", ""),
    ):
        with pytest.raises(WebhookError) as caught:
            META.challenge(params | {name: value})
        assert caught.value.status == 403
    with pytest.raises(WebhookError):
        META.challenge({})


def test_x_challenge() -> None:
    """The answer to a challenge is the signature of its token with the first secret."""
    token = "9b4507b3-9040-4669-9ca3-6b94edb50553"
    digest = hmac.new(SECRET.encode(), token.encode(), hashlib.sha256).digest()
    answer = {"response_token": f"sha256={base64.b64encode(digest).decode()}"}
    assert X.challenge({"crc_token": token}) == answer


@pytest.mark.parametrize(
    "token", ["", "{}", '{"for_user_id":"2244994945"}', "a b", "[1]", "x" * 513]
)
def test_forged_challenge(token: str) -> None:
    """A challenge whose token is a forged delivery is not signed."""
    with pytest.raises(WebhookError):
        X.challenge({"crc_token": token})


@pytest.mark.parametrize("secrets", ["", (), ("a", ""), [None]])
def test_empty_secrets(secrets: Any) -> None:
    """Anyone could sign with an empty secret, so it is refused."""
    for kind, options in ((XWebhook, {}), (MetaWebhook, {"verify_token": "x"})):
        with pytest.raises(InvalidValueError, match="the secret of its app"):
            kind(secrets=secrets, accounts={}, **options)
    with pytest.raises(InvalidValueError, match="verify token"):
        MetaWebhook(secrets="x", verify_token="", accounts={})


def test_hidden_secrets() -> None:
    """Secrets appear neither in reprs nor in errors."""
    shown = [repr(META), repr(X)]
    shown += [str(refusal(webhook, b"x", signed(webhook, b""))) for webhook in (META, X)]
    for secret in (SECRET, OLD, "verify-me"):
        assert not any(secret in text for text in shown)
    error = refusal(META, b"x", {})
    copied = pickle.loads(pickle.dumps(error))
    assert (copied.reason, copied.status, str(copied)) == (error.reason, 403, str(error))


def test_page_comments() -> None:
    """Comments on a Page are messages, also when they are changed, hidden or deleted."""
    value: dict[str, Json] = {
        "item": "comment",
        "verb": "add",
        "comment_id": "5_6",
        "post_id": f"{PAGE}_5",
        "parent_id": f"{PAGE}_5",
        "from": {"id": "42", "name": "Ken"},
        "message": "Mooi!",
        "created_time": SECONDS - 60,
        "photo": "https://cdn.example/1.jpg",
    }
    changes = [{**value, "verb": verb} for verb in ("add", "edited", "hide", "remove")]
    own = {**value, "from": {"id": PAGE, "name": "Tulip"}, "comment_id": "5_7"}
    entry: dict[str, Json] = {
        "changes": [{"field": "feed", "value": each} for each in (*changes, own)]
    }
    added, edited, hidden, removed, answer = receive(META, meta(entry)).messages
    assert added.author == MessageAuthor(id="42", name="Ken")
    assert (added.network, added.profile, added.kind) == ("facebook", "tulip-facebook", "comment")
    assert (added.network_id, added.parent, added.root) == ("5_6", f"{PAGE}_5", f"{PAGE}_5")
    assert (added.text, added.media) == ("Mooi!", ("https://cdn.example/1.jpg",))
    assert added.created_at == NOW - dt.timedelta(minutes=1)
    assert len({one.version for one in (added, edited, hidden, removed)}) == 4
    assert (hidden.hidden, removed.deleted, removed.text) == (True, True, "")
    assert (answer.own, added.own) == (True, False)


def test_page_posts() -> None:
    """Posts of others on a Page, and elsewhere about a Page, are mentions."""
    author = {"id": "42", "name": "Ken"}
    data = meta(
        change("feed", item="post", verb="add", post_id="9", message="Dag", **{"from": author}),
        change("feed", item="post", verb="add", post_id="9", **{"from": {"id": PAGE}}),
        change("mention", item="comment", comment_id="3", post_id="2", sender_id="42"),
        change("ratings", item="rating"),
    )
    delivery = receive(META, data)
    assert [(one.network_id, one.kind, one.root) for one in delivery.messages] == [
        ("9", "mention", ""),
        ("3", "mention", "2"),
    ]
    assert [event.kind for event in delivery.others] == ["feed", "ratings"]


@pytest.mark.parametrize("kind", ["page", "instagram"])
def test_direct_messages(kind: str) -> None:
    """Direct messages are received, sent, changed and deleted; the rest are other events."""
    account = PAGE if kind == "page" else ACCOUNT

    def event(sender: str, recipient: str, **more: Json) -> Json:
        base: dict[str, Json] = {"sender": {"id": sender}, "recipient": {"id": recipient}}
        return {**base, "timestamp": SECONDS * 1000, **more}

    attached: Json = [{"type": "image", "payload": {"url": "https://cdn.example/1.jpg"}}]
    reply: Json = {"mid": "m0"}
    events: list[Json] = [
        event("42", account, message={"mid": "m1", "text": "Dag", "attachments": attached}),
        event(account, "42", message={"mid": "m2", "text": "Hoi", "is_echo": True}),
        event("42", account, message={"mid": "m3", "is_deleted": True, "reply_to": reply}),
        event("42", account, message_edit={"mid": "m1", "text": "Dag!", "num_edit": 1}),
        event("42", account, read={"watermark": 1}),
    ]
    delivery = receive(META, meta({"messaging": events}, kind=kind))
    received, sent, deleted, edited = delivery.messages
    assert {one.root for one in delivery.messages} == {"42"}
    assert (received.kind, received.text, received.own) == ("direct", "Dag", False)
    assert (received.created_at, received.media) == (NOW, ("https://cdn.example/1.jpg",))
    assert (sent.own, sent.author.id) == (True, account)
    assert (deleted.deleted, deleted.parent) == (True, "m0")
    assert (edited.network_id, edited.text) == ("m1", "Dag!")
    assert edited.version != received.version
    assert [each.kind for each in delivery.others] == ["read"]


def test_instagram() -> None:
    """Comments and mentions of an Instagram account are messages; mentions have only ids."""
    author: Json = {"id": "42", "username": "ken"}
    own: Json = {"id": "9", "username": "tulipair", "self_ig_scoped_id": ACCOUNT}
    media: Json = {"id": "77", "media_product_type": "FEED"}
    data = meta(
        change("comments", id="1", text="Mooi!", media=media, **{"from": author}),
        change("comments", id="2", parent_id="1", media=media, **{"from": own}),
        change("mentions", comment_id="3", media_id="78"),
        change("mentions", media_id="79"),
        change("story_insights", media_id="80"),
        kind="instagram",
    )
    delivery = receive(META, data)
    comment, reply, mentioned, caption = delivery.messages
    assert comment.author == MessageAuthor(id="42", handle="ken")
    assert (comment.text, comment.parent, comment.root) == ("Mooi!", "77", "77")
    assert (reply.parent, reply.root, reply.own, comment.own) == ("1", "77", True, False)
    assert (mentioned.network_id, mentioned.root, mentioned.text) == ("3", "78", "")
    assert caption.network_id == "79"
    assert [event.kind for event in delivery.others] == ["story_insights"]


def test_x_posts() -> None:
    """Mentions and replies are messages; own posts and reposts are other events."""
    reply = tweet(id_str="6", in_reply_to_user_id_str=USER, in_reply_to_status_id_str="4")
    long: Json = {"full_text": "lang", "entities": {"media": [{"media_url_https": "https://p"}]}}
    newer: Json = {
        "id": "8", "text": "nieuw", "author_id": "42", "created_at": "2026-04-07T07:30:00.000Z",
    }  # fmt: skip
    data: Json = {
        "for_user_id": USER,
        "tweet_create_events": [
            tweet(),
            reply,
            tweet(id_str="7", extended_tweet=long),
            newer,
            tweet(user={"id_str": USER}),
            tweet(retweeted_status={}),
        ],
        "favorite_events": [{"id": "f"}],
    }
    delivery = receive(X, data)
    mention, answer, longer, other = delivery.messages
    assert mention.author == MessageAuthor(id="42", handle="ken", name="Ken")
    assert (mention.kind, mention.text, mention.language) == (
        "mention", "@tulipair mooi & geel", "nl",
    )  # fmt: skip
    assert (mention.created_at, mention.url) == (NOW, "https://x.com/ken/status/5")
    assert (answer.kind, answer.parent) == ("reply", "4")
    assert (longer.text, longer.media) == ("lang", ("https://p",))
    assert (other.network_id, other.text, other.author.id) == ("8", "nieuw", "42")
    kinds = [event.kind for event in delivery.others]
    assert kinds == ["tweet_create_events", "tweet_create_events", "favorite_events"]


def test_x_direct_messages() -> None:
    """Direct messages have the conversation of the two accounts, whoever wrote them."""

    def event(number: str, sender: str, recipient: str) -> Json:
        data: Json = {
            "text": "Kijk https://t.co/a",
            "entities": {"urls": [{"url": "https://t.co/a", "expanded_url": "https://tulip.nl"}]},
            "attachment": {"media": {"media_url_https": "https://p"}},
        }
        target: Json = {"recipient_id": recipient}
        created: Json = {"target": target, "sender_id": sender, "message_data": data}
        stamp = str(SECONDS * 1000)
        return {
            "type": "message_create",
            "id": number,
            "created_timestamp": stamp,
            "message_create": created,
        }

    data: Json = {
        "for_user_id": USER,
        "direct_message_events": [event("1", "42", USER), event("2", USER, "42"), {"type": "x"}],
        "users": {"42": {"id": "42", "screen_name": "ken", "name": "Ken"}},
        "apps": {},
    }
    delivery = receive(X, data)
    received, sent = delivery.messages
    assert received.author == MessageAuthor(id="42", handle="ken", name="Ken")
    assert (received.text, received.media) == ("Kijk https://tulip.nl", ("https://p",))
    assert received.root == sent.root == f"42-{USER}"
    assert (received.own, sent.own, received.created_at) == (False, True, NOW)
    assert [one.kind for one in delivery.others] == ["direct_message_events"]


def test_x_revocation() -> None:
    """If a member withdraws the app's access, the event is reported for the account."""
    source: Json = {"user_id": USER}
    data: Json = {"user_event": {"revoke": {"source": source, "target": {"app_id": "1"}}}}
    (event,) = receive(X, data).others
    assert (event.account, event.kind) == (USER, "user_event")


HOSTILE: list[Any] = [None, 5, "x", [], {}, {"id": 5}, {"mid": 5}, {"from": []}, [{}], {"$": {}}]


@pytest.mark.parametrize("hostile", HOSTILE, ids=str)
def test_hostile_events(hostile: Any) -> None:
    """Signed events of any shape are skipped or other events, and never an exception."""
    fields = ("feed", "mention", "comments", "mentions", "live_comments", "x")
    for kind in ("page", "instagram"):
        entries: list[dict[str, Json]] = [
            *({"changes": [{"field": field, "value": hostile}]} for field in fields),
            change("feed", item="comment", **{"from": hostile, "comment_id": hostile}),
            {"changes": hostile},
            {"messaging": hostile},
            {"messaging": [hostile, {"message": hostile, "sender": hostile}]},
        ]
        delivery = receive(META, meta(*entries, kind=kind))
        assert isinstance(delivery, Delivery)
    for name in ("tweet_create_events", "direct_message_events", "x"):
        for events in (hostile, [hostile], [tweet(user=hostile)], [tweet(entities=hostile)]):
            assert isinstance(receive(X, {"for_user_id": USER, name: events}), Delivery)


def test_other_event() -> None:
    """An event that is not a message keeps what the network sent."""
    (event,) = receive(META, meta(change("feed", item="reaction", verb="add"))).others
    assert event == OtherEvent(account=PAGE, kind="feed", value={"item": "reaction", "verb": "add"})
    assert hash(event)
