"""Store the users of the service, and advertising budgets, in the service's own tables."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

import attrs

from socialcollab import Member, Organization, Team
from socialcollab.identifiers import check_id
from socialcollab.permissions import Grant

_TABLES = """
CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, team TEXT NOT NULL, token TEXT NOT NULL UNIQUE
);
CREATE TABLE IF NOT EXISTS budgets (
    profile TEXT NOT NULL, euros INTEGER NOT NULL, by TEXT NOT NULL
);
"""
TEAMS = ("owners", "writers", "editors", "ads")


@attrs.frozen
class Users:
    """The users in the service's database, which contains only hashes of their tokens."""

    path: Path

    def create_tables(self) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_TABLES)

    def add(self, user: str, *, name: str, team: str) -> str:
        """
        Add a user, and return their token, which cannot be retrieved later.

        Raises:
            InvalidValueError: If *user* is not a valid identifier for a member.
        """
        check_id("member", user)
        token = secrets.token_urlsafe(32)
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(
                "INSERT INTO users VALUES (?, ?, ?, ?)", (user, name, team, _hash(token))
            )
        return token

    def remove(self, user: str) -> None:
        """Remove a user, so that their token becomes invalid."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute("DELETE FROM users WHERE id = ?", (user,))

    def find(self, token: str) -> str | None:
        """Return the user with this token, or None."""
        with closing(sqlite3.connect(self.path)) as connection:
            row = connection.execute(
                "SELECT id FROM users WHERE token = ?", (_hash(token),)
            ).fetchone()
        return None if row is None else str(row[0])

    def add_budget(self, profile: str, *, euros: int, by: str) -> int:
        """Increase the budget of a profile, and return the total budget."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute("INSERT INTO budgets VALUES (?, ?, ?)", (profile, euros, by))
            (total,) = connection.execute(
                "SELECT SUM(euros) FROM budgets WHERE profile = ?", (profile,)
            ).fetchone()
            return int(total)

    def organization(self, rules: str) -> Organization:
        """Return an organization with the rules of a document and the users as members."""
        with closing(sqlite3.connect(self.path)) as connection:
            rows = connection.execute("SELECT id, name, team FROM users ORDER BY id").fetchall()
        return Organization.assemble(
            rules,
            members=[Member(id=user, name=name) for user, name, _ in rows],
            teams=[
                Team(id=team, members=tuple(user for user, _, of in rows if of == team))
                for team in TEAMS
            ],
            grants=[Grant(to="team:owners", role="owner", on={"workspace": "*"})],
        )


def _hash(token: str) -> str:
    # A token is long and random, so a single round of hashing is sufficient.
    return hashlib.sha256(token.encode()).hexdigest()
