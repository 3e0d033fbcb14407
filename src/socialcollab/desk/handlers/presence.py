"""Presence and claims: who is working on an item, shown only to members who may view it."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Final

import attrs

from socialcollab.collisions import Activity, Claim, ClaimResult, Claims, Presence, PresentMember
from socialcollab.content import Post
from socialcollab.desk.arguments import id_of
from socialcollab.desk.engine import Engine
from socialcollab.effects import Effects, call
from socialcollab.errors import ConflictError, InvalidValueError, NotFoundError
from socialcollab.identifiers import MemberId
from socialcollab.stores import CollisionStore, SqliteCollisions
from socialcollab.time import as_utc
from socialcollab.workflow import Actor
from socialcollab.workflow import events as ev

_MAX_ATTEMPTS: Final = 50
_MAX_DEVICES: Final = 20
_MAX_NAME: Final = 200
_MAX_REASON: Final = 1000
_OF_POSTS: Final = ("post", "request")
_CONVERSATION: Final = "conversation"


@attrs.frozen
class Item:
    """
    An item on which members are present and which they claim.

    Attributes:
        key: The name of the item in the store.
        may_view: Whether a member may view the item now.
        post: The id of the post, or an empty string for a conversation.
    """

    key: str
    may_view: Callable[[str], bool]
    post: str = ""


def collisions_beside(store: object) -> CollisionStore | None:
    """Return the default store for presence and claims of a desk in an SQLite file, or None."""
    return SqliteCollisions(f"{store}-presence") if isinstance(store, (str, Path)) else None


def check_name(value: object, name: str, *, at_most: int = _MAX_NAME) -> str:
    """
    Return a name or text that a caller passed, such as the id of a device.

    Raises:
        InvalidValueError: If it is not a string, is too long, or contains control characters.
    """
    expected = f"at most {at_most} characters, without control characters"
    if not isinstance(value, str):
        raise InvalidValueError(
            f"`{name}` is {value!r}, not a string", value=value, expected=expected
        )
    if len(value) > at_most:
        raise InvalidValueError(
            f"`{name}` has {len(value)} characters, but at most {at_most} are allowed",
            value=value[:at_most],
            expected=expected,
        )
    bad = next((one for one in value if unicodedata.category(one) in {"Cc", "Cs"}), "")
    if bad:
        raise InvalidValueError(
            f"`{name}` contains the control character U+{ord(bad):04X}",
            value=value,
            expected=expected,
        )
    return value


def read_item(engine: Engine, actor: Actor, item: Post | str, workspace: str = "") -> Effects[Item]:
    """
    Return an item that the actor may view.

    Raises:
        NotFoundError: If the item does not exist or is not visible to the actor.
        InvalidValueError: If *item* is not the name of an item.
    """
    name = check_name(id_of(item, Post), "item")
    kind, _, rest = name.partition("/")
    if not rest:
        kind, rest = "post", name
    state = yield from engine.state()
    now = engine.now()
    if kind in _OF_POSTS:
        loaded = yield from engine.post(rest)
        context = engine.context(state, actor, now=now)
        post = loaded.snapshot.post
        found = Item(f"{kind}/{rest}", lambda member: context.sees(member, post), rest)
    elif kind == _CONVERSATION:
        if not check_name(workspace, "workspace"):
            raise InvalidValueError(
                f"the workspace of `{name}` is missing",
                value=workspace,
                expected="workspace= with the id of a workspace",
            )
        organization = state.organization
        known = workspace in organization.workspaces_by_id
        found = Item(
            f"{kind}/{workspace}/{rest}",
            lambda member: known and organization.access.allows(member, "view", workspace, at=now),
        )
        if not found.may_view(actor.name):
            # The error is the same whether or not the workspace exists.
            raise NotFoundError("workspace", workspace)
    else:
        raise InvalidValueError(
            f"`{name}` is not the name of an item",
            value=name,
            expected="a post, its id, `request/` and the id of a post, or `conversation/` and a name",
        )
    if not found.may_view(actor.name):
        raise NotFoundError("post", rest)
    return found


def read_presence(
    engine: Engine, actor: Actor, item: Post | str, *, workspace: str = ""
) -> Effects[tuple[PresentMember, ...]]:
    """Return the other members on an item; see `MemberDesk.presence`."""
    found = yield from read_item(engine, actor, item, workspace)
    presence, now = yield from _presence(engine, found)
    return presence.members(found.key, at=now, may_view=found.may_view, viewer=actor.name)


def _presence(engine: Engine, item: Item) -> Effects[tuple[Presence, dt.datetime]]:
    now = as_utc(engine.real_clock())
    stored = yield from call(engine.collisions.signals, engine.store.organization, item.key, at=now)
    presence = Presence()
    # After a clock was set back, signals of the future would stay for as long as it was set back.
    signals = tuple(one for one in stored if one.at - now < presence.ttl)
    return attrs.evolve(presence, signals=signals), now


def seen(
    engine: Engine,
    actor: Actor,
    item: Post | str,
    activity: Activity,
    *,
    device: str,
    unsaved: bool,
    hidden: bool,
    workspace: str,
) -> Effects[tuple[PresentMember, ...]]:
    """Store the signal of a page; see `MemberDesk.seen`."""
    device = check_name(device, "device")
    found = yield from read_item(engine, actor, item, workspace)
    presence, now = yield from _presence(engine, found)
    own = [one for one in presence.signals if one.member == actor.name and one.device != device]
    # The signal of this page may be from before the clock was set back.
    past = tuple(one for one in presence.signals if one.at <= now)
    presence = attrs.evolve(presence, signals=past).seen(
        actor.name,
        found.key,
        activity,
        at=now,
        device=device,
        unsaved=bool(unsaved),
        hidden=bool(hidden),
    )
    signal = presence.signals[-1]
    kept = max(presence.hidden_ttl, presence.ttl) if unsaved or hidden else presence.ttl
    organization = engine.store.organization
    if len(own) >= _MAX_DEVICES:
        oldest = min(own, key=lambda one: one.at)
        yield from call(
            engine.collisions.remove_signals,
            organization,
            actor.name,
            item=found.key,
            device=oldest.device,
        )
    yield from call(engine.collisions.put_signal, organization, signal, until=now + kept)
    return presence.members(found.key, at=now, may_view=found.may_view, viewer=actor.name)


def left(
    engine: Engine, actor: Actor, item: Post | str, *, device: str, workspace: str
) -> Effects[None]:
    """Delete the signal of a page; see `MemberDesk.left`."""
    device = check_name(device, "device")
    try:
        found = yield from read_item(engine, actor, item, workspace)
    except NotFoundError:
        # The member has lost the permission, so the signal is not shown and soon expires.
        return
    yield from call(
        engine.collisions.remove_signals,
        engine.store.organization,
        actor.name,
        item=found.key,
        device=device,
    )


def read_claim(
    engine: Engine, actor: Actor, item: Post | str, *, workspace: str
) -> Effects[Claim | None]:
    """Return the active claim on an item; see `MemberDesk.current_claim`."""
    found = yield from read_item(engine, actor, item, workspace)
    claim = yield from call(engine.collisions.claim, engine.store.organization, found.key)
    now = as_utc(engine.real_clock())
    return _valid(_claims(claim), found, now).holder(found.key, at=now)


def _claims(claim: Claim | None) -> Claims:
    return Claims(leases={} if claim is None else {claim.item: claim})


def _valid(claims: Claims, item: Item, now: dt.datetime) -> Claims:
    """Return the claims without the claim of a member who may no longer view the item."""
    active = claims.holder(item.key, at=now)
    if active is None or item.may_view(active.holder):
        return claims
    return claims.release(item.key, by=active.holder, token=active.token, at=now)


def _decided(
    engine: Engine,
    actor: Actor,
    item: Item,
    decide: Callable[[Claims, dt.datetime], ClaimResult | Claims],
) -> Effects[ClaimResult | Claims]:
    """Decide on the claim on an item, and store the result with a compare-and-set."""
    key = item.key
    for _ in range(_MAX_ATTEMPTS):
        before = yield from call(engine.collisions.claim, engine.store.organization, key)
        now = as_utc(engine.real_clock())
        result = decide(_valid(_claims(before), item, now), now)
        after = result.claims if isinstance(result, ClaimResult) else result
        latest = after.leases.get(key)
        if latest is None or latest == before:
            return result
        if latest.taken_from and (before is None or latest.token != before.token):
            # The audit comes first: a takeover without its event must not exist after a crash.
            yield from _audit(engine, actor, item, latest)
        stored = yield from call(
            engine.collisions.replace_claim, engine.store.organization, before, latest
        )
        if stored:
            return result
    raise ConflictError(stream=key, expected=0, actual=0)


def _audit(engine: Engine, actor: Actor, item: Item, claim: Claim) -> Effects[None]:
    """Record a takeover in the journal of its post. A conversation has no journal here."""
    if not item.post:
        return

    def attempt() -> Effects[None]:
        state = yield from engine.state()
        loaded = yield from engine.post(item.post)
        data = ev.ClaimTakenOver(holder=MemberId(claim.taken_from), reason=claim.reason)
        event = ev.post_event(item.post, data, actor)
        salt = loaded.snapshot.post.salt
        yield from engine.append(state, [event], [loaded], at=engine.now(), salt=salt)

    yield from engine.retry(attempt)


def take_claim(
    engine: Engine,
    actor: Actor,
    item: Post | str,
    *,
    ttl: dt.timedelta,
    workspace: str,
    reason: str | None = None,
) -> Effects[ClaimResult]:
    """Claim an item, or take it over if *reason* is given; see `MemberDesk.claim`."""
    found = yield from read_item(engine, actor, item, workspace)
    me = actor.name

    def decide(claims: Claims, now: dt.datetime) -> ClaimResult:
        if reason is None:
            return claims.take(found.key, by=me, ttl=ttl, at=now)
        text = check_name(reason, "reason", at_most=_MAX_REASON)
        return claims.take_over(found.key, by=me, reason=text, ttl=ttl, at=now)

    result = yield from _decided(engine, actor, found, decide)
    assert isinstance(result, ClaimResult)  # noqa: S101  `decide` returns one
    return result


def renew_claim(
    engine: Engine,
    actor: Actor,
    item: Post | str,
    *,
    token: int,
    ttl: dt.timedelta,
    workspace: str,
) -> Effects[ClaimResult]:
    """Extend a claim; see `MemberDesk.renew_claim`."""
    found = yield from read_item(engine, actor, item, workspace)
    result = yield from _decided(
        engine,
        actor,
        found,
        lambda claims, now: claims.renew(found.key, by=actor.name, token=token, ttl=ttl, at=now),
    )
    assert isinstance(result, ClaimResult)  # noqa: S101  `renew` returns one
    return result


def release_claim(
    engine: Engine, actor: Actor, item: Post | str, *, token: int, workspace: str
) -> Effects[None]:
    """Give up a claim; see `MemberDesk.release_claim`."""
    found = yield from read_item(engine, actor, item, workspace)
    yield from _decided(
        engine,
        actor,
        found,
        lambda claims, now: claims.release(found.key, by=actor.name, token=token, at=now),
    )
