"""Laws about concurrency: nothing is lost, repeated or skipped if several threads use the store."""

# ruff: noqa: S101
from __future__ import annotations

import threading
from functools import partial

from socialcollab.errors import ConflictError
from socialcollab.stores import Event, Store
from socialcollab.testing.promises import promise
from socialcollab.testing.store_laws.organization import (
    AT,
    FreshOrganization,
    fresh_organization,
    reducer,
)
from socialcollab.testing.threads import run_together

THREADS = 6
ROUNDS = 8


def _append(
    org: FreshOrganization, stream: str, version: int, **expected_versions: int
) -> tuple[Event, ...]:
    return org.journal.append(
        [org.new(stream, {"rank": version})],
        expected_versions={stream: version, **expected_versions},
        snapshots={stream: b"%d" % (version + 1)},
    )


class ConcurrencyLaws:
    """Laws about concurrency."""

    @promise("S23")
    def test_s23_one_append_wins(self, store: Store) -> None:
        """If several threads append at the same version, one succeeds and the others conflict."""
        org = fresh_organization(store)
        for version in range(ROUNDS):
            results = run_together(*[partial(_append, org, "post/a", version)] * THREADS)
            won = [result for result in results if isinstance(result, tuple)]
            lost = [result for result in results if isinstance(result, ConflictError)]
            assert (len(won), len(lost)) == (1, THREADS - 1), results
            assert len(org.journal.read("post/a")) == version + 1
            assert org.journal.snapshot("post/a") == (version + 1, b"%d" % (version + 1))
        assert org.journal.audit().clean

    @promise("S24")
    def test_s24_absence(self, store: Store) -> None:
        """If two appends each expect the other stream to be absent, only one of them succeeds."""
        org = fresh_organization(store)
        for round_ in range(ROUNDS):
            one, other = f"post/a{round_}", f"post/b{round_}"
            results = run_together(
                partial(_append, org, one, 0, **{other: 0}),
                partial(_append, org, other, 0, **{one: 0}),
            )
            won = [result for result in results if isinstance(result, tuple)]
            assert len(won) == 1, results
            assert sum(name in {one, other} for name in org.journal.streams()) == 1

    @promise("S24")
    def test_s24_versions_not_appended_to(self, store: Store) -> None:
        """After an append to another stream, an append that expects that stream's old version fails."""
        org = fresh_organization(store)
        for round_ in range(ROUNDS):
            results = run_together(
                partial(_append, org, "holds", round_),
                *[
                    partial(_append, org, f"delivery/{round_}-{n}", 0, holds=round_)
                    for n in range(3)
                ],
            )
            assert isinstance(results[0], tuple), results
            hold_position = results[0][0].position
            for result in results[1:]:
                assert isinstance(result, ConflictError) or (
                    isinstance(result, tuple) and result[0].position < hold_position
                ), results

    @promise("S25")
    def test_s25_reader_misses_nothing(self, store: Store) -> None:
        """A reader that continues after the last position it has seen sees every event once."""
        org = fresh_organization(store)
        done = threading.Event()
        seen: list[Event] = []

        def write(worker: int) -> None:
            for version in range(ROUNDS):
                _append(org, f"post/{worker}", version)

        def read_all() -> None:
            finished = False
            while not finished:
                finished = done.is_set()
                while page := org.journal.read_all(after=seen[-1].position if seen else 0, limit=5):
                    seen.extend(page)

        def write_all() -> None:
            try:
                results = run_together(*[partial(write, worker) for worker in range(THREADS)])
                assert results == [None] * THREADS
            finally:
                done.set()

        assert run_together(write_all, read_all) == [None, None]
        assert [e.position for e in seen] == list(range(1, THREADS * ROUNDS + 1))
        assert len({e.id for e in seen}) == THREADS * ROUNDS
        assert org.journal.audit().clean

    @promise("S26")
    def test_s26_leases(self, store: Store) -> None:
        """Workers that call `due` at the same time lease different rows."""
        org = fresh_organization(store)
        for round_ in range(ROUNDS):
            names = [f"post/{round_}-{n}" for n in range(4)]
            for name in names:
                org.put(name, body={"due": 1})
            results = run_together(
                *[
                    partial(
                        org.journal.due,
                        before=AT,
                        now=AT,
                        limit=2,
                        worker=f"worker {n}",
                        lease_s=60,
                    )
                    for n in range(THREADS)
                ]
            )
            keys = [row.key for rows in results for row in rows]  # type: ignore[attr-defined]  # the results are tuples of rows
            assert sorted(keys) == names, results
            for name in names:
                org.put(name)
        assert org.journal.audit(reducer=reducer).clean
