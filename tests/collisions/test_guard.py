"""The guard: nothing is sent on the basis of a version that is no longer current."""

from __future__ import annotations

import datetime as dt

import pytest

from socialcollab.collisions import Claims, ItemActivity, send_guard
from socialcollab.errors import InvalidValueError, NaiveDatetimeError

NOW = dt.datetime(2026, 4, 7, 9, tzinfo=dt.UTC)
ACTIONS = ("reply", "edit", "approve", "schedule")
KINDS = ("reply", "note", "customer_message", "edit", "decision", "rescheduled", "state")


def happened(version: int, kind: str = "reply", by: str = "ana", **more) -> ItemActivity:
    return ItemActivity(version=version, kind=kind, by=by, at=NOW, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("action", ACTIONS)
def test_current_version_goes_on(action: str) -> None:
    """An action on the version that is still current is allowed, whatever happened before."""
    result = send_guard(action, item="case-7", seen=4, now=4, activity=[happened(4)])  # type: ignore[arg-type]
    assert result
    assert (result.missed, result.offers, result.expected_version) == ((), (), 4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("action", ACTIONS)
def test_anything_unseen_stops_the_action(action: str, kind: str) -> None:
    """Every kind of activity stops every action, and the verdict names it in both languages."""
    result = send_guard(
        action,  # type: ignore[arg-type]
        item="case-7",
        seen=3,
        now=5,
        activity=[happened(5, kind), happened(4, kind, "ben"), happened(3, "note")],
    )
    assert not result
    assert [each.version for each in result.missed] == [4, 5]
    assert result.verdict.reasons[1].code == f"guard.missed.{kind}"
    for language in ("en", "nl"):
        text = result.verdict.explain(language)
        assert "`ben`" in text
        assert "`case-7`" in text
    assert [offer.remedy for offer in result.offers] == [*result.verdict.remedies]


def test_unexplained_changes_stop_the_action() -> None:
    """The versions decide, even if nothing is known about what happened."""
    result = send_guard("reply", item="case-7", seen=3, now=4)
    assert not result
    assert [reason.code for reason in result.verdict.reasons] == ["guard.outdated"]


def test_offers() -> None:
    """Only edits are merged with edits, and an approval cannot be given anyway."""
    edit = happened(4, "edit", fields=("text", "tags"))
    kinds = {
        action: [
            offer.kind
            for offer in send_guard(
                action,  # type: ignore[arg-type]
                item="p1",
                seen=3,
                now=4,
                activity=[edit],
            ).offers
        ]
        for action in ACTIONS
    }
    assert kinds == {
        "reply": ["look", "send_anyway"],
        "edit": ["look", "merge", "send_anyway"],
        "approve": ["look"],
        "schedule": ["look", "send_anyway"],
    }
    result = send_guard("edit", item="p1", seen=3, now=4, activity=[edit])
    assert "`ana` edited text, tags at 2026-04-07 09:00 UTC" in result.verdict.explain()
    assert [(offer.permission, offer.audited) for offer in result.offers][-1] == ("bypass", True)


def test_send_anyway_covers_what_was_shown() -> None:
    """An author who goes on regardless is stopped again if more has happened since."""
    activity = [happened(4), happened(5, "customer_message", "zoe")]
    allowed = send_guard("reply", item="case-7", seen=3, now=4, activity=activity, send_anyway=4)
    assert allowed
    assert [reason.code for reason in allowed.verdict.reasons] == [
        "guard.outdated",
        "guard.missed.reply",
    ]
    assert not send_guard("reply", item="case-7", seen=3, now=5, activity=activity, send_anyway=4)
    assert not send_guard("approve", item="p1", seen=3, now=4, activity=activity, send_anyway=4)


def test_bad_input() -> None:
    """Actions, kinds, versions and times are checked."""
    with pytest.raises(InvalidValueError, match="`shout` is not an action"):
        send_guard("shout", item="p1", seen=1, now=1)  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="version 3 of `p1` cannot have been seen"):
        send_guard("edit", item="p1", seen=3, now=2)
    with pytest.raises(InvalidValueError, match="version 9 of `p1` cannot have been seen"):
        send_guard("edit", item="p1", seen=1, now=2, send_anyway=9)
    with pytest.raises(InvalidValueError, match="`poke` is not a kind"):
        happened(1, "poke")
    with pytest.raises(NaiveDatetimeError):
        ItemActivity(version=1, kind="note", by="ana", at=NOW.replace(tzinfo=None))


MINUTE = dt.timedelta(minutes=1)


STEPS = ("claim", "read", "check", "store", "release")


@pytest.mark.parametrize("pause", [dt.timedelta(), 2 * MINUTE], ids=["quick", "claims end"])
@pytest.mark.parametrize("crash", [None, *STEPS])
def test_every_interleaving_of_two_replies(pause: dt.timedelta, crash: str | None) -> None:
    """
    Two members claim, read, check, store and release, in every order; one may crash before a step.

    There is never more than one answer to one seen version, one answer is always stored, and the
    item can always be claimed in the end.
    """
    orders = _orders(len(STEPS), len(STEPS))
    assert len(orders) == 252
    for order in orders:
        claims, now, version = Claims(), NOW, 1
        answers: list[int] = []
        seen: dict[str, int] = {}
        expected: dict[str, int | None] = {}
        left = {"a": list(STEPS), "b": list(STEPS)}
        for member in order:
            step = left[member].pop(0) if left[member] else None
            now += pause
            if member == "a" and step == crash:
                left["a"] = []
            elif step == "claim":
                claims = claims.take("case-7", by=member, ttl=3 * MINUTE, at=now).claims
            elif step == "read":
                seen[member] = version
            elif step == "check":
                result = send_guard("reply", item="case-7", seen=seen[member], now=version)
                expected[member] = result.expected_version if result else None
            elif step == "store" and expected[member] == version:  # the store compares and sets
                answers.append(seen[member])
                version += 1
            elif step == "release":
                claim = claims.holder("case-7", at=now)
                token = claim.token if claim is not None else 0
                claims = claims.release("case-7", by=member, token=token, at=now)
        assert len(set(answers)) == len(answers)
        assert answers
        assert claims.take("case-7", by="c", ttl=MINUTE, at=now + 5 * MINUTE)


def _orders(left: int, right: int) -> list[str]:
    if not left or not right:
        return ["a" * left + "b" * right]
    return [
        *("a" + rest for rest in _orders(left - 1, right)),
        *("b" + rest for rest in _orders(left, right - 1)),
    ]
