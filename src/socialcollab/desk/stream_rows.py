"""The index rows of a stream, from its record alone."""

from __future__ import annotations

from typing import Any

from socialcollab.content import Delivery, DeliveryState, Observed, PostState
from socialcollab.desk.stream_records import DigestRecord, FactsRecord, OrganizationRecord
from socialcollab.stores import Row, microseconds
from socialcollab.workflow import PostRecord

__all__ = ["rows_of"]


def rows_of(stream: str, record: Any) -> list[Row]:
    """Return all index rows of a stream, from its record alone."""
    if isinstance(record, PostRecord):
        return _post_rows(stream, record)
    if isinstance(record, Delivery):
        return _delivery_rows(stream, record)
    if isinstance(record, DigestRecord):
        if record.closes_at is None:
            return []
        at = microseconds(record.closes_at)
        return [Row("due", stream, stream, {"at": at, "kind": "digest"})]
    if isinstance(record, OrganizationRecord | FactsRecord) and record.stale_since is not None:
        at = microseconds(record.stale_since)
        return [Row("due", stream, stream, {"at": at, "kind": "replan"})]
    if isinstance(record, Observed):
        return _observed_rows(stream, record)
    return []


def _observed_rows(stream: str, observed: Observed) -> list[Row]:
    if observed.forgotten:
        return []
    columns: dict[str, str | int | None] = {
        "profile": observed.profile,
        "workspace": observed.workspace,
        "network_id": observed.network_id,
        "at": microseconds(observed.at),
    }
    return [Row("observed", stream, stream, columns)]


_ON_CALENDAR = frozenset(
    {
        PostState.DRAFT,
        PostState.IN_REVIEW,
        PostState.CHANGES_REQUESTED,
        PostState.APPROVED,
        PostState.EXPIRED,
    }
)


def _post_rows(stream: str, record: PostRecord) -> list[Row]:
    post = record.post
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
    if post.ref:
        rows.append(Row("refs", post.ref, stream, {"ref": post.ref, "post": post.id}))
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
    request = record.request
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
    if delivery.trouble:
        rows.append(
            Row(
                "troubles",
                delivery.id,
                stream,
                {
                    "post": delivery.post,
                    "profile": delivery.profile,
                    "workspace": delivery.workspace,
                    "kind": delivery.trouble,
                    "at": at,
                },
            )
        )
    kind = _WAKING.get(delivery.state)
    if delivery.to_remove:
        kind = "remove"
    elif delivery.amending and delivery.state is DeliveryState.PUBLISHED:
        kind = "amend"
    due_at = delivery.due_at
    if kind is None and delivery.second_look_at is not None:
        kind, due_at = "look", delivery.second_look_at
    if kind is not None:
        rows.append(Row("due", stream, stream, {"at": microseconds(due_at), "kind": kind}))
    return rows
