"""The command ``connect``, which connects a profile to its account from a terminal."""

from __future__ import annotations

import argparse
import hmac
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from socialcollab.cli.accounts.tokens import (
    CONNECTABLE_NETWORKS,
    OAUTH_NETWORKS,
    App,
    app_of,
    lasts_until,
    oauth_for,
    open_credentials,
    store_app,
    tokens_path,
)
from socialcollab.cli.inputs import check_known, is_desk, load, open_desk
from socialcollab.cli.output import OK, Output
from socialcollab.errors import (
    AuthenticationError,
    InvalidValueError,
    NotAllowedError,
    RateLimitedError,
    TransientError,
)

if TYPE_CHECKING:
    import httpx

    from socialcollab.desk import Desk
    from socialcollab.directory import Profile
    from socialcollab.networks import ConnectedAccount
    from socialcollab.stores import SqliteCredentials

_HOST: Final = "127.0.0.1"
_PATH: Final = "/callback"
_LAST_PORT: Final = 65_535
_WAITS_S: Final = 600.0
_PAGE: Final = (
    "<!doctype html><html lang='en'><meta charset='utf-8'><title>socialcollab</title>"
    "<p>{}</p></html>"
)


def connect(args: argparse.Namespace, output: Output, *, client: httpx.Client | None = None) -> int:
    """Connect a profile to its account, store the token, and record the connection."""
    with ExitStack() as stack:
        desk = None
        if is_desk(args.source):
            desk = stack.enter_context(open_desk(args.source, args.id))
        organization = load(args.source, args.id) if desk is None else desk.organization
        check_known(organization, "profile", args.profile)
        profile = organization.profile(args.profile)
        if desk is not None:
            _check_member(desk, profile, args.member)
        credentials = open_credentials(tokens_path(args, args.source))
        if profile.network == "bluesky":
            with _repaired(profile):
                connected = _with_password(profile, client)
        elif profile.network in OAUTH_NETWORKS:
            with _repaired(profile):
                connected = _with_browser(profile, credentials, args, output, client)
        else:
            raise InvalidValueError(
                f"`{profile.id}` is on {profile.network}, but this command only connects profiles on"
                f" {', '.join(CONNECTABLE_NETWORKS)}; to publish on {profile.network}, pass your own"
                " network to the worker with --networks",
                value=profile.network,
                expected=", ".join(CONNECTABLE_NETWORKS),
            )
        credentials.put(profile.id, connected.token)
        if desk is not None:
            desk.acting_as(args.member).connect(
                profile.id,
                account=connected.account,
                scopes=connected.scopes,
                expires_at=lasts_until(profile, connected.token),
            )
    path = tokens_path(args, args.source)
    output.result(
        {
            "profile": profile.id,
            "account": connected.account,
            "scopes": list(connected.scopes),
            "expires_at": connected.token.expires_at,
            "tokens": str(path),
            "recorded": desk is not None,
        },
        [
            f"connected `{profile.id}` to the account `{connected.account}` on {profile.network};"
            f" the token is in {path}",
            *([f"granted: {', '.join(connected.scopes)}"] if connected.scopes else []),
            *([] if desk else ["no desk was given, so the connection is not recorded"]),
        ],
    )
    return OK


def _check_member(desk: Desk, profile: Profile, member: str) -> None:
    """Check that a member may record the connection, before anyone signs in."""
    if not member:
        raise InvalidValueError(
            "name the member who connects the account with --member",
            value=member,
            expected="--member and the id of a member",
        )
    check_known(desk.organization, "member", member)
    verdict = desk.organization.access.check(member, "connect", profile.id, at=desk.engine.now())
    if not verdict:
        raise NotAllowedError(verdict)


@contextmanager
def _repaired(profile: Profile) -> Iterator[None]:
    """Add the repair to the error of a network that does not answer."""
    try:
        yield
    except (TransientError, RateLimitedError) as error:
        raise TransientError(
            f"{error}; check the connection of this machine to {profile.server or profile.network},"
            " and run the command again later",
            network=profile.network,
            status=error.status,
        ) from None


def _with_password(profile: Profile, client: httpx.Client | None) -> ConnectedAccount:
    """Ask for the app password of a Bluesky account, and sign in with it."""
    from socialcollab.networks import ConnectedAccount
    from socialcollab.networks.bluesky import Bluesky
    from socialcollab.transport import Driver, Token

    handle = profile.handle.removeprefix("@")
    password = _ask_secretly(f"app password of {handle} (Settings, Privacy and security): ")
    if not password:
        raise InvalidValueError(
            "there was no app password; create one in the settings of the account, under Privacy"
            " and security, App passwords",
            expected="an app password",
        )
    try:
        with Bluesky({profile.id: password}, client=client) as bluesky:
            account = Driver().run(
                bluesky.adapter(profile).verify_credentials(), transport=bluesky.transport(profile)
            )
    except AuthenticationError as error:
        raise AuthenticationError(
            f"the sign-in as `{handle}` failed: {error}; check the handle of `{profile.id}` in the"
            " document, and create a new app password",
            network=profile.network,
            status=error.status,
        ) from None
    return ConnectedAccount(
        profile=profile.id, account=account, token=Token(access=password), scopes=()
    )


