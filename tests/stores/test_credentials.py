"""Tokens in an SQLite file, shared by processes."""

from __future__ import annotations

import datetime as dt
import sqlite3
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

from socialcollab.errors import InvalidValueError, StoreUnavailableError
from socialcollab.stores import SqliteCredentials
from socialcollab.transport import RenewedTokens, Token

NOW = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
TOKEN = Token(access="geheim-a", refresh="geheim-r", expires_at=NOW)


class Reversed:
    """A cipher for tests."""

    def encrypt(self, data: bytes) -> bytes:
        return b"!" + data[::-1]

    def decrypt(self, token: bytes) -> bytes:
        if not token.startswith(b"!"):
            raise ValueError(token)
        return token[:0:-1]


def test_tokens_are_kept(tmp_path: Path) -> None:
    """Tokens are kept in the file, can be replaced and removed, and have no other readers."""
    path = tmp_path / "tokens.db"
    credentials = SqliteCredentials(path)
    assert credentials.read("x") is None
    credentials.put("x", TOKEN)
    assert SqliteCredentials(path).read("x") == TOKEN
    credentials.put("x", Token(access="b"))
    assert credentials.read("x") == Token(access="b")
    credentials.remove("x")
    credentials.remove("x")
    assert credentials.read("x") is None
    assert path.stat().st_mode & 0o777 == 0o600
    assert repr(credentials) == "SqliteCredentials()"


def test_other_readers(tmp_path: Path) -> None:
    """A file that others can read is refused, with the command that repairs it."""
    path = tmp_path / "tokens.db"
    SqliteCredentials(path)
    path.chmod(0o640)
    with pytest.raises(InvalidValueError, match=r"mode 0640; run `chmod 600 "):
        SqliteCredentials(path)


def test_cipher(tmp_path: Path) -> None:
    """With a cipher, the file contains no readable token, and another key is an error."""
    path = tmp_path / "tokens.db"
    SqliteCredentials(path, cipher=Reversed()).put("x", TOKEN)
    assert b"geheim" not in path.read_bytes()
    assert SqliteCredentials(path, cipher=Reversed()).read("x") == TOKEN
    with pytest.raises(InvalidValueError, match="stored with another key") as caught:
        SqliteCredentials(path).read("x")
    assert "mieheg" not in str(caught.value)
    SqliteCredentials(path).put("y", TOKEN)
    with pytest.raises(InvalidValueError) as caught:
        SqliteCredentials(path, cipher=Reversed()).read("y")
    assert "geheim" not in str(caught.value)


def test_renewal(tmp_path: Path) -> None:
    """A token that was replaced in the meantime is returned instead of renewed."""
    credentials = SqliteCredentials(tmp_path / "tokens.db")
    credentials.put("x", TOKEN)
    new = Token(access="b")
    assert credentials.renew("x", TOKEN, lambda: new) == new
    assert credentials.renew("x", TOKEN, lambda: pytest.fail("renewed twice")) == new

    def fails() -> Token:
        raise KeyError

    with pytest.raises(KeyError):
        credentials.renew("x", new, fails)
    assert credentials.read("x") == new


def test_unusable_tokens(tmp_path: Path) -> None:
    """A value that is no usable token is refused, and the stored token stays."""
    credentials = SqliteCredentials(tmp_path / "tokens.db")
    credentials.put("x", TOKEN)
    values: list[Any] = [Token(access="", refresh="r"), Token(access=" "), None, "b"]
    for value in values:
        with pytest.raises(InvalidValueError, match="token of `x`"):
            credentials.put("x", value)
        with pytest.raises(InvalidValueError, match="token of `x`"):
            credentials.renew("x", TOKEN, lambda value=value: value)  # type: ignore[misc]
        assert credentials.read("x") == TOKEN


def test_tracebacks(tmp_path: Path) -> None:
    """The variables in the traceback of an error do not contain a token."""
    path = tmp_path / "tokens.db"
    credentials = SqliteCredentials(path)
    credentials.put("x", TOKEN)

    def fails() -> Token:
        raise KeyError

    with sqlite3.connect(path) as db:
        db.execute("CREATE TRIGGER t BEFORE INSERT ON tokens BEGIN SELECT RAISE(ABORT, 'no'); END")
    db.close()
    for action in (
        lambda: SqliteCredentials(path, cipher=Reversed()).read("x"),
        lambda: credentials.put("x", TOKEN),
        lambda: credentials.renew("x", TOKEN, lambda: Token(access="geheim-b")),
        lambda: credentials.renew("x", TOKEN, fails),
    ):
        with pytest.raises((InvalidValueError, StoreUnavailableError, KeyError)) as caught:
            action()
        trace = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        variables = [frame.locals for frame in trace.stack if "/tests/" not in frame.filename]
        assert "geheim" not in repr(variables)
        assert "mieheg" not in repr(variables)


PROCESS = """
import datetime as dt, sys, time
from pathlib import Path
from socialcollab.stores import SqliteCredentials
from socialcollab.transport import RenewedTokens, Token
NOW = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
def renew(token):
    with Path(sys.argv[2]).open("a") as log:
        log.write("renewed\\n")
    time.sleep(0.2)
    return Token(access=token.access + "+", expires_at=NOW + dt.timedelta(hours=1))
tokens = RenewedTokens(SqliteCredentials(sys.argv[1]), renew, clock=lambda: NOW)
print("ready", flush=True)
sys.stdin.readline()
print(tokens("x"), flush=True)
"""


@pytest.mark.integration
def test_processes(tmp_path: Path) -> None:
    """If several processes need a new token, it is renewed once."""
    path, log = tmp_path / "tokens.db", tmp_path / "log"
    SqliteCredentials(path).put("x", TOKEN)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, path, log],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    found = [process.communicate("go\n")[0] for process in processes]
    assert found == ["geheim-a+\n"] * 3
    assert log.read_text() == "renewed\n"


def test_damaged_file(tmp_path: Path) -> None:
    """A file that is not a database is reported as such."""
    path = tmp_path / "tokens.db"
    path.write_bytes(b"x" * 5000)
    path.chmod(0o600)
    with pytest.raises(StoreUnavailableError):
        SqliteCredentials(path)
    tokens = RenewedTokens(SqliteCredentials(tmp_path / "b.db"), lambda token: token)
    assert repr(tokens) == "RenewedTokens()"
    with sqlite3.connect(tmp_path / "b.db") as db:
        db.execute("INSERT INTO tokens VALUES ('x', 'nonsense')")
    db.close()
    with pytest.raises(InvalidValueError, match="token of `x`"):
        SqliteCredentials(tmp_path / "b.db").read("x")


def test_accounts(tmp_path: Path) -> None:
    """The accounts that have a token are listed."""
    credentials = SqliteCredentials(tmp_path / "tokens.db")
    assert credentials.accounts() == ()
    for account in ("tulip-x", "tulip-mastodon"):
        credentials.put(account, Token(access="a"))
    assert credentials.accounts() == ("tulip-mastodon", "tulip-x")
    credentials.remove("tulip-x")
    assert credentials.accounts() == ("tulip-mastodon",)
