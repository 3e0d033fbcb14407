"""Stop an action that is based on an outdated version of an item."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Literal, TypeAlias, get_args

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.time import as_utc
from socialcollab.verdicts import Reason, Remedy, Verdict

GuardedAction: TypeAlias = Literal["reply", "edit", "approve", "schedule"]
"""An action that is stopped if its author has not seen the latest version of the item."""

ActivityKind: TypeAlias = Literal[
    "reply", "note", "customer_message", "edit", "decision", "rescheduled", "state"
]
"""
What happened to an item.

The kinds are a teammate's reply, an internal note, another message from the customer, an edit, a
decision on an approval, a new planned time, and another state, such as resolved.
"""

OfferKind: TypeAlias = Literal["look", "merge", "send_anyway"]
"""What the author can do next: look at what happened, merge, or send anyway."""


@attrs.frozen(kw_only=True)
class ItemActivity:
    """
    Something that happened to a post or conversation.

    Attributes:
        version: The version of the item that it led to. Versions count up.
        kind: What happened.
        by: The member or customer who did it.
        at: When it happened, in UTC.
        fields: The fields that an edit changed, by their names in `ALL_FIELDS`.
    """

    version: int
    kind: ActivityKind
    by: str
    at: dt.datetime = attrs.field(converter=as_utc)
    fields: tuple[str, ...] = attrs.field(default=(), converter=tuple)

    def __attrs_post_init__(self) -> None:
        if self.kind not in get_args(ActivityKind):
            raise InvalidValueError(
                f"`{self.kind}` is not a kind of activity",
                value=self.kind,
                expected=" or ".join(get_args(ActivityKind)),
            )


@attrs.frozen(kw_only=True)
class Offer:
    """
    A way to go on after an action was stopped.

    Attributes:
        kind: What the author can do.
        version: The version of the item that the author is shown now. Pass it to the guard as
            `seen` after the author has looked or merged, or as `send_anyway`.
        permission: The permission that the author needs, or an empty string.
        audited: Whether the desk has to record that the author was warned and went on.
        remedy: The offer as a message that can be translated.
    """

    kind: OfferKind
    version: int
    permission: str = ""
    audited: bool = False
    remedy: Remedy


@attrs.frozen(kw_only=True)
class GuardResult:
    """
    The answer of `send_guard`. It is truthy if the action may go on.

    Attributes:
        verdict: Whether the action may go on, and what happened in the meantime.
        missed: What happened after the version that the author saw, oldest first.
        offers: What the author can do if the action was stopped.
        expected_version: The version that the item must still have when the action is stored. A
            store that compares it refuses the second of two actions that were checked at the same
            time.
    """

    verdict: Verdict
    missed: tuple[ItemActivity, ...] = ()
    offers: tuple[Offer, ...] = ()
    expected_version: int

    def __bool__(self) -> bool:
        return self.verdict.allowed


def send_guard(
    action: GuardedAction,
    *,
    item: str,
    seen: int,
    now: int,
    activity: Iterable[ItemActivity] = (),
    send_anyway: int | None = None,
) -> GuardResult:
    """
    Stop an action if anything happened to the item after the version that its author saw.

    The author's own changes count as well: they may come from another tab, or from a reply that
    was sent twice. The action is stopped even if *activity* does not say what happened.

    >>> at = dt.datetime(2026, 4, 7, 9, tzinfo=dt.UTC)
    >>> replied = ItemActivity(version=4, kind="reply", by="ana", at=at)
    >>> stopped = send_guard("reply", item="case-7", seen=3, now=4, activity=[replied])
    >>> bool(stopped), [offer.kind for offer in stopped.offers]
    (False, ['look', 'send_anyway'])
    >>> stopped.verdict.reasons[1].text()
    '`ana` replied at 2026-04-07 09:00 UTC'

    Args:
        action: What the author wants to do.
        item: The id of the post or conversation.
        seen: The version that the author saw when starting.
        now: The current version.
        activity: What happened to the item; older entries are ignored.
        send_anyway: The version up to which the author was shown what happened, if the author wants
            to go on regardless. The caller has checked the permission of the offer, and records the
            answer. If more has happened since, the action is stopped again.

    Returns:
        The answer. If *send_anyway* lets an outdated action go on, the verdict still says what
        happened, for the audit.

    Raises:
        InvalidValueError: If *action* does not exist, or if *seen* or *send_anyway* is later than
            *now*.
    """
    if action not in get_args(GuardedAction):
        raise InvalidValueError(
            f"`{action}` is not an action that the guard knows",
            value=action,
            expected=" or ".join(get_args(GuardedAction)),
        )
    for version in (seen, send_anyway):
        if version is not None and version > now:
            raise InvalidValueError(
                f"version {version} of `{item}` cannot have been seen, because its current version"
                f" is {now}",
                value=version,
                expected=f"a version up to {now}",
            )
    if seen == now:
        return GuardResult(verdict=Verdict.yes(), expected_version=now)
    missed = tuple(
        sorted(
            (each for each in activity if seen < each.version <= now),
            key=lambda each: each.version,
        )
    )
    reasons = (
        Reason.of("guard.outdated", item=item, seen=seen, now=now),
        *(_reason(each) for each in missed),
    )
    # An approval covers what its author saw, so an unseen version is never approved.
    if send_anyway == now and action != "approve":
        return GuardResult(verdict=Verdict.yes(*reasons), missed=missed, expected_version=now)
    offers = _offers(action, item, now, missed)
    return GuardResult(
        verdict=Verdict.no(*reasons, remedies=[offer.remedy for offer in offers]),
        missed=missed,
        offers=offers,
        expected_version=now,
    )


def _reason(each: ItemActivity) -> Reason:
    at = f"{each.at:%Y-%m-%d %H:%M} UTC"
    if each.kind == "edit" and each.fields:
        fields = ", ".join(each.fields)
        return Reason.of("guard.missed.edit_of", by=each.by, at=at, fields=fields)
    return Reason.of(f"guard.missed.{each.kind}", by=each.by, at=at)


def _offers(
    action: GuardedAction, item: str, now: int, missed: tuple[ItemActivity, ...]
) -> tuple[Offer, ...]:
    offers = [Offer(kind="look", version=now, remedy=Remedy.of("guard.look", item=item))]
    # Only two edits can be merged. A decision is about a version, which a merge would replace.
    if action == "edit" and any(each.kind == "edit" for each in missed):
        offers.append(Offer(kind="merge", version=now, remedy=Remedy.of("guard.merge", item=item)))
    if action != "approve":
        offers.append(
            Offer(
                kind="send_anyway",
                version=now,
                permission="bypass",
                audited=True,
                remedy=Remedy.of("guard.send_anyway", item=item, permission="bypass"),
            )
        )
    return tuple(offers)