def _ask_secretly(question: str) -> str:
    """Return a line of input, without showing it on the terminal."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    from getpass import getpass

    return getpass(question).strip()


def _with_browser(
    profile: Profile,
    credentials: SqliteCredentials,
    args: argparse.Namespace,
    output: Output,
    client: httpx.Client | None,
) -> ConnectedAccount:
    """Let the owner of the account give consent in a browser."""
    from socialcollab.networks import run_oauth

    listens = not (args.paste or args.redirect_uri)
    with _listening(args.port) if listens else _silent() as listener:
        port = args.port if listener is None else listener.server_port
        redirect_uri = args.redirect_uri or f"http://{_HOST}:{port}{_PATH}"
        app = _app(profile, credentials, redirect_uri, args.scope, client)
        oauth = oauth_for(profile, app)
        authorization = oauth.begin(profile, redirect_uri=redirect_uri, scopes=args.scope or None)
        output.note(f"open this address in a browser, and sign in as `{profile.handle}`:")
        output.note(authorization.url)
        if listener is None:
            output.note(
                "then paste the whole address to which the browser is redirected; it begins with"
                f" {redirect_uri}"
            )
            callback = sys.stdin.readline().strip()
            if not callback:
                raise InvalidValueError(
                    "no address was pasted; run the command again, and paste the address to which"
                    " the browser is redirected",
                    expected=f"an address that begins with {redirect_uri}",
                )
        else:
            output.note(f"waiting for the browser on port {port}; press Ctrl+C to stop")
            callback = listener.wait(authorization.state)
        connected = run_oauth(oauth.finish(profile, authorization, callback), client=client)
    store_app(profile, app, credentials)
    return connected


def _app(
    profile: Profile,
    credentials: SqliteCredentials,
    redirect_uri: str,
    scopes: list[str],
    client: httpx.Client | None,
) -> App:
    """Return the app of the network; on a Mastodon server, register one."""
    if profile.network == "mastodon":
        from socialcollab.networks import run_oauth, server_of
        from socialcollab.networks.mastodon import MastodonOAuth, register_app

        server = server_of(profile, "mastodon")
        flow = register_app(
            server, redirect_uri=redirect_uri, scopes=scopes or MastodonOAuth.scopes
        )
        registered = run_oauth(flow, client=client)
        return App(registered.client_id, registered.client_secret)
    app = app_of(profile, credentials)
    prefix = f"SOCIALCOLLAB_{profile.network.upper()}_CLIENT"
    if app is None:
        raise InvalidValueError(
            f"set the environment variables `{prefix}_ID` and `{prefix}_SECRET` to the client id and"
            " secret of your app, whose redirect address must be"
            f" {redirect_uri}; see https://socialcollab.readthedocs.io (Connect an account)",
            expected=f"{prefix}_ID",
        )
    return app


class _Listener(HTTPServer):
    """A server on this machine, to which the network redirects the browser."""

    received: str = ""
    state: str = ""

    def wait(self, state: str) -> str:
        """
        Return the address of the callback with a state.

        Other requests, such as those of another program on this machine, do not end the wait.

        Raises:
            AuthenticationError: If there is no callback in time.
        """
        self.state = state
        until = time.monotonic() + _WAITS_S
        while not self.received:
            self.timeout = until - time.monotonic()
            if self.timeout <= 0:
                raise AuthenticationError(
                    "the browser was not redirected within ten minutes; run the command again, or"
                    " use --paste if the browser is on another machine"
                )
            self.handle_request()
        return self.received

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a connection that breaks; the browser can try again."""


class _Callback(BaseHTTPRequestHandler):
    """The handler of one request to the listener."""

    server: _Listener
    # A connection that sends nothing must not block the listener.
    timeout = 10

    def do_GET(self) -> None:
        """Accept the callback, and tell the person that they can return to the terminal."""
        parts = urlsplit(self.path)
        state = parse_qs(parts.query).get("state", [""])[0]
        is_ours = parts.path == _PATH and hmac.compare_digest(
            state.encode(), self.server.state.encode()
        )
        if is_ours:
            port = self.server.server_port
            self.server.received = f"http://{_HOST}:{port}{self.path}"
            text = "You can close this page and return to the terminal."
        else:
            text = "This address does not belong to the sign-in in the terminal."
        page = _PAGE.format(text).encode()
        self.send_response(200 if is_ours else 404)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(page)))
        self.send_header("referrer-policy", "no-referrer")
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:
        """Write no log, because the address contains the code."""


@contextmanager
def _listening(port: int) -> Iterator[_Listener]:
    if not 0 <= port <= _LAST_PORT:
        raise InvalidValueError(
            f"--port {port} is not a port, which is a number from 0 to {_LAST_PORT}",
            value=port,
            expected="a free port",
        )
    try:
        listener = _Listener((_HOST, port), _Callback)
    except OSError as error:
        raise InvalidValueError(
            f"port {port} cannot be used ({error.strerror or error}); choose another with --port, and register its"
            " address with the app, or use --paste",
            value=port,
            expected="a free port",
        ) from error
    try:
        yield listener
    finally:
        listener.server_close()


@contextmanager
def _silent() -> Iterator[None]:
    yield None
