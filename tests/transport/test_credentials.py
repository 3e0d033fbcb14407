"""Access tokens are renewed before they expire, and only once."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest

from socialcollab.errors import (
    AuthenticationError,
    InvalidValueError,
    NaiveDatetimeError,
    TransientError,
)
from socialcollab.transport import MemoryCredentials, RenewedTokens, Token

NOW = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def renewed(token: Token) -> Token:
    return Token(access=f"{token.access}+", expires_at=NOW + HOUR)


def tokens_of(token: Token, renew=renewed) -> tuple[MemoryCredentials, RenewedTokens]:
    credentials = MemoryCredentials({"x": token})
    return credentials, RenewedTokens(credentials, renew, clock=lambda: NOW)


def test_valid_token() -> None:
    """A token that is valid for longer than the margin, or that does not expire, is not renewed."""
    for expires_at in (None, NOW + dt.timedelta(minutes=5, seconds=1)):
        _, tokens = tokens_of(Token(access="a", expires_at=expires_at))
        assert tokens("x") == "a"


@pytest.mark.parametrize("minutes", [5, 0, -60])
def test_renewal(minutes: int) -> None:
    """A token is renewed before it expires, and keeps its refresh token unless there is a new one."""
    expires_at = NOW + dt.timedelta(minutes=minutes)
    credentials, tokens = tokens_of(Token(access="a", refresh="r", expires_at=expires_at))
    assert tokens("x") == "a+"
    assert credentials.read("x") == Token(access="a+", refresh="r", expires_at=NOW + HOUR)
    assert tokens("x") == "a+"


def test_threads() -> None:
    """If several threads need a new token, it is renewed once."""
    calls: list[str] = []
    started = threading.Barrier(8)

    def slowly(token: Token) -> Token:
        calls.append(token.access)
        return renewed(token)

    _, tokens = tokens_of(Token(access="a", expires_at=NOW), slowly)
    found: list[str] = []

    def ask() -> None:
        started.wait()
        found.append(tokens("x"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (calls, set(found)) == (["a"], {"a+"})


@pytest.mark.parametrize("error", [AuthenticationError("refused"), TransientError("no answer")])
def test_failed_renewal(error: Exception) -> None:
    """If a token cannot be renewed, the stored token stays as it is."""

    def fails(_: Token) -> Token:
        raise error

    old = Token(access="a", refresh="r", expires_at=NOW)
    credentials, tokens = tokens_of(old, fails)
    with pytest.raises(type(error)):
        tokens("x")
    assert credentials.read("x") == old


def test_empty_token() -> None:
    """A token is never replaced by an empty token."""
    old = Token(access="a", expires_at=NOW)
    credentials, tokens = tokens_of(old, lambda _: Token(access=""))
    with pytest.raises(AuthenticationError, match="empty"):
        tokens("x")
    assert credentials.read("x") == old


@pytest.mark.parametrize("result", [None, "b", Token(access=""), Token(access=" "), b"b"])
def test_unusable_renewal(result: Any) -> None:
    """A renewal that returns no usable token is an error, and the stored token stays."""
    old = Token(access="geheim", expires_at=NOW)
    credentials, tokens = tokens_of(old, lambda _: result)
    with pytest.raises(AuthenticationError, match=r"token was not renewed.*`x`"):
        tokens("x")
    with pytest.raises(InvalidValueError, match="`x`"):
        credentials.renew("x", old, lambda: result)
    assert credentials.read("x") == old


def test_unusable_tokens() -> None:
    """A token without an access token is refused, and the error does not show its other fields."""
    values: list[Any] = [Token(access="", refresh="geheim"), Token(access="\n"), None, "geheim"]
    values.append(Token(access=b"geheim"))  # type: ignore[arg-type]  # what hosts get wrong
    for value in values:
        with pytest.raises(InvalidValueError, match="token of `x`") as caught:
            MemoryCredentials({"x": value})
        assert "geheim" not in f"{caught.value} {caught.value.value}"


def test_unknown_account() -> None:
    """An account without a token is an error about the credentials."""
    _, tokens = tokens_of(Token(access="a"))
    with pytest.raises(AuthenticationError, match="no access token for `y`"):
        tokens("y")


def test_reprs() -> None:
    """No repr shows a token."""
    credentials, tokens = tokens_of(Token(access="geheim", refresh="geheim"))
    for value in (credentials, tokens, credentials.read("x")):
        assert "geheim" not in repr(value)


def test_naive_expiry() -> None:
    """The expiry of a token must have a UTC offset."""
    with pytest.raises(NaiveDatetimeError):
        Token(access="a", expires_at=NOW.replace(tzinfo=None))


def test_failed_early_renewal() -> None:
    """If an early renewal fails, the old token is used until it expires."""

    def fails(_: Token) -> Token:
        raise TransientError("no answer")

    _, tokens = tokens_of(Token(access="a", expires_at=NOW + dt.timedelta(minutes=1)), fails)
    assert tokens("x") == "a"


def test_removed_token() -> None:
    """A token that was removed is not renewed."""
    credentials = MemoryCredentials({})
    with pytest.raises(AuthenticationError):
        credentials.renew("x", Token(access="a"), lambda: pytest.fail("renewed"))


def test_no_renewal() -> None:
    """Without a renewal, a token is used until it expires."""
    credentials = MemoryCredentials({"x": Token(access="a", expires_at=NOW)})
    second = dt.timedelta(seconds=1)
    assert RenewedTokens(credentials, clock=lambda: NOW - second)("x") == "a"
    with pytest.raises(AuthenticationError, match="has expired; connect the account again"):
        RenewedTokens(credentials, clock=lambda: NOW)("x")
