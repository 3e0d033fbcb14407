"""Notebook cards for posts, deliveries, findings and notifications."""

from __future__ import annotations

from typing import Final

from socialcollab.content import Delivery, Finding, Notification, Post
from socialcollab.pages.badges import Tone, badge, state_badge
from socialcollab.pages.elements import bullet_list, link
from socialcollab.pages.markup import Html
from socialcollab.pages.notebook.cards import (
    card,
    definitions,
    excerpt,
    format_time,
    nowrap,
    quote,
)
from socialcollab.pages.notebook.registry import card_of, cells_of
from socialcollab.time import WallTime

_SEVERITY_TONES: Final[dict[str, Tone]] = {"suggestion": "blue", "warning": "amber", "error": "red"}


@cells_of.register
def post_cells(post: Post) -> dict[str, str]:
    return {
        "state": state_badge(post.state.value),
        "text": excerpt(post.text),
        "profiles": ", ".join(post.targets),
        "planned": _wall_time(post.planned_at),
        "author": post.author,
    }


@card_of.register
def post_card(post: Post) -> Html:
    content = post.content
    variants = [
        f"{profile}: {' / '.join(content.texts_for(profile))}"
        for profile in post.targets
        if content.texts_for(profile) != content.texts_for("")
    ]
    details = {
        "profiles": ", ".join(post.targets),
        "planned": _wall_time(post.planned_at),
        "other times": "; ".join(f"{name} {_wall_time(at)}" for name, at in content.times),
        "media": "; ".join(one.alt or "no alt text" for one in content.all_media),
        "links": ", ".join(content.links),
        "card": "" if content.card is None else f"{content.card.title} ({content.card.url})",
        "first comment": content.first_comment,
        "poll": "" if content.poll is None else " / ".join(content.poll.options),
        "labels": ", ".join(content.labels),
        "language": content.language,
        "reply to": content.reply_to,
        "quotes": content.quote_of,
        "format": "" if content.format == "post" else content.format,
        "visibility": "" if content.visibility == "public" else content.visibility,
        "paid partnership": "yes" if content.paid_partnership else "",
        "campaign": content.campaign,
        "tags": ", ".join(content.tags),
        "revision": f"{len(post.revisions)}, by {', '.join(post.authors)}",
        "comments": str(len(post.comments) or ""),
        "id": post.id,
    }
    return card(
        "Post",
        *(quote(text) for text in content.texts_for("")),
        bullet_list(variants),
        definitions(details),
        badges=[state_badge(post.state.value)],
        aside=post.workspace,
    )


def _wall_time(at: WallTime | None) -> str:
    return "" if at is None else format_time(at.local, at.zone)


@cells_of.register
def delivery_cells(delivery: Delivery) -> dict[str, str]:
    return {
        "state": state_badge(delivery.state.value),
        "profile": delivery.profile,
        "due": _wall_time(delivery.at),
        "published": format_time(delivery.published_at),
        "address": link(delivery.url),
        "problem": delivery.problem or delivery.amend_problem,
    }


@card_of.register
def delivery_card(delivery: Delivery) -> Html:
    cells = delivery_cells(delivery)
    state, profile = cells.pop("state"), cells.pop("profile")
    details = {
        **cells,
        "next attempt": format_time(delivery.not_before),
        "attempts": str(len(delivery.attempts) or ""),
        "parts": ", ".join(part.network_id for part in delivery.parts),
        "duplicates": ", ".join(part.network_id for part in delivery.also_published),
        "post": delivery.post,
        "id": delivery.id,
    }
    return card("Delivery", definitions(details), badges=[state], aside=f"to {profile}")


@cells_of.register
def finding_cells(finding: Finding) -> dict[str, str]:
    span = "" if finding.start is None else f" {finding.start} to {finding.end}"
    profile = f" on {finding.profile}" if finding.profile else ""
    return {
        "rule": finding.code,
        "severity": badge(finding.severity, _SEVERITY_TONES[finding.severity]),
        "message": finding.message,
        "field": f"{finding.field}{span}{profile}",
        # An empty replacement deletes the span.
        "replacement": "" if finding.fix is None else finding.fix or "nothing",
    }


@card_of.register
def finding_card(finding: Finding) -> Html:
    cells = finding_cells(finding)
    details = {name: cells[name] for name in ("field", "replacement")}
    return card(
        f"Finding {finding.code}",
        quote(finding.message),
        definitions(details),
        badges=[cells["severity"]],
    )


@cells_of.register
def notification_cells(notification: Notification) -> dict[str, str]:
    return {
        "time": nowrap(format_time(notification.at)),
        "to": notification.to,
        "message": notification.reason.text(),
        "channels": ", ".join(notification.channels),
        "items": str(len(notification.items) or ""),
    }


@card_of.register
def notification_card(notification: Notification) -> Html:
    cells = notification_cells(notification)
    details = {name: cells[name] for name in ("to", "time", "channels")}
    return card(
        "Notification",
        quote(cells["message"]),
        bullet_list(item.reason.text() for item in notification.items),
        definitions(details),
    )
