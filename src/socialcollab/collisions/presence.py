"""Who is looking at an item or working on it at the moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Final, Literal, TypeAlias, get_args

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.time import as_utc

Activity: TypeAlias = Literal["viewing", "typing"]
"""What a member does on an item."""

_STATES: Final = ("typing", "unsaved", "viewing", "idle")

PresenceState: TypeAlias = Literal["typing", "unsaved", "viewing", "idle"]
"""
What is shown of a member, the most important state first.

"unsaved" means that the member has unsaved changes and is not typing; "idle" means that the page is
hidden, or that the member has not used it for a while.
"""


@attrs.frozen(kw_only=True)
class Signal:
    """
    The latest signal from a member's page.

    Attributes:
        member: The member.
        item: The id of the post, conversation or other item.
        device: The id of the browser tab or device. A member can have several.
        activity: What the member does.
        unsaved: Whether the page has unsaved changes.
        hidden: Whether the page is in the background.
        at: When the signal was sent, in UTC.
        active_at: When the member last used the page, in UTC.
    """

    member: str
    item: str
    device: str
    activity: Activity
    unsaved: bool
    hidden: bool
    at: dt.datetime
    active_at: dt.datetime


@attrs.frozen(kw_only=True)
class PresentMember:
    """
    A member who is present on an item.

    Attributes:
        member: The member.
        state: The most important state among the member's devices.
        devices: The number of devices.
        unsaved: Whether any of the devices has unsaved changes.
        since: When the member last used one of the devices, in UTC.
    """

    member: str
    state: PresenceState
    devices: int
    unsaved: bool
    since: dt.datetime


def _positive(name: str, value: dt.timedelta) -> None:
    if value <= dt.timedelta():
        raise InvalidValueError(
            f"`{name}` is {value}, but it must be longer than zero",
            value=value,
            expected="a timedelta such as timedelta(seconds=30)",
        )


@attrs.frozen(kw_only=True)
class Presence:
    """
    Who is present on which items. It is a value: each signal returns a new one.

    Presence is advice for people and stops nothing. Pages send a signal when their state changes
    and at least once in half of `ttl`. A browser slows down hidden pages, so a hidden page is
    kept for `hidden_ttl`, and a page with unsaved changes does not vanish from view.

    >>> now = dt.datetime(2026, 4, 7, 9, tzinfo=dt.UTC)
    >>> presence = Presence().seen("ben", "case-7", "typing", at=now)
    >>> [(each.member, each.state) for each in presence.members("case-7", at=now)]
    [('ben', 'typing')]
    >>> presence.members("case-7", at=now + dt.timedelta(minutes=1))
    ()

    Attributes:
        ttl: How long a visible page is present after its last signal.
        hidden_ttl: How long a hidden page, or one with unsaved changes, is present.
        typing_ttl: How long a member counts as typing after the last signal of it.
        idle_after: After which time without use a member is idle.
        signals: The latest signal of each page that may still be present.

    Raises:
        InvalidValueError: If a duration is not positive.
    """

    ttl: dt.timedelta = dt.timedelta(seconds=45)
    hidden_ttl: dt.timedelta = dt.timedelta(minutes=15)
    typing_ttl: dt.timedelta = dt.timedelta(seconds=8)
    idle_after: dt.timedelta = dt.timedelta(minutes=3)
    signals: tuple[Signal, ...] = ()

    def __attrs_post_init__(self) -> None:
        for name in ("ttl", "hidden_ttl", "typing_ttl", "idle_after"):
            _positive(name, getattr(self, name))

    def seen(
        self,
        member: str,
        item: str,
        activity: Activity = "viewing",
        *,
        at: dt.datetime,
        device: str = "",
        unsaved: bool = False,
        hidden: bool = False,
        active_at: dt.datetime | None = None,
    ) -> Presence:
        """
        Return the presence after a signal from a page. A signal older than the last one is ignored.

        Args:
            member: The member.
            item: The item that the page shows.
            activity: What the member does.
            at: When the signal was sent.
            device: The id of the browser tab or device.
            unsaved: Whether the page has unsaved changes.
            hidden: Whether the page is in the background.
            active_at: When the member last used the page; by default, at the time of the signal,
                or of the previous signal if the page is hidden.

        Raises:
            InvalidValueError: If *activity* does not exist.
            NaiveDatetimeError: If a time has no UTC offset.
        """
        if activity not in get_args(Activity):
            raise InvalidValueError(
                f"`{activity}` is not an activity",
                value=activity,
                expected=" or ".join(get_args(Activity)),
            )
        now = as_utc(at)
        last = next(
            (one for one in self.signals if _page(one) == (member, item, device)),
            None,
        )
        if last is not None and last.at > now:
            return self
        used = now if active_at is None else min(as_utc(active_at), now)
        if active_at is None and hidden and last is not None:
            used = last.active_at
        signal = Signal(
            member=member,
            item=item,
            device=device,
            activity=activity,
            unsaved=unsaved,
            hidden=hidden,
            at=now,
            active_at=used,
        )
        others = tuple(
            one for one in self.signals if _page(one) != _page(signal) and self._present(one, now)
        )
        return attrs.evolve(self, signals=(*others, signal))

    def left(self, member: str, *, item: str | None = None, device: str | None = None) -> Presence:
        """Return the presence after a member left an item, closed a device, or signed out."""
        return attrs.evolve(
            self,
            signals=tuple(
                one
                for one in self.signals
                if one.member != member
                or (item is not None and one.item != item)
                or (device is not None and one.device != device)
            ),
        )

    def members(
        self,
        item: str,
        *,
        at: dt.datetime,
        may_view: Callable[[str], bool] | None = None,
        viewer: str | None = None,
    ) -> tuple[PresentMember, ...]:
        """
        Return the members who are present on an item, the most important state first.

        Args:
            item: The item.
            at: The time.
            may_view: Whether a member may view the item. Members who may not are left out, such as
                those who have lost the permission since their last signal.
            viewer: The member who asks. The viewer is left out, and gets an empty list for an item
                that *may_view* does not let them view.

        Raises:
            NaiveDatetimeError: If *at* has no UTC offset.
        """
        now = as_utc(at)
        if viewer is not None and may_view is not None and not may_view(viewer):
            return ()
        pages: dict[str, list[Signal]] = {}
        for one in self._on(item, now):
            pages.setdefault(one.member, []).append(one)
        present = [
            PresentMember(
                member=member,
                state=min((self._state(one, now) for one in signals), key=_STATES.index),
                devices=len(signals),
                unsaved=any(one.unsaved for one in signals),
                since=max(one.active_at for one in signals),
            )
            for member, signals in pages.items()
            if member != viewer and (may_view is None or may_view(member))
        ]
        return tuple(sorted(present, key=lambda one: (_STATES.index(one.state), one.member)))

    def _on(self, item: str, now: dt.datetime) -> Iterator[Signal]:
        return (one for one in self.signals if one.item == item and self._present(one, now))

    def _present(self, one: Signal, now: dt.datetime) -> bool:
        kept = one.hidden or one.unsaved
        return now - one.at < (max(self.hidden_ttl, self.ttl) if kept else self.ttl)

    def _state(self, one: Signal, now: dt.datetime) -> PresenceState:
        if one.activity == "typing" and not one.hidden and now - one.at < self.typing_ttl:
            return "typing"
        if one.unsaved:
            return "unsaved"
        if one.hidden or now - one.active_at >= self.idle_after:
            return "idle"
        return "viewing"


def _page(signal: Signal) -> tuple[str, str, str]:
    return signal.member, signal.item, signal.device
