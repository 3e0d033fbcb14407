"""Claims: at every instant an item has at most one holder, and tokens only rise."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from socialcollab.collisions import Claims
from socialcollab.errors import InvalidValueError, NaiveDatetimeError

NOW = dt.datetime(2026, 4, 7, 9, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
TTL = 5 * MINUTE


def test_first_member_gets_the_claim() -> None:
    """A claim is a lease: another member is refused, and gets it after it has ended."""
    taken = Claims().take("case-7", by="ana", ttl=TTL, at=NOW)
    assert taken
    assert taken.claim is not None
    refused = taken.claims.take("case-7", by="ben", ttl=TTL, at=NOW + 4 * MINUTE)
    assert not refused
    assert refused.claims == taken.claims
    assert [remedy.code for remedy in refused.verdict.remedies] == [
        "wait_until",
        "claim.take_over",
    ]
    for language in ("en", "nl"):
        assert "`ana`" in refused.verdict.explain(language)
    later = taken.claims.take("case-7", by="ben", ttl=TTL, at=NOW + TTL)
    assert later.claim is not None
    assert (later.claim.holder, later.claim.token) == ("ben", 2)


def test_renewal_keeps_the_token() -> None:
    """A renewal extends the claim; a claim that ended cannot be renewed."""
    claims = Claims().take("case-7", by="ana", ttl=TTL, at=NOW).claims
    renewed = claims.renew("case-7", by="ana", token=1, ttl=TTL, at=NOW + 4 * MINUTE)
    assert renewed.claim is not None
    assert (renewed.claim.token, renewed.claim.until) == (1, NOW + 9 * MINUTE)
    shorter = renewed.claims.take("case-7", by="ana", ttl=MINUTE, at=NOW + 5 * MINUTE)
    assert shorter.claim == renewed.claim
    ended = claims.renew("case-7", by="ana", token=1, ttl=TTL, at=NOW + TTL)
    assert not ended
    assert ended.verdict.reasons[0].code == "claim.ended"
    assert not claims.renew("case-7", by="ana", token=2, ttl=TTL, at=NOW)


def test_takeover_is_recorded() -> None:
    """A takeover gives a new token, names the earlier holder, and needs a reason."""
    claims = Claims(mode="hard").take("case-7", by="ana", ttl=TTL, at=NOW).claims
    with pytest.raises(InvalidValueError, match="takeover of `case-7` needs a reason"):
        claims.take_over("case-7", by="ben", reason=" ", ttl=TTL, at=NOW)
    over = claims.take_over("case-7", by="ben", reason="Ana is ill", ttl=TTL, at=NOW + MINUTE)
    assert over.claim is not None
    assert (over.claim.token, over.claim.taken_from) == (2, "ana")
    assert over.claim.reason == "Ana is ill"
    assert not over.claims.check("case-7", by="ana", token=1, at=NOW + MINUTE)
    assert over.claims.check("case-7", by="ben", token=2, at=NOW + MINUTE)
    late = over.claims.renew("case-7", by="ana", token=1, ttl=TTL, at=NOW + MINUTE)
    assert not late
    free = Claims().take_over("case-7", by="ben", reason="any", ttl=TTL, at=NOW)
    assert free.claim is not None
    assert free.claim.taken_from == ""


def test_release() -> None:
    """Only the current token releases a claim, and the next claim has a higher token."""
    claims = Claims().take("case-7", by="ana", ttl=TTL, at=NOW).claims
    assert claims.release("case-7", by="ben", token=1, at=NOW) is claims
    assert claims.release("case-7", by="ana", token=9, at=NOW) is claims
    free = claims.release("case-7", by="ana", token=1, at=NOW + MINUTE)
    assert free.holder("case-7", at=NOW + MINUTE) is None
    again = free.take("case-7", by="ana", ttl=TTL, at=NOW + MINUTE)
    assert again.claim is not None
    assert again.claim.token == 2


def test_claims_are_advisory_unless_the_policy_is_hard() -> None:
    """An advisory claim is shown, and a hard one stops other members and outdated tokens."""
    advisory = Claims().take("case-7", by="ana", ttl=TTL, at=NOW).claims
    verdict = advisory.check("case-7", by="ben", at=NOW)
    assert verdict
    assert verdict.reasons[0].code == "claim.taken"
    hard = Claims(mode="hard", leases=advisory.leases)
    assert not hard.check("case-7", by="ben", at=NOW)
    assert hard.check("case-7", by="ana", at=NOW, token=1)
    assert not hard.check("case-7", by="ana", at=NOW + TTL, token=1)
    assert hard.check("case-7", by="ana", at=NOW + TTL)
    assert hard.check("case-8", by="ana", at=NOW)


def test_bad_input() -> None:
    """Modes, durations and times are checked."""
    with pytest.raises(InvalidValueError, match="`strict` is not a mode"):
        Claims(mode="strict")  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="a claim cannot last 0:00:00"):
        Claims().take("case-7", by="ana", ttl=dt.timedelta(), at=NOW)
    with pytest.raises(NaiveDatetimeError):
        Claims().take("case-7", by="ana", ttl=TTL, at=NOW.replace(tzinfo=None))


MEMBERS = st.sampled_from(["ana", "ben", "eva"])
ITEMS = st.sampled_from(["case-7", "case-8"])
DURATIONS = st.integers(1, 5).map(lambda minutes: minutes * MINUTE)


class ClaimsMachine(RuleBasedStateMachine):
    """Random requests of three members, with time passing and members who never come back."""

    def __init__(self) -> None:
        super().__init__()
        self.claims = Claims(mode="hard")
        self.now = NOW
        self.granted: dict[str, list[tuple[int, str]]] = {}
        # What each member believes to hold: the token and the end that the answer showed.
        self.believed: dict[tuple[str, str], tuple[int, dt.datetime]] = {}

    @rule(minutes=st.integers(0, 4))
    def time_passes(self, minutes: int) -> None:
        self.now += minutes * MINUTE

    def note(self, item: str, member: str, result) -> None:
        self.claims = result.claims
        if not result:
            assert (
                result.claim is None
                or result.claim.holder != member
                or (result.claim.token != self.believed.get((item, member), (0,))[0])
            )
            return
        claim = result.claim
        assert (claim.holder, claim.item) == (member, item)
        assert claim.is_active(self.now)
        tokens = self.granted.setdefault(item, [])
        if not tokens or tokens[-1] != (claim.token, member):
            assert not tokens or claim.token > tokens[-1][0]
            tokens.append((claim.token, member))
        if claim.taken_from and claim.since == self.now:
            self.believed.pop((item, claim.taken_from), None)
        self.believed[item, member] = claim.token, claim.until

    @rule(item=ITEMS, member=MEMBERS, ttl=DURATIONS)
    def take(self, item: str, member: str, ttl: dt.timedelta) -> None:
        self.note(item, member, self.claims.take(item, by=member, ttl=ttl, at=self.now))

    @rule(item=ITEMS, member=MEMBERS, ttl=DURATIONS)
    def take_over(self, item: str, member: str, ttl: dt.timedelta) -> None:
        result = self.claims.take_over(item, by=member, reason="ill", ttl=ttl, at=self.now)
        assert result
        self.note(item, member, result)

    @rule(item=ITEMS, member=MEMBERS, ttl=DURATIONS)
    def renew(self, item: str, member: str, ttl: dt.timedelta) -> None:
        token = self.believed.get((item, member), (0, NOW))[0]
        result = self.claims.renew(item, by=member, token=token, ttl=ttl, at=self.now)
        self.note(item, member, result)

    @rule(item=ITEMS, member=MEMBERS)
    def release(self, item: str, member: str) -> None:
        token = self.believed.pop((item, member), (0, NOW))[0]
        self.claims = self.claims.release(item, by=member, token=token, at=self.now)

    @invariant()
    def one_holder(self) -> None:
        """Of all members who believe to hold an item, at most one does, and only that one may act."""
        for item in ("case-7", "case-8"):
            believers = [
                member
                for member in ("ana", "ben", "eva")
                if (item, member) in self.believed and self.now < self.believed[item, member][1]
            ]
            assert len(believers) <= 1
            allowed = [
                member
                for member in ("ana", "ben", "eva")
                if (item, member) in self.believed
                and self.claims.check(
                    item, by=member, at=self.now, token=self.believed[item, member][0]
                )
            ]
            assert allowed == believers


TestClaims = ClaimsMachine.TestCase
