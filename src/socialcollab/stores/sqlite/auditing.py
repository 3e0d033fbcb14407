"""Hand everything that an SQLite file holds of one organization to the audit."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import TYPE_CHECKING

from socialcollab.stores.building.auditing import Stored, audit
from socialcollab.stores.protocol import Reducer
from socialcollab.stores.reports import Anchor, AuditReport, Damage
from socialcollab.stores.sqlite import statements as sql
from socialcollab.stores.sqlite.handle import Handle

if TYPE_CHECKING:
    from socialcollab.stores.sqlite.store import SqliteStore


def audit_file(
    store: SqliteStore, organization: str, *, anchor: Anchor | None, reducer: Reducer | None
) -> AuditReport:
    """Audit the organization's part of the file as it stands in one snapshot."""
    # Damaged text need not be UTF-8; it comes through, and does not fit its hash.
    with store.connections.auditing() as connection:
        problems: list[Damage] = []
        reader = _Reader(connection, store, organization, problems)
        reader.check_file()
        stored = Stored(
            organization=organization,
            events=reader.rows(sql.ALL_EVENTS, "events"),
            heads=reader.rows(sql.ALL_HEADS, "heads"),
            counter=reader.counter(),
            personal=reader.rows(sql.ALL_PERSONAL, "personal values"),
            rows=None if reader.outdated else reader.index_rows(),
            problems=problems,
        )
        return audit(stored, projections=store.projections, anchor=anchor, reducer=reducer)


class _Reader:
    def __init__(
        self,
        connection: Handle,
        store: SqliteStore,
        organization: str,
        problems: list[Damage],
    ) -> None:
        self._connection = connection
        self._store = store
        self._organization = organization
        self._problems = problems
        self.outdated = False

    def _report(self, place: str, problem: str) -> None:
        self._problems.append(Damage(place=place, problem=problem))

    def check_file(self) -> None:
        """Let SQLite look through its own pages, and compare what is kept about the file."""
        try:
            for (answer,) in self._connection.execute("PRAGMA integrity_check"):
                if answer != "ok":
                    self._report(f"file `{self._store.connections.name}`", str(answer))
            kept = dict(self._connection.execute("SELECT key, value FROM socialcollab_meta"))
        except sqlite3.Error as error:
            self._report(f"file `{self._store.connections.name}`", str(error))
            return
        if kept.pop("schema", None) != sql.SCHEMA:
            self._report("socialcollab_meta schema", f"the schema version is not {sql.SCHEMA}")
        if kept.pop("projections", None) != self._store.declaration:
            self.outdated = True
            self._report(
                "socialcollab_meta projections", "other projections are declared now; reindex"
            )
        for key in sorted(kept):
            self._report(f"socialcollab_meta {key}", "nothing of that name is kept there")

    def rows(self, statement: str, what: str) -> Iterator[tuple[object, ...]]:
        """Read rows one by one; where SQLite cannot go on, that is a finding."""
        try:
            yield from self._connection.execute(statement, (self._organization,))
        except sqlite3.Error as error:
            self._report(what, f"they cannot be read on ({error})")

    def counter(self) -> object:
        """Return the counter's position, or None if it is lost."""
        for position, projections in self.rows(sql.COUNTER, "counter of positions"):
            if projections != self._store.digest:
                self._report(
                    "counter of positions, indexes",
                    "the rows were written under other indexes; reindex",
                )
            return position
        return None

    def index_rows(self) -> Iterator[tuple[object, object, object, tuple[object, ...]]]:
        """Read the rows of all declared indexes."""
        for name, statements in self._store.statements.items():
            for key, stream, *values in self.rows(statements.all, f"projection {name}"):
                yield name, key, stream, tuple(values)
