"""Claims: who is working on an item, for a limited time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.time import as_utc
from socialcollab.verdicts import Reason, Remedy, Verdict

ClaimMode: TypeAlias = Literal["advisory", "hard"]
"""
What another member's claim does: an advisory claim is only shown, a hard one stops the action.
"""


@attrs.frozen(kw_only=True)
class Claim:
    """
    A lease on an item. It ends by itself, so an absent member never blocks an item for long.

    Attributes:
        item: The id of the post, conversation or other item.
        holder: The member who works on the item.
        token: The fencing token, which is higher than those of all earlier claims on the item. A
            write with a lower token comes from a member who has lost the claim.
        since: When the holder took it, in UTC.
        until: When it ends unless it is renewed, in UTC.
        taken_from: The member from whom it was taken over, or an empty string.
        reason: The reason for the takeover, or an empty string.
    """

    item: str
    holder: str
    token: int
    since: dt.datetime
    until: dt.datetime
    taken_from: str = ""
    reason: str = ""

    def is_active(self, at: dt.datetime) -> bool:
        """Return whether the claim holds at this time. It no longer holds at `until`."""
        return as_utc(at) < self.until


@attrs.frozen(kw_only=True)
class ClaimResult:
    """
    The answer to a request for a claim. It is truthy if the member holds the claim now.

    Attributes:
        claims: All claims after the request.
        claim: The current claim on the item, by any member; None if it is not claimed.
        verdict: Why the member has the claim or not.
    """

    claims: Claims
    claim: Claim | None
    verdict: Verdict

    def __bool__(self) -> bool:
        return self.verdict.allowed


@attrs.frozen(kw_only=True)
class Claims:
    """
    The claims on all items. It is a value: each request returns a new one.

    A claim saves work. It does not make a write safe: `send_guard` does. Store claims with a
    compare-and-set on this value or on the item, so that two requests are not decided on the same
    claims.

    >>> now = dt.datetime(2026, 4, 7, 9, tzinfo=dt.UTC)
    >>> taken = Claims().take("case-7", by="ana", ttl=dt.timedelta(minutes=5), at=now)
    >>> refused = taken.claims.take("case-7", by="ben", ttl=dt.timedelta(minutes=5), at=now)
    >>> print(refused.verdict.explain())
    refused: `ana` is working on `case-7` until 2026-04-07 09:05 UTC. to allow it: wait until 2026-04-07 09:05 UTC; take `case-7` over from `ana`, with a reason

    Attributes:
        mode: Whether another member's claim stops actions.
        leases: The latest claim on each item, including ended ones, whose tokens are still needed.
    """

    mode: ClaimMode = attrs.field(default="advisory")
    leases: Mapping[str, Claim] = attrs.field(factory=dict)

    @mode.validator
    def _check_mode(self, _: object, value: str) -> None:
        if value not in get_args(ClaimMode):
            raise InvalidValueError(
                f"`{value}` is not a mode of claims",
                value=value,
                expected=" or ".join(get_args(ClaimMode)),
            )

    def holder(self, item: str, *, at: dt.datetime) -> Claim | None:
        """
        Return the claim on *item* that is active at this time, or None.

        Raises:
            NaiveDatetimeError: If *at* has no UTC offset.
        """
        claim = self.leases.get(item)
        return claim if claim is not None and claim.is_active(at) else None

    def take(self, item: str, *, by: str, ttl: dt.timedelta, at: dt.datetime) -> ClaimResult:
        """
        Claim an item for a member, or renew the claim that the member already has.

        A renewal keeps the token and never shortens the claim. Another member's active claim is
        kept, and the result is falsy; see `take_over`.

        Raises:
            InvalidValueError: If *ttl* is not positive.
            NaiveDatetimeError: If *at* has no UTC offset.
        """
        now = as_utc(at)
        _check_ttl(ttl)
        active = self.holder(item, at=now)
        if active is None:
            return self._granted(self._next(item, by, now, ttl))
        if active.holder == by:
            return self._granted(attrs.evolve(active, until=max(active.until, now + ttl)))
        return ClaimResult(claims=self, claim=active, verdict=_taken(active))

    def renew(
        self, item: str, *, by: str, token: int, ttl: dt.timedelta, at: dt.datetime
    ) -> ClaimResult:
        """
        Extend a claim that is still active, without creating a new one.

        The result is falsy if the claim has ended or was taken over. Then `take` gets a new claim
        with a new token, after the member has looked at what happened in between.

        Raises:
            InvalidValueError: If *ttl* is not positive.
            NaiveDatetimeError: If *at* has no UTC offset.
        """
        now = as_utc(at)
        _check_ttl(ttl)
        active = self.holder(item, at=now)
        if active is not None and (active.holder, active.token) == (by, token):
            return self._granted(attrs.evolve(active, until=max(active.until, now + ttl)))
        if active is not None and active.holder != by:
            return ClaimResult(claims=self, claim=active, verdict=_taken(active))
        return ClaimResult(claims=self, claim=active, verdict=_ended(item, by))

    def take_over(
        self, item: str, *, by: str, reason: str, ttl: dt.timedelta, at: dt.datetime
    ) -> ClaimResult:
        """
        Claim an item although another member holds it. The claim records that member and the reason.

        Raises:
            InvalidValueError: If *reason* is empty, or if *ttl* is not positive.
            NaiveDatetimeError: If *at* has no UTC offset.
        """
        if not reason.strip():
            raise InvalidValueError(
                f"a takeover of `{item}` needs a reason, which its holder will see",
                value=reason,
                expected="a reason",
            )
        now = as_utc(at)
        active = self.holder(item, at=now)
        if active is None or active.holder == by:
            return self.take(item, by=by, ttl=ttl, at=now)
        _check_ttl(ttl)
        claim = attrs.evolve(
            self._next(item, by, now, ttl), taken_from=active.holder, reason=reason.strip()
        )
        return self._granted(claim)

    def release(self, item: str, *, by: str, token: int, at: dt.datetime) -> Claims:
        """
        Return the claims after a member gave up a claim; nothing changes if the token is not current.

        Raises:
            NaiveDatetimeError: If *at* has no UTC offset.
        """
        now = as_utc(at)
        active = self.holder(item, at=now)
        if active is None or (active.holder, active.token) != (by, token):
            return self
        # A clock that was set back must not let a claim end before it began.
        return self._with(attrs.evolve(active, until=max(now, active.since)))

    def check(self, item: str, *, by: str, at: dt.datetime, token: int | None = None) -> Verdict:
        """
        Return whether a member may act on an item now.

        In the mode "advisory", the answer is always yes, with the other member's claim as a reason.
        In the mode "hard", another member's active claim stops the action, and so does a *token*
        that is no longer current.

        Raises:
            NaiveDatetimeError: If *at* has no UTC offset.
        """
        active = self.holder(item, at=at)
        if active is not None and active.holder != by:
            refused = _taken(active)
            return refused if self.mode == "hard" else Verdict.yes(*refused.reasons)
        latest = self.leases.get(item)
        if token is not None and (active is None or latest is None or latest.token != token):
            refused = _ended(item, by)
            return refused if self.mode == "hard" else Verdict.yes(*refused.reasons)
        return Verdict.yes()

    def _next(self, item: str, by: str, now: dt.datetime, ttl: dt.timedelta) -> Claim:
        last = self.leases.get(item)
        token = 1 if last is None else last.token + 1
        return Claim(item=item, holder=by, token=token, since=now, until=now + ttl)

    def _granted(self, claim: Claim) -> ClaimResult:
        return ClaimResult(claims=self._with(claim), claim=claim, verdict=Verdict.yes())

    def _with(self, claim: Claim) -> Claims:
        return attrs.evolve(self, leases={**self.leases, claim.item: claim})


def _check_ttl(ttl: dt.timedelta) -> None:
    if ttl <= dt.timedelta():
        raise InvalidValueError(
            f"a claim cannot last {ttl}; its duration must be longer than zero",
            value=ttl,
            expected="a timedelta such as timedelta(minutes=5)",
        )


def _taken(claim: Claim) -> Verdict:
    until = f"{claim.until:%Y-%m-%d %H:%M} UTC"
    return Verdict.no(
        Reason.of("claim.taken", holder=claim.holder, item=claim.item, until=until),
        remedies=[
            Remedy.of("wait_until", until=until),
            Remedy.of("claim.take_over", item=claim.item, holder=claim.holder),
        ],
    )


def _ended(item: str, by: str) -> Verdict:
    return Verdict.no(
        Reason.of("claim.ended", member=by, item=item),
        remedies=[Remedy.of("claim.take_again", item=item)],
    )
