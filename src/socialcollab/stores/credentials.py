"""Tokens of accounts in an SQLite file, which may be encrypted."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol

from socialcollab.errors import (
    AuthenticationError,
    InvalidValueError,
    MissingExtraError,
    StoreUnavailableError,
)
from socialcollab.stores.tokens import check_private
from socialcollab.transport import Token, check_token

_TABLE: Final = "CREATE TABLE IF NOT EXISTS tokens (account TEXT PRIMARY KEY, token BLOB NOT NULL)"
_WAIT_S: Final = 60.0


class Cipher(Protocol):
    """Encrypts and decrypts stored tokens; ``cryptography.fernet.Fernet`` has these methods."""

    def encrypt(self, data: bytes) -> bytes:
        """Return *data* encrypted."""
        ...

    def decrypt(self, token: bytes) -> bytes:
        """Return the data of an earlier call of `encrypt`."""
        ...


def fernet_cipher(*keys: str) -> Cipher:
    """
    Return a cipher that encrypts with the first key, and decrypts with any of the keys.

    To replace a key, pass the new key first and the old key second. Tokens that are stored from then
    on are encrypted with the new key. ``python -c "from cryptography.fernet import Fernet;
    print(Fernet.generate_key().decode())"`` prints a new key.

    Args:
        keys: The keys, each 32 bytes in URL-safe base64.

    Raises:
        MissingExtraError: If the package `cryptography` is not installed.
        InvalidValueError: If there is no key, or if a key is not valid. The message does not contain
            it.
    """
    try:
        fernet = import_module("cryptography.fernet")
    except ImportError as error:
        raise MissingExtraError(feature="encrypting tokens", extra="credentials") from error
    try:
        cipher: Cipher = fernet.MultiFernet([fernet.Fernet(key.strip()) for key in keys])
    except (ValueError, TypeError):
        # The error could contain a part of the key.
        raise InvalidValueError(
            "the key for stored tokens is missing or not valid; it must be 32 bytes in URL-safe"
            " base64, as `Fernet.generate_key` returns",
            expected="32 bytes in URL-safe base64, as `Fernet.generate_key` returns",
        ) from None
    return cipher


class SqliteCredentials:
    """
    Tokens of accounts in an SQLite file, which threads and processes can share.

    While a token is renewed, all other renewals wait, also those of other processes. On POSIX
    systems, the file can be read and written by its owner only.

    Args:
        path: The file, which is created if it does not exist.
        cipher: Encrypts the tokens in the file, for example `fernet_cipher` with the host's key.
            By default they are not encrypted.

    Raises:
        InvalidValueError: If other users can read or write the file.
    """

    def __init__(self, path: str | os.PathLike[str], *, cipher: Cipher | None = None) -> None:
        self._path = Path(path)
        self._cipher = cipher
        # The file must never be readable by others, not even before its mode is set.
        descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            check_private(self._path, os.fstat(descriptor).st_mode)
        finally:
            os.close(descriptor)
        with self._connected() as db:
            db.execute(_TABLE)

    def __repr__(self) -> str:
        return "SqliteCredentials()"

    def read(self, account: str) -> Token | None:
        """
        Return the token of an account, or None.

        Raises:
            InvalidValueError: If the stored token cannot be decrypted or read.
        """
        with self._connected() as db:
            return self._stored(db, account)

    def put(self, account: str, token: Token) -> None:
        """
        Store the token of an account that was connected, and replace any earlier token.

        Raises:
            InvalidValueError: If the token is empty or not a `Token`.
        """
        check_token(account, token)
        with self._connected() as db:
            db.execute("BEGIN IMMEDIATE")
            self._write(db, account, token)
            db.execute("COMMIT")

    def accounts(self) -> tuple[str, ...]:
        """Return the accounts that have a token, in alphabetical order."""
        with self._connected() as db:
            rows = db.execute("SELECT account FROM tokens ORDER BY account").fetchall()
        return tuple(str(account) for (account,) in rows)

    def remove(self, account: str) -> None:
        """Delete the token of an account, if there is one."""
        with self._connected() as db:
            db.execute("DELETE FROM tokens WHERE account = ?", (account,))

    def renew(self, account: str, old: Token, new: Callable[[], Token]) -> Token:
        """Replace a token, and return the token that is then stored; see `Credentials.renew`."""
        with self._connected() as db:
            db.execute("BEGIN IMMEDIATE")
            stored = self._stored(db, account)
            if stored is None:
                raise AuthenticationError(f"there is no access token for `{account}`")
            if stored == old:
                stored = check_token(account, new())
                self._write(db, account, stored)
            db.execute("COMMIT")
            return stored

    @contextlib.contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            with contextlib.closing(
                sqlite3.connect(self._path, timeout=_WAIT_S, isolation_level=None)
            ) as db:
                # An interrupted renewal must not lose a token that the network has replaced.
                db.execute("PRAGMA synchronous = FULL")
                yield db
        except sqlite3.Error as error:
            raise StoreUnavailableError(f"`{self._path}` cannot be used: {error}") from error

    def _stored(self, db: sqlite3.Connection, account: str) -> Token | None:
        row = db.execute("SELECT token FROM tokens WHERE account = ?", (account,)).fetchone()
        if row is None:
            return None
        token = self._decoded(row[0])
        if token is not None:
            return token
        # Tools that record the local variables of a traceback must not record tokens.
        del row
        raise InvalidValueError(
            f"the token of `{account}` in `{self._path}` cannot be read; it may have been stored with"
            " another key, or without one",
            value=account,
            expected="the key with which the token was stored",
        )

    def _decoded(self, stored: bytes) -> Token | None:
        """Return a stored token, or None if it cannot be read."""
        try:
            values = json.loads(stored if self._cipher is None else self._cipher.decrypt(stored))
            expires_at = values["expires_at"]
            return Token(
                access=values["access"],
                refresh=values["refresh"],
                expires_at=dt.datetime.fromisoformat(expires_at) if expires_at else None,
            )
        except Exception:  # noqa: BLE001  a cipher can raise anything
            # The error of a cipher or a parser could contain a part of the token.
            return None

    def _encoded(self, token: Token) -> bytes:
        at = token.expires_at
        values = {
            "access": token.access,
            "refresh": token.refresh,
            "expires_at": "" if at is None else at.isoformat(),
        }
        data = json.dumps(values).encode()
        return data if self._cipher is None else self._cipher.encrypt(data)

    def _write(self, db: sqlite3.Connection, account: str, token: Token) -> None:
        db.execute(
            "INSERT OR REPLACE INTO tokens (account, token) VALUES (?, ?)",
            (account, self._encoded(token)),
        )
