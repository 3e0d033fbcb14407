"""The service's users, in its own table, and what the desk is told of them."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

import attrs

from socialcollab import Member, Organization, Team
from socialcollab.permissions import Grant

_TABLE = """
CREATE TABLE IF NOT EXISTS people (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, team TEXT NOT NULL, token TEXT NOT NULL UNIQUE
)
"""
_BUDGETS = """
CREATE TABLE IF NOT EXISTS budgets (
    profile TEXT NOT NULL, euros INTEGER NOT NULL, by TEXT NOT NULL
)
"""
TEAMS = ("owners", "writers", "editors", "ads")


@attrs.frozen
class People:
    """The users in a file of the service; tokens are kept as their hashes."""

    path: Path

    def prepare(self) -> None:
        """Make the table if it is absent."""
        with closing(sqlite3.connect(self.path)) as host, host:
            host.execute("PRAGMA journal_mode = WAL")
            host.execute(_TABLE)
            host.execute(_BUDGETS)

    def add(self, member: str, *, name: str, team: str) -> str:
        """Add a user and return their token, which is shown this once."""
        token = secrets.token_urlsafe(32)
        with closing(sqlite3.connect(self.path)) as host, host:
            host.execute(
                "INSERT INTO people VALUES (?, ?, ?, ?)", (member, name, team, _hash(token))
            )
        return token

    def remove(self, member: str) -> None:
        """Remove a user; their token is worth nothing from now on."""
        with closing(sqlite3.connect(self.path)) as host, host:
            host.execute("DELETE FROM people WHERE id = ?", (member,))

    def whose(self, token: str) -> str | None:
        """Return whose token it is, or None."""
        with closing(sqlite3.connect(self.path)) as host:
            found = host.execute("SELECT id FROM people WHERE token = ?", (_hash(token),))
            row = found.fetchone()
        return None if row is None else str(row[0])

    def boost(self, profile: str, *, euros: int, by: str) -> int:
        """Note money behind a profile's posts, and return how much there is."""
        with closing(sqlite3.connect(self.path)) as host, host:
            host.execute("INSERT INTO budgets VALUES (?, ?, ?)", (profile, euros, by))
            found = host.execute("SELECT SUM(euros) FROM budgets WHERE profile = ?", (profile,))
            return int(found.fetchone()[0])

    def organization(self, rules: str) -> Organization:
        """Return the rules of a document with the people of the table."""
        with closing(sqlite3.connect(self.path)) as host:
            rows = host.execute("SELECT id, name, team FROM people ORDER BY id").fetchall()
        return Organization.assemble(
            rules,
            members=[Member(id=member, name=name) for member, name, _ in rows],
            teams=[
                Team(id=team, members=tuple(member for member, _, of in rows if of == team))
                for team in TEAMS
            ],
            grants=[Grant(to="team:owners", role="owner", on={"workspace": "*"})],
        )


def _hash(token: str) -> str:
    # A token is long and random, so that one round is enough.
    return hashlib.sha256(token.encode()).hexdigest()
