"""The file with the tokens that ``connect`` stores, and the networks that use them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from socialcollab.errors import AuthenticationError, InvalidValueError

if TYPE_CHECKING:
    import datetime as dt

    import httpx

    from socialcollab.directory import Profile
    from socialcollab.networks import OAuth
    from socialcollab.stores import SqliteCredentials
    from socialcollab.transport import Credentials, Media, Network, Token

KEY_VARIABLE: Final = "SOCIALCOLLAB_CREDENTIALS_KEY"
_READ_ONLY: Final = (".toml", ".json")
OAUTH_NETWORKS: Final = ("facebook", "instagram", "mastodon", "x")
CONNECTABLE_NETWORKS: Final = ("bluesky", *OAUTH_NETWORKS)


def add_tokens_option(
    parser: argparse.ArgumentParser | argparse._ActionsContainer, *, writes: bool = False
) -> None:
    """Add the option ``--tokens``, for a command that reads the file, or writes it."""
    file = (
        "the file in which the token is stored (default: beside the document or desk"
        if writes
        else "the file with the tokens that `connect` stored, or a TOML or JSON file with tokens"
        " (default: beside the desk"
    )
    parser.add_argument(
        "--tokens",
        metavar="FILE",
        help=f"{file}, such as agency-tokens.db)",
    )


def tokens_path(args: argparse.Namespace, source: str) -> Path:
    """Return the file of ``--tokens``, or the file beside a document or desk."""
    if args.tokens:
        path = Path(args.tokens)
        if path.exists() and Path(source).exists() and path.samefile(source):
            raise InvalidValueError(
                f"--tokens `{path}` is the document or desk itself; the tokens need a file of their"
                " own, such as agency-tokens.db",
                value=str(path),
                expected="a file such as agency-tokens.db",
            )
        return path
    return Path(source).with_name(f"{Path(source).stem}-tokens.db")


def open_credentials(path: Path) -> SqliteCredentials:
    """
    Open the file with the tokens, which is encrypted if `SOCIALCOLLAB_CREDENTIALS_KEY` contains a key.

    The variable can contain several keys, separated by spaces; the first key encrypts.

    Raises:
        InvalidValueError: If the file is a TOML or JSON file, or if other users can access it.
    """
    if path.suffix in _READ_ONLY:
        raise InvalidValueError(
            f"tokens cannot be stored in `{path}`, which is written by hand; pass another file with"
            " --tokens",
            value=str(path),
            expected="a file such as agency-tokens.db",
        )
    from socialcollab.stores import SqliteCredentials, fernet_cipher

    keys = os.environ.get(KEY_VARIABLE, "").split()
    try:
        cipher = fernet_cipher(*keys) if keys else None
    except InvalidValueError as error:
        raise InvalidValueError(
            f"`{KEY_VARIABLE}`: {error}", value=KEY_VARIABLE, expected=error.expected
        ) from None
    return SqliteCredentials(path, cipher=cipher)


class TokenSources:
    """
    The tokens of a worker: from environment variables, from a TOML or JSON file, or as stored.

    A variable such as ``SOCIALCOLLAB_TOKEN_TULIP_X`` takes precedence. Only stored tokens are
    renewed.

    Args:
        path: The file, which need not exist if all tokens are in variables.

    Raises:
        InvalidValueError: If other users can access the file, or if it contains no tokens.
    """

    def __init__(self, path: Path) -> None:
        from socialcollab.stores import EnvironmentTokens, FileTokens

        self._environment = EnvironmentTokens()
        self._file = FileTokens(path) if path.suffix in _READ_ONLY else None
        self._stored: SqliteCredentials | None = None
        if self._file is None and path.is_file():
            self._stored = open_credentials(path)

    def __repr__(self) -> str:
        return "TokenSources()"

    def read(self, account: str) -> Token | None:
        """Return the token of a profile, or None."""
        from socialcollab.transport import Token

        if ":" not in account:
            for source in (self._environment, self._file):
                with suppress(AuthenticationError):
                    if source is not None:
                        return Token(access=source(account))
        return None if self._stored is None else self._stored.read(account)

    @property
    def is_file_of_tokens(self) -> bool:
        """Whether the file is a TOML or JSON file, which `connect` cannot write."""
        return self._file is not None

    def missing(self, account: str) -> str:
        """Return why there is no token for a profile, as a sentence."""
        if self._file is not None:
            try:
                self._file(account)
            except AuthenticationError as error:
                return str(error)
        return _not_connected(account)

    def renew(self, account: str, old: Token, new: Callable[[], Token]) -> Token:
        """Replace a stored token; see `Credentials.renew`."""
        if self._stored is None:
            raise AuthenticationError(
                f"the token of `{account}` has expired, and is not in a file in which it can be"
                f" renewed; connect the profile again with `socialcollab connect`"
            )
        return self._stored.renew(account, old, new)


def _not_connected(profile: str) -> str:
    return f"`{profile}` is not connected; connect it with `socialcollab connect`"


class App(NamedTuple):
    """The client id and client secret of an app."""

    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return f"App({self.client_id!r})"


def app_of(profile: Profile, credentials: Credentials) -> App | None:
    """Return the app for a profile: from the environment, or as `connect` has stored it."""
    prefix = f"SOCIALCOLLAB_{profile.network.upper()}_CLIENT"
    client_id = os.environ.get(f"{prefix}_ID", "").strip()
    if client_id and profile.network != "mastodon":
        return App(client_id, os.environ.get(f"{prefix}_SECRET", "").strip())
    stored = credentials.read(_app_entry(profile))
    return None if stored is None else App(stored.access, stored.refresh)


def store_app(profile: Profile, app: App, credentials: SqliteCredentials) -> None:
    """Store an app, so that the worker can renew the tokens without further configuration."""
    from socialcollab.transport import Token

    token = Token(access=app.client_id, refresh=app.client_secret)
    credentials.put(_app_entry(profile), token)


def _app_entry(profile: Profile) -> str:
    # The id of a profile contains no colon, so this entry is never the token of a profile.
    return f"app:{profile.server.rstrip('/') or profile.network}"


def oauth_for(profile: Profile, app: App) -> OAuth:
    """
    Return the sign-in with the network of a profile.

    Raises:
        InvalidValueError: If the app has no client id, or if the server is not safe.
    """
    from socialcollab.networks.facebook import FacebookOAuth
    from socialcollab.networks.instagram import InstagramOAuth
    from socialcollab.networks.mastodon import MastodonOAuth
    from socialcollab.networks.x import XOAuth

    kinds: Mapping[str, Callable[..., OAuth]] = {
        "facebook": FacebookOAuth,
        "instagram": InstagramOAuth,
        "mastodon": MastodonOAuth,
        "x": XOAuth,
    }
    return kinds[profile.network](
        client_id=app.client_id, client_secret=app.client_secret, server=profile.server
    )


def lasts_until(profile: Profile, token: Token) -> dt.datetime | None:
    """Return when a connection expires; None if it does not, or if the worker renews its token."""
    is_renewed = bool(token.refresh) or profile.network == "instagram"
    return None if is_renewed else token.expires_at


class StoredTokens:
    """
    The tokens of the profiles of a desk, which are renewed before they expire.

    Attributes:
        profiles: The profiles of the desk, by id. A token is renewed only if its profile is known.

    Args:
        credentials: Where the tokens are.
        profiles: The profiles, by id.
        client: The httpx client for renewals, or None.
    """

    def __init__(
        self,
        credentials: Credentials,
        profiles: Mapping[str, Profile],
        *,
        client: httpx.Client | None = None,
    ) -> None:
        self._credentials = credentials
        self.profiles = profiles
        self._client = client

    def __repr__(self) -> str:
        return "StoredTokens()"

    def __call__(self, profile: str) -> str:
        """
        Return the token of a profile.

        Raises:
            AuthenticationError: If there is no token, or if it cannot be renewed.
        """
        import datetime as dt

        from socialcollab.networks import Renewal
        from socialcollab.transport import RenewedTokens

        if self._credentials.read(profile) is None:
            if isinstance(self._credentials, TokenSources):
                raise AuthenticationError(self._credentials.missing(profile))
            raise AuthenticationError(_not_connected(profile))
        known, app, renew = self.profiles.get(profile), None, None
        if known is not None and known.network in OAUTH_NETWORKS:
            app = app_of(known, self._credentials)
        if known is not None and app is not None:
            renew = Renewal(oauth_for(known, app), client=self._client)
        if known is not None and known.network == "instagram":
            # Instagram renews a token only before it expires, and a post can be weeks away.
            margin = dt.timedelta(days=30)
            return RenewedTokens(self._credentials, renew, margin=margin)(profile)
        return RenewedTokens(self._credentials, renew)(profile)

    def keep(self) -> Iterator[str]:
        """
        Renew the tokens that could not be renewed later, and yield the problems.

        These are tokens without a refresh token: after their expiry, only a new sign-in would help.
        """
        from socialcollab.errors import SocialCollabError

        for profile in self.profiles:
            try:
                token = self._credentials.read(profile)
                if token is not None and token.expires_at is not None and not token.refresh:
                    self(profile)
            except SocialCollabError as error:
                yield f"the token of `{profile}` could not be renewed: {error}"


@contextmanager
def stored_networks(
    tokens: StoredTokens, *, media: Media, client: httpx.Client | None = None
) -> Iterator[Mapping[str, Network]]:
    """Open the built-in networks with stored tokens, and close them at the end."""
    from socialcollab.networks.bluesky import Bluesky
    from socialcollab.networks.facebook import Facebook
    from socialcollab.networks.instagram import Instagram
    from socialcollab.networks.mastodon import Mastodon
    from socialcollab.networks.x import X

    networks: dict[str, Network] = {
        "bluesky": Bluesky(tokens, media=media, client=client),
        "facebook": Facebook(tokens, media=media, client=client),
        "instagram": Instagram(tokens, media=media, client=client),
        "mastodon": Mastodon(tokens, media=media, client=client),
        "x": X(tokens, media=media, client=client),
    }
    with ExitStack() as stack:
        for network in networks.values():
            stack.callback(network.close)
        yield networks


def tokens_exist(path: Path) -> bool:
    """Return whether there is a file with tokens, or a variable with the token of a profile."""
    if any(name.startswith("SOCIALCOLLAB_TOKEN_") for name in os.environ):
        return True
    if path.suffix in _READ_ONLY or not path.is_file():
        return path.is_file()
    from socialcollab.stores import SqliteCredentials

    # A sign-in that failed leaves a file without tokens.
    return bool(SqliteCredentials(path).accounts())


def check_tokens_exist(path: Path, source: str) -> None:
    """
    Check that there are tokens.

    Raises:
        InvalidValueError: If there are none.
    """
    if not tokens_exist(path):
        raise InvalidValueError(
            f"there is no file `{path}` with tokens; connect the profiles with `socialcollab connect"
            f" PROFILE {source} --member MEMBER`, or name the networks with --networks",
            value=str(path),
            expected="a file that `socialcollab connect` has written",
        )
