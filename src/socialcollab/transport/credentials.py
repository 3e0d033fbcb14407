"""Access tokens that expire, where they are kept, and how they are renewed."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import attrs

from socialcollab.errors import (
    AuthenticationError,
    InvalidValueError,
    NaiveDatetimeError,
    NetworkError,
)
from socialcollab.transport.ports import Clock, system_clock

_MARGIN: Final = dt.timedelta(minutes=5)


@attrs.frozen(kw_only=True)
class Token:
    """
    An access token of an account, with what is needed to renew it.

    The repr shows neither of the two tokens.

    Attributes:
        access: The access token.
        refresh: The refresh token, or an empty string if the network has none.
        expires_at: When the access token expires, in UTC; None if it does not expire.

    Raises:
        NaiveDatetimeError: If *expires_at* has no UTC offset.
    """

    access: str = attrs.field(repr=False)
    refresh: str = attrs.field(default="", repr=False)
    expires_at: dt.datetime | None = None

    def __attrs_post_init__(self) -> None:
        if self.expires_at is not None and self.expires_at.utcoffset() is None:
            raise NaiveDatetimeError(self.expires_at)

    def is_valid(self, at: dt.datetime) -> bool:
        """Return whether the access token exists and has not expired at an instant."""
        return bool(self.access) and (self.expires_at is None or at < self.expires_at)


def check_token(account: str, token: object) -> Token:
    """
    Return a value that is to be stored as the token of an account.

    Raises:
        InvalidValueError: If it is not a token, or if the access token is empty.
    """
    if not isinstance(token, Token):
        raise InvalidValueError(
            f"the token of `{account}` is of type `{type(token).__name__}`",
            value=type(token).__name__,
            expected="a `Token`",
        )
    access: object = token.access
    is_usable = isinstance(access, str) and bool(access.strip())
    del access  # tools that record the local variables of a traceback must not record tokens
    if not is_usable:
        raise InvalidValueError(
            f"the access token of `{account}` is empty or not a text",
            value=account,
            expected="the access token that the network returned",
        )
    return token


class Credentials(Protocol):
    """A place where the tokens of accounts are kept, by an id such as that of the profile."""

    def read(self, account: str) -> Token | None:
        """Return the token of an account, or None."""
        ...

    def renew(self, account: str, old: Token, new: Callable[[], Token]) -> Token:
        """
        Replace the token of an account, and return the token that is then stored.

        If another thread or process has replaced *old* in the meantime, its token is returned and
        *new* is not called. Until *new* returns, all other calls for this account wait. If it
        raises an exception, or returns a value that `check_token` rejects, the stored token stays as
        it is.

        Raises:
            AuthenticationError: If there is no token for the account.
            InvalidValueError: If *new* returns something that is not a token, or an empty token.
        """
        ...


class MemoryCredentials:
    """
    Tokens in memory, for tests and scripts. They are lost when the process ends.

    Args:
        tokens: The tokens, by account.

    Raises:
        InvalidValueError: If a token is empty or not a `Token`.
    """

    def __init__(self, tokens: Mapping[str, Token]) -> None:
        self._tokens = {account: check_token(account, token) for account, token in tokens.items()}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return "MemoryCredentials()"

    def read(self, account: str) -> Token | None:
        """Return the token of an account, or None."""
        return self._tokens.get(account)

    def renew(self, account: str, old: Token, new: Callable[[], Token]) -> Token:
        """Replace a token, and return the token that is then stored; see `Credentials.renew`."""
        with self._lock:
            stored = self._tokens.get(account)
            if stored is None:
                raise AuthenticationError(f"there is no access token for `{account}`")
            if stored == old:
                stored = self._tokens[account] = check_token(account, new())
            return stored


class RenewedTokens:
    """
    A function that returns the access token of an account, and renews it before it expires.

    A token is renewed only once, even if several threads or processes need it at the same time, and
    is never replaced by an empty token.

    >>> credentials = MemoryCredentials({"tulip-x": Token(access="a")})
    >>> tokens = RenewedTokens(credentials, lambda token: token)
    >>> tokens("tulip-x")
    'a'

    Args:
        credentials: Where the tokens are kept.
        renew: A function that returns the new token for an old one, such as
            `socialcollab.networks.Renewal`. If it is None, an expired token is an error.
        margin: How long before its expiry a token is renewed.
        clock: The clock; the system clock by default.
    """

    def __init__(
        self,
        credentials: Credentials,
        renew: Callable[[Token], Token] | None = None,
        *,
        margin: dt.timedelta = _MARGIN,
        clock: Clock = system_clock,
    ) -> None:
        self._credentials = credentials
        self._renew = renew
        self._margin = margin
        self._clock = clock

    def __repr__(self) -> str:
        return "RenewedTokens()"

    def __call__(self, account: str) -> str:
        """
        Return a valid access token.

        Raises:
            AuthenticationError: If there is no token, if the network refuses to renew it, or if it
                has expired and cannot be renewed.
            NetworkError: If the network does not answer, and the token has expired.
        """
        token = self._credentials.read(account)
        if token is None:
            raise AuthenticationError(f"there is no access token for `{account}`")
        renew, now = self._renew, self._clock()
        if token.is_valid(now if renew is None else now + self._margin):
            return token.access
        if renew is None:
            raise AuthenticationError(
                f"the access token of `{account}` has expired; connect the account again"
            )
        old = token
        try:
            return self._credentials.renew(
                account, old, lambda: _renewed(account, old, renew)
            ).access
        except NetworkError:
            # Until the old token expires, the renewal can be repeated.
            if old.is_valid(self._clock()):
                return old.access
            raise


def _renewed(account: str, old: Token, renew: Callable[[Token], Token]) -> Token:
    new = renew(old)
    try:
        check_token(account, new)
    except InvalidValueError as error:
        # As after a refusal, a member must connect the account again.
        raise AuthenticationError(f"the token was not renewed: {error}") from None
    # Many networks return a refresh token only if it has changed.
    return new if new.refresh else attrs.evolve(new, refresh=old.refresh)
