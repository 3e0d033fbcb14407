"""A test kit that checks stores against docs/contracts/presence-and-claims.md."""

# ruff: noqa: S101
from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Collection
from functools import partial

import attrs
import pytest

from socialcollab.collisions import Activity, Claim, Signal
from socialcollab.stores import CollisionStore
from socialcollab.testing.promises import find_broken_promises, promise
from socialcollab.testing.threads import run_together

_NOW = dt.datetime(2026, 4, 7, 9, 30, 15, 123456, tzinfo=dt.UTC)
_SECOND = dt.timedelta(seconds=1)
_THREADS = 4


def _signal(
    member: str = "ben",
    *,
    item: str = "post/1",
    device: str = "a",
    activity: Activity = "typing",
    at: dt.datetime = _NOW,
) -> Signal:
    return Signal(
        member=member,
        item=item,
        device=device,
        activity=activity,
        unsaved=True,
        hidden=False,
        at=at,
        active_at=at - _SECOND,
    )


def _claim(holder: str = "ben", *, item: str = "post/1", token: int = 1) -> Claim:
    return Claim(item=item, holder=holder, token=token, since=_NOW, until=_NOW + 60 * _SECOND)


def _fresh() -> str:
    return f"org-{uuid.uuid4().hex}"


class CollisionContract:
    """
    Tests for the laws of stores for presence and claims. Subclass it and override `collisions`.

    ::

        class TestMyCollisions(CollisionContract):
            @pytest.fixture
            def collisions(self) -> CollisionStore:
                return MyCollisions()

    Each law uses a new organization. The ``promise`` attribute of each law is the number of the
    promise that the law tests.
    """

    @pytest.fixture
    def collisions(self) -> CollisionStore:
        """Return the store to test."""
        raise NotImplementedError("override the `collisions` fixture to return the store to test")

    @promise("P1")
    def test_p01_signal_is_returned(self, collisions: CollisionStore) -> None:
        """A stored signal is returned unchanged, to the microsecond."""
        org, signal = _fresh(), _signal()
        collisions.put_signal(org, signal, until=_NOW + _SECOND)
        assert collisions.signals(org, "post/1", at=_NOW) == (signal,)

    @promise("P2")
    def test_p02_one_signal_per_page(self, collisions: CollisionStore) -> None:
        """A signal replaces the last one of its page, and those of no other page."""
        org = _fresh()
        others = [_signal("ana"), _signal(device="b"), _signal(item="post/2")]
        for signal in (_signal(), *others):
            collisions.put_signal(org, signal, until=_NOW + 9 * _SECOND)
        changed = _signal(activity="viewing", at=_NOW + _SECOND)
        collisions.put_signal(org, changed, until=_NOW + 9 * _SECOND)
        assert collisions.signals(org, "post/1", at=_NOW) == (others[0], changed, others[1])
        assert collisions.signals(org, "post/2", at=_NOW) == (others[2],)

    @promise("P2")
    def test_p02_concurrent_pages(self, collisions: CollisionStore) -> None:
        """Pages that send signals at the same time all remain."""
        org = _fresh()
        run_together(
            *[
                partial(
                    collisions.put_signal,
                    org,
                    _signal(device=str(number)),
                    until=_NOW + _SECOND,
                )
                for number in range(_THREADS)
            ]
        )
        assert len(collisions.signals(org, "post/1", at=_NOW)) == _THREADS

    @promise("P3")
    def test_p03_expiry(self, collisions: CollisionStore) -> None:
        """A signal is no longer returned at the instant at which it expires."""
        org = _fresh()
        collisions.put_signal(org, _signal(), until=_NOW + _SECOND)
        assert collisions.signals(org, "post/1", at=_NOW + _SECOND - dt.timedelta.resolution)
        assert collisions.signals(org, "post/1", at=_NOW + _SECOND) == ()

    @promise("P3")
    def test_p03_expired_signals_are_deleted(self, collisions: CollisionStore) -> None:
        """The next signal of any page deletes the signals that have expired."""
        org = _fresh()
        collisions.put_signal(org, _signal(), until=_NOW + _SECOND)
        collisions.put_signal(
            org, _signal("ana", item="post/2", at=_NOW + _SECOND), until=_NOW + 9 * _SECOND
        )
        assert collisions.signals(org, "post/1", at=_NOW) == ()

    @promise("P4")
    def test_p04_remove(self, collisions: CollisionStore) -> None:
        """Removal deletes the signals of one page, of one item, or of a member, and no others."""
        org = _fresh()
        pages = [_signal(), _signal(device="b"), _signal(item="post/2"), _signal("ana")]
        for signal in pages:
            collisions.put_signal(org, signal, until=_NOW + _SECOND)
        collisions.remove_signals(org, "ben", item="post/1", device="a")
        assert collisions.signals(org, "post/1", at=_NOW) == (pages[3], pages[1])
        collisions.remove_signals(org, "ben", item="post/1")
        assert collisions.signals(org, "post/1", at=_NOW) == (pages[3],)
        assert collisions.signals(org, "post/2", at=_NOW) == (pages[2],)
        collisions.remove_signals(org, "ben")
        assert collisions.signals(org, "post/2", at=_NOW) == ()

    @promise("P5")
    def test_p05_compare_and_set(self, collisions: CollisionStore) -> None:
        """A claim is stored only if the latest claim is the expected one."""
        org, first = _fresh(), _claim()
        assert collisions.claim(org, "post/1") is None
        assert not collisions.replace_claim(org, first, first)
        assert collisions.replace_claim(org, None, first)
        assert collisions.claim(org, "post/1") == first
        assert not collisions.replace_claim(org, None, _claim("ana"))
        renewed = attrs.evolve(first, until=first.until + _SECOND)
        assert collisions.replace_claim(org, first, renewed)
        assert not collisions.replace_claim(org, first, _claim("ana", token=2))
        assert collisions.claim(org, "post/1") == renewed

    @promise("P5")
    def test_p05_one_winner(self, collisions: CollisionStore) -> None:
        """Of several members who claim an item at the same time, one gets it."""
        for _ in range(5):
            org = _fresh()
            won = run_together(
                *[
                    partial(collisions.replace_claim, org, None, _claim(f"m{number}"))
                    for number in range(_THREADS)
                ]
            )
            assert sorted(map(bool, won)) == [False] * (_THREADS - 1) + [True]

    @promise("P6")
    def test_p06_ended_claims_are_kept(self, collisions: CollisionStore) -> None:
        """A claim remains after its end, with its token, reason and former holder."""
        org = _fresh()
        ended = attrs.evolve(
            _claim(token=7), until=_NOW - _SECOND, taken_from="ana", reason="on holiday"
        )
        assert collisions.replace_claim(org, None, ended)
        collisions.put_signal(org, _signal(), until=_NOW + _SECOND)
        assert collisions.claim(org, "post/1") == ended

    @promise("P7")
    def test_p07_isolation(self, collisions: CollisionStore) -> None:
        """Organizations do not see or change each other's signals and claims."""
        one, other = _fresh(), _fresh()
        collisions.put_signal(one, _signal(), until=_NOW + _SECOND)
        collisions.replace_claim(one, None, _claim())
        assert collisions.signals(other, "post/1", at=_NOW) == ()
        assert collisions.claim(other, "post/1") is None
        collisions.remove_signals(other, "ben")
        collisions.put_signal(other, _signal(at=_NOW + 9 * _SECOND), until=_NOW + 10 * _SECOND)
        assert collisions.replace_claim(other, None, _claim("ana"))
        assert len(collisions.signals(one, "post/1", at=_NOW)) == 1
        assert collisions.claim(one, "post/1") == _claim()


def broken_collision_promises(
    make: Callable[[], CollisionStore],
    *,
    only: Collection[str] = (),
    kit: type[CollisionContract] = CollisionContract,
) -> dict[str, str]:
    """
    Test a store outside pytest, and return the promises that it breaks.

    Args:
        make: Returns a store. It is called for each law.
        only: The promises to test; if this is empty, all promises are tested.
        kit: The kit to use.

    Returns:
        The message of the first failing law, for each broken promise.
    """
    return find_broken_promises(kit, lambda law: law(collisions=make()), only=only)
