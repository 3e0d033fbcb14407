"""The projection rows of a stream, from its record alone."""

from __future__ import annotations

from typing import Any

from socialcollab.content import Delivery, DeliveryState, NativePost, PostState
from socialcollab.desk.journal.snapshots import (
    DigestSnapshot,
    OrganizationSnapshot,
    RuntimeStateSnapshot,
)
from socialcollab.stores import Row, microseconds
from socialcollab.workflow import PostSnapshot


def rows_of(stream: str, snapshot: Any) -> list[Row]:
    """Return all projection rows of a stream, from its record alone."""
    if isinstance(snapshot, PostSnapshot):
        return _post_rows(stream, snapshot)
    if isinstance(snapshot, Delivery):
        return _delivery_rows(stream, snapshot)
    if isinstance(snapshot, DigestSnapshot):
        if snapshot.closes_at is None:
            return []
        at = microseconds(snapshot.closes_at)
        return [Row("due", stream, stream, {"at": at, "kind": "digest"})]
    if (
        isinstance(snapshot, OrganizationSnapshot | RuntimeStateSnapshot)
        and snapshot.stale_since is not None
    ):
        at = microseconds(snapshot.stale_since)
        return [Row("due", stream, stream, {"at": at, "kind": "replan"})]
    if isinstance(snapshot, NativePost):
        return _native_post_rows(stream, snapshot)
    return []


def _native_post_rows(stream: str, observed: NativePost) -> list[Row]:
    if observed.removed:
        return []
    columns: dict[str, str | int | None] = {
        "profile": observed.profile,
        "workspace": observed.workspace,
        "network_id": observed.network_id,
        "at": microseconds(observed.at),
    }
    return [Row("native_post", stream, stream, columns)]


_ON_CALENDAR = frozenset(
    {
        PostState.DRAFT,
        PostState.IN_REVIEW,
        PostState.CHANGES_REQUESTED,
        PostState.APPROVED,
        PostState.EXPIRED,
    }
)


def _post_rows(stream: str, snapshot: PostSnapshot) -> list[Row]:
    post = snapshot.post
    times = {
        target: microseconds(at.instant)
        for target in post.targets
        if (at := post.content.time_for(target)) is not None
    }
    planned = post.planned_at
    first = min(
        (*times.values(), *(() if planned is None else (microseconds(planned.instant),))),
        default=None,
    )
    rows = [
        Row(
            "posts",
            post.id,
            stream,
            {
                "workspace": post.workspace,
                "state": post.state.value,
                "planned_at": first,
                "author": post.author,
                "campaign": post.content.campaign or None,
            },
        )
    ]
    if post.external_id:
        rows.append(
            Row(
                "external_ids",
                post.external_id,
                stream,
                {"external_id": post.external_id, "post": post.id},
            )
        )
    rows += [
        Row(
            "pictures",
            f"{post.id}|{digest}",
            stream,
            {"digest": digest, "workspace": post.workspace, "post": post.id},
        )
        for digest in sorted({image.digest for image in post.media})
    ]
    if post.state in _ON_CALENDAR:
        rows += [
            Row(
                "plans",
                f"{post.id}|{target}",
                stream,
                {
                    "profile": target,
                    "workspace": post.workspace,
                    "state": post.state.value,
                    "at": at,
                    "post": post.id,
                },
            )
            for target, at in sorted(times.items())
        ]
    if post.leftover_media and post.erased_at is not None:
        clear = microseconds(post.erased_at)
        rows.append(Row("due", stream, stream, {"at": clear, "kind": "clear"}))
    request = snapshot.request
    if post.state is PostState.IN_REVIEW and request is not None:
        if request.reckoned:
            if request.wake_at is not None:
                wake = microseconds(request.wake_at)
                rows.append(Row("due", stream, stream, {"at": wake, "kind": "look"}))
        elif times and request.when == "planned":
            rows.append(Row("due", stream, stream, {"at": min(times.values()), "kind": "look"}))
    return rows


_WAKING = {
    DeliveryState.WAITING: "send",
    DeliveryState.PUBLISHING: "settle",
    DeliveryState.UNKNOWN: "look",
}


def _delivery_rows(stream: str, delivery: Delivery) -> list[Row]:
    at = microseconds(delivery.at.instant)
    rows = [
        Row(
            "deliveries",
            delivery.id,
            stream,
            {
                "post": delivery.post,
                "profile": delivery.profile,
                "workspace": delivery.workspace,
                "state": delivery.state.value,
                "at": at,
            },
        )
    ]
    rows += [
        Row(
            "network_ids",
            f"{delivery.id}|{network_id}",
            stream,
            {
                "profile": delivery.profile,
                "network_id": network_id,
                "delivery": delivery.id,
                "post": delivery.post,
            },
        )
        for network_id in delivery.known_ids
    ]
    if delivery.attention:
        rows.append(
            Row(
                "attention",
                delivery.id,
                stream,
                {
                    "post": delivery.post,
                    "profile": delivery.profile,
                    "workspace": delivery.workspace,
                    "kind": delivery.attention,
                    "at": at,
                },
            )
        )
    kind = _WAKING.get(delivery.state)
    if delivery.ids_to_take_down:
        kind = "remove"
    elif delivery.amending and delivery.state is DeliveryState.PUBLISHED:
        kind = "amend"
    due_at = delivery.due_at
    if kind is None and delivery.next_recheck_at is not None:
        kind, due_at = "look", delivery.next_recheck_at
    if kind is not None:
        rows.append(Row("due", stream, stream, {"at": microseconds(due_at), "kind": kind}))
    return rows
