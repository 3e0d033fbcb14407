"""Laws of threads: nothing is lost, doubled or skipped when many act at once."""

# ruff: noqa: S101
from __future__ import annotations

import threading
from functools import partial

from socialcollab.errors import ConflictError
from socialcollab.stores import Event, Store
from socialcollab.testing.store_laws.scene import AT, Scene, at_once, promise, reducer, scene

THREADS = 6
ROUNDS = 8


def _append(here: Scene, stream: str, version: int, **expected_versions: int) -> tuple[Event, ...]:
    return here.journal.append(
        [here.new(stream, {"rank": version})],
        expected_versions={stream: version, **expected_versions},
        snapshots={stream: b"%d" % (version + 1)},
    )


class ConcurrencyLaws:
    """Laws of threads."""

    @promise("S23")
    def test_s23_of_appends_at_one_version_exactly_one_wins(self, store: Store) -> None:
        """The others are told of the conflict; no update is lost."""
        here = scene(store)
        for version in range(ROUNDS):
            results = at_once(*[partial(_append, here, "post/a", version)] * THREADS)
            won = [result for result in results if isinstance(result, tuple)]
            lost = [result for result in results if isinstance(result, ConflictError)]
            assert (len(won), len(lost)) == (1, THREADS - 1), results
            assert len(here.journal.read("post/a")) == version + 1
            assert here.journal.snapshot("post/a") == (version + 1, b"%d" % (version + 1))
        assert here.journal.audit().clean

    @promise("S24")
    def test_s24_absence_is_held_against_a_racing_append(self, store: Store) -> None:
        """Of two appends that each expect the other's stream to be absent, one wins."""
        here = scene(store)
        for round_ in range(ROUNDS):
            one, two = f"post/a{round_}", f"post/b{round_}"
            results = at_once(
                partial(_append, here, one, 0, **{two: 0}),
                partial(_append, here, two, 0, **{one: 0}),
            )
            won = [result for result in results if isinstance(result, tuple)]
            assert len(won) == 1, results
            assert sum(name in {one, two} for name in here.journal.streams()) == 1

    @promise("S24")
    def test_s24_versions_that_are_only_read_are_held_too(self, store: Store) -> None:
        """A send that expects the holds as read never commits past a new hold."""
        here = scene(store)
        for round_ in range(ROUNDS):
            results = at_once(
                partial(_append, here, "holds", round_),
                *[
                    partial(_append, here, f"delivery/{round_}-{n}", 0, holds=round_)
                    for n in range(3)
                ],
            )
            assert isinstance(results[0], tuple), results
            fence = results[0][0].position
            for result in results[1:]:
                assert isinstance(result, ConflictError) or (
                    isinstance(result, tuple) and result[0].position < fence
                ), results

    @promise("S25")
    def test_s25_positions_stay_gapless_and_a_follower_misses_nothing(self, store: Store) -> None:
        """A reader that goes on after the last position it saw sees every event once."""
        here = scene(store)
        done = threading.Event()
        seen: list[Event] = []

        def write(worker: int) -> None:
            for version in range(ROUNDS):
                _append(here, f"post/{worker}", version)

        def read_all() -> None:
            finished = False
            while not finished:
                finished = done.is_set()
                while page := here.journal.read_all(
                    after=seen[-1].position if seen else 0, limit=5
                ):
                    seen.extend(page)

        def write_all() -> None:
            try:
                results = at_once(*[partial(write, worker) for worker in range(THREADS)])
                assert results == [None] * THREADS
            finally:
                done.set()

        assert at_once(write_all, read_all) == [None, None]
        assert [e.position for e in seen] == list(range(1, THREADS * ROUNDS + 1))
        assert len({e.id for e in seen}) == THREADS * ROUNDS
        assert here.journal.audit().clean

    @promise("S26")
    def test_s26_no_due_row_is_leased_to_two_at_once(self, store: Store) -> None:
        """Workers that ask at the same moment share the rows out."""
        here = scene(store)
        for round_ in range(ROUNDS):
            names = [f"post/{round_}-{n}" for n in range(4)]
            for name in names:
                here.put(name, body={"due": 1})
            results = at_once(
                *[
                    partial(
                        here.journal.due,
                        before=AT,
                        now=AT,
                        limit=2,
                        worker=f"worker {n}",
                        lease_s=60,
                    )
                    for n in range(THREADS)
                ]
            )
            keys = [row.key for rows in results for row in rows]  # type: ignore[attr-defined]  # tuples of rows
            assert sorted(keys) == names, results
            for name in names:
                here.put(name)
        assert here.journal.audit(reducer=reducer).clean
