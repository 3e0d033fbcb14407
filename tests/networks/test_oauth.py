"""Accounts are connected with the consent of their owners, and only if everything matches."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs
import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.networks.accounts import ACCOUNTS
from tests.networks.exchange import Exchange, described_by
from tests.networks.mastodon_server import SERVER
from tests.networks.meta_nodes import Nodes
from tests.networks.oauth_servers import (
    CLIENT_ID,
    CLIENT_SECRET,
    REDIRECT,
    SIGN_INS,
    FacebookOAuthServer,
    MastodonOAuthServer,
    OAuthServer,
)
from tests.networks.publishing import NOW, verify

from socialcollab.errors import (
    AuthenticationError,
    InvalidValueError,
    NetworkError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from socialcollab.networks import Authorization, OAuth, Renewal, run_oauth
from socialcollab.networks.facebook import FacebookOAuth
from socialcollab.networks.mastodon import MastodonOAuth, register_app
from socialcollab.networks.x import XOAuth
from socialcollab.transport import Token

NAMES = sorted(SIGN_INS)


def connect(
    name: str,
    server: OAuthServer,
    *,
    change: Callable[[str], Any] = lambda address: address,
    oauth: OAuth | None = None,
    **changed: Any,
) -> Any:
    """Connect the account of a network, with changes of the callback and the profile."""
    profile = attrs.evolve(ACCOUNTS[name].profile, **changed)
    oauth = oauth or SIGN_INS[name].app(clock=lambda: NOW)
    authorization = oauth.begin(profile, redirect_uri=REDIRECT)
    callback = change(server.consent(authorization.url))
    with server.client() as client:
        return run_oauth(oauth.finish(profile, authorization, callback), client=client)


def refused(name: str, server: OAuthServer | None = None, **options: Any) -> str:
    """Return the message of the error that connecting an account raises."""
    with pytest.raises(AuthenticationError) as caught:
        connect(name, server or SIGN_INS[name].server(), **options)
    assert caught.value.network == name
    return str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_connect(name: str) -> None:
    """The owner consents, and the token then publishes to the account."""
    server = SIGN_INS[name].server()
    connected = connect(name, server)
    profile = ACCOUNTS[name].profile
    assert connected.profile == profile.id
    assert connected.account.lower() == profile.handle.removeprefix("@").lower()
    assert connected.scopes == SIGN_INS[name].app().scopes
    lasts = {"x": 7200, "instagram": 5183944}.get(name)
    expires_at = None if lasts is None else NOW + dt.timedelta(seconds=lasts)
    assert connected.token == Token(
        access=server.token, refresh=server.refresh, expires_at=expires_at
    )
    with ACCOUNTS[name].connect(server, {profile.id: connected.token.access}) as network:
        assert verify(network, profile) == ACCOUNTS[name].title


@pytest.mark.parametrize("name", NAMES)
def test_authorization(name: str) -> None:
    """The address has a random state and, if the network supports it, a PKCE challenge."""
    oauth = SIGN_INS[name].app()
    begun = [oauth.begin(ACCOUNTS[name].profile, redirect_uri=REDIRECT) for _ in range(2)]
    assert begun[0].state != begun[1].state
    one = begun[0]
    params = dict(parse_qsl(urlsplit(one.url).query))
    assert urlsplit(one.url).scheme == "https"
    assert params["state"] == one.state
    assert len(one.state) == 43
    assert "+" not in one.url
    assert params["scope"].replace(",", " ").split() == list(oauth.scopes)
    if name in ("x", "mastodon"):
        digest = hashlib.sha256(one.verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        assert (params["code_challenge"], params["code_challenge_method"]) == (challenge, "S256")
        assert one.verifier not in one.url
    else:
        assert one.verifier == ""
    # A session stores it as JSON.
    assert Authorization(**json.loads(json.dumps(attrs.asdict(one)))) == one
    assert CLIENT_SECRET not in one.url
    options = {"facebook": ("auth_type", "rerequest"), "mastodon": ("force_login", "true")}
    if name in options:
        assert params[options[name][0]] == options[name][1]


def test_callback_parameters() -> None:
    """A web framework passes the parameters of the callback; a person pastes the address."""
    for change in (
        lambda address: dict(parse_qsl(urlsplit(address).query)),
        lambda address: f"  {address}\n",
        lambda address: urlsplit(address).query,
        lambda address: f"?{urlsplit(address).query}#_=_",
    ):
        assert connect("x", SIGN_INS["x"].server(), change=change).account == "tulipair"
    server = SIGN_INS["instagram"].server()
    code = f"{server.code}#_"
    connected = connect(
        "instagram",
        server,
        change=lambda address: dict(parse_qsl(urlsplit(address).query)) | {"code": code},
    )
    assert connected.account == "tulipair"


CALLBACKS: list[tuple[Callable[[str], Any], str]] = [
    (lambda address: address.replace("state=", "state=x"), "does not belong to this sign-in"),
    (lambda address: address.partition("&state")[0], "does not belong to this sign-in"),
    (lambda address: address.replace("?", "?state=twice&"), "more than once"),
    (lambda address: address.replace("code=", "note="), "contains no code"),
    (lambda address: address.replace("app.example", "evil.example"), "does not begin with"),
    (lambda address: address + "&x=" + "y" * 20_000, "too long"),
    (lambda _: "", "does not belong to this sign-in"),
    (lambda _: {"error": "access_denied", "error_description": "forged"}, "does not belong"),
    (
        lambda address: address.replace("code=", "error=invalid_scope&code="),
        "add the requested scopes to the app",
    ),
    (lambda address: address.replace("code=", "error_code=1349187&code="), "1349187"),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("change", "message"), CALLBACKS)
def test_wrong_callbacks(name: str, change: Callable[[str], Any], message: str) -> None:
    """A callback that does not belong to the sign-in is refused before anything is sent."""
    server = SIGN_INS[name].server()
    assert message in refused(name, server, change=change)
    assert server.requests == []


@pytest.mark.parametrize("name", NAMES)
def test_denied(name: str) -> None:
    """If the owner denies consent, the error says so, and what to do."""
    server = SIGN_INS[name].server()
    oauth = SIGN_INS[name].app()
    profile = ACCOUNTS[name].profile
    authorization = oauth.begin(profile, redirect_uri=REDIRECT)
    callback = server.consent(authorization.url, denies=True)
    with pytest.raises(AuthenticationError, match=r"consent was denied on .* connect again"):
        oauth.code_of(profile, authorization, callback)


def test_unavailable() -> None:
    """A network that is temporarily unavailable can be tried again later."""
    server = SIGN_INS["x"].server()
    with pytest.raises(TransientError, match="try again later"):
        connect("x", server, change=lambda a: a.replace("code=", "error=server_error&code="))


@pytest.mark.parametrize("name", NAMES)
def test_replay(name: str) -> None:
    """A code can be used once, and only for the profile and the sign-in that it was issued for."""
    server = SIGN_INS[name].server()
    oauth, profile = SIGN_INS[name].app(), ACCOUNTS[name].profile
    authorization = oauth.begin(profile, redirect_uri=REDIRECT)
    callback = server.consent(authorization.url)
    with server.client() as client:
        run_oauth(oauth.finish(profile, authorization, callback), client=client)
        with pytest.raises(AuthenticationError, match="refused to exchange the code"):
            run_oauth(oauth.finish(profile, authorization, callback), client=client)
    stateless = attrs.evolve(authorization, state="")
    with pytest.raises(AuthenticationError, match="does not belong to this sign-in"):
        oauth.code_of(profile, stateless, {"code": "a"})
    later = oauth.begin(profile, redirect_uri=REDIRECT)
    with pytest.raises(AuthenticationError, match="already finished"):
        oauth.code_of(profile, later, callback)
    other = attrs.evolve(profile, id="rose")
    with pytest.raises(AuthenticationError, match=f"begun for `{profile.id}`, not for `rose`"):
        oauth.code_of(other, authorization, callback)


def test_issuer() -> None:
    """The issuer that a Mastodon server states must be that server."""
    server = SIGN_INS["mastodon"].server()
    connect("mastodon", server, change=lambda a: f"{a}&iss=https%3A%2F%2Fmastodon.example%2F")
    evil = "https%3A%2F%2Fevil.example"
    assert "comes from `https://evil.example`" in refused(
        "mastodon", change=lambda a: f"{a}&iss={evil}"
    )


@pytest.mark.parametrize("name", NAMES)
def test_missing_scopes(name: str) -> None:
    """Scopes that the owner has not granted are named."""
    server = SIGN_INS[name].server()
    scopes = SIGN_INS[name].app().scopes
    server.granted = SIGN_INS[name].app().separator.join(scopes[:-1])
    message = refused(name, server)
    assert f"has not granted `{scopes[-1]}`;" in message


def test_wider_scope() -> None:
    """A scope of Mastodon contains its parts."""
    server = SIGN_INS["mastodon"].server()
    server.granted = "read write"
    assert connect("mastodon", server).scopes == ("read", "write")


@pytest.mark.parametrize("name", NAMES)
def test_other_account(name: str) -> None:
    """The account must be that of the profile."""
    message = refused(name, handle="@rosarium")
    assert "rosarium" in message
    assert "tulip" in message.lower()
    # A profile without a handle accepts the account that signs in; Facebook needs a single Page.
    server = SIGN_INS[name].server()
    if isinstance(server, FacebookOAuthServer):
        assert "exactly one Page" in refused(name, server, handle="")
        server.pages = server.pages[1:]
    assert connect(name, server, handle="").token.access == server.token


def test_pages() -> None:
    """A Page is found by its id, user name or name; without a token it cannot be connected."""
    for handle in ("104999", "@tulipair", "Tulip Air"):
        assert connect("facebook", SIGN_INS["facebook"].server(), handle=handle).account
    server = FacebookOAuthServer()
    server.pages = []
    assert "no Page" in refused("facebook", server)
    server.pages = [{"id": "104999", "name": "Tulip Air"}]
    assert "no token for the Page" in refused("facebook", server, handle="104999")


ANSWERS: list[tuple[httpx.Response, type[NetworkError], str]] = [
    (httpx.Response(200, json={"access_token": ""}), TransientError, "no access token"),
    (httpx.Response(200, json={"access_token": ["a"]}), TransientError, "no access token"),
    (httpx.Response(200, json=["token"]), TransientError, "no access token"),
    (httpx.Response(200, text="<html>"), TransientError, "no access token"),
    (
        httpx.Response(200, json={"access_token": "t", "token_type": "DPoP"}),
        TransientError,
        "of the type `bearer`",
    ),
    (
        httpx.Response(401, json={"error": "invalid_client"}),
        AuthenticationError,
        "check the client id and the client secret",
    ),
    (httpx.Response(200, json={"error": None}), TransientError, "no access token"),
    (httpx.Response(400, text="bad"), AuthenticationError, "it stated no reason"),
    (httpx.Response(200, json={"error": "invalid_grant"}), AuthenticationError, "already used"),
    (httpx.Response(400, json={"error": "server_error"}), NetworkError, "status 400"),
    (httpx.Response(404), AuthenticationError, "refused"),
    (httpx.Response(429), RateLimitedError, "429"),
    (httpx.Response(503), TransientError, "503"),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("answer", "kind", "message"), ANSWERS)
def test_answers(name: str, answer: httpx.Response, kind: type[NetworkError], message: str) -> None:
    """Every answer of the authorization server without a token is a typed error."""
    server = SIGN_INS[name].server()
    path = SIGN_INS[name].token_path
    server.scripted[path] = answer
    with pytest.raises(kind, match=message):
        connect(name, server)
    # The code may have been used, so the request is never repeated.
    assert server.requests.count(f"POST {path}") == 1


@pytest.mark.parametrize("name", NAMES)
def test_lost_response(name: str) -> None:
    """A request that may have used the code is not repeated."""
    server = SIGN_INS[name].server()
    sent: list[str] = []

    def lose(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.path)
        raise httpx.ReadError("broken", request=request)

    oauth, profile = SIGN_INS[name].app(), ACCOUNTS[name].profile
    authorization = oauth.begin(profile, redirect_uri=REDIRECT)
    callback = server.consent(authorization.url)
    with (
        httpx.Client(transport=httpx.MockTransport(lose)) as client,
        pytest.raises(NetworkError),
    ):
        run_oauth(oauth.finish(profile, authorization, callback), client=client)
    assert sent == [SIGN_INS[name].token_path]


@given(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.text(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.lists(st.integers()),
    )
)
def test_expiry(value: Any) -> None:
    """Whatever a server states as the expiry, the token has a valid one or none."""
    token, _ = XOAuth(client_id="a", clock=lambda: NOW)._token_in(
        _json({"access_token": "t", "expires_in": value}), "test", []
    )
    assert token.expires_at is None or NOW < token.expires_at <= NOW + dt.timedelta(days=3660)


def _json(values: object) -> Any:
    from socialcollab.transport import Response

    return Response(status=200, body=json.dumps(values).encode())


@pytest.mark.parametrize("name", ["facebook", "instagram", "x"])
def test_renewal(name: str) -> None:
    """A token is exchanged for a new one."""
    server = SIGN_INS[name].server()
    old = Token(access=server.token, refresh=server.refresh, expires_at=NOW)
    with server.client() as client:
        renewal = Renewal(SIGN_INS[name].app(clock=lambda: NOW), client=client)
        assert "secret" not in repr(renewal)
        new = renewal(old)
    assert new.access == server.token
    assert new.refresh == server.refresh
    assert (new.expires_at is None) == (name == "facebook")


@pytest.mark.parametrize("name", ["facebook", "mastodon", "x"])
def test_no_refresh_token(name: str) -> None:
    """A token without a refresh token cannot be renewed, and nothing is sent."""
    server = SIGN_INS[name].server()
    with (
        server.client() as client,
        pytest.raises(AuthenticationError, match="there is no refresh token; connect"),
    ):
        Renewal(SIGN_INS[name].app(), client=client)(Token(access="a", expires_at=NOW))
    assert server.requests == []


@pytest.mark.parametrize("name", ["facebook", "mastodon", "x"])
def test_revocation(name: str) -> None:
    """All tokens are revoked."""
    server = SIGN_INS[name].server()
    token = Token(access=server.token, refresh=server.refresh)
    with server.client() as client:
        run_oauth(SIGN_INS[name].app().revoke(token), client=client)
    expected = {
        "facebook": [server.refresh],
        "mastodon": [server.token],
        "x": [server.refresh, server.token],
    }
    assert server.revoked == expected[name]


def test_no_revocation() -> None:
    """Instagram has no request that revokes a token, so the error says where to do it."""
    with pytest.raises(RejectedError, match="Apps and websites"):
        run_oauth(SIGN_INS["instagram"].app().revoke(Token(access="a")))


def test_register_app() -> None:
    """An app is registered with a Mastodon server, whose account it then connects."""
    server = MastodonOAuthServer()
    with server.client() as client:
        oauth = run_oauth(register_app(SERVER, redirect_uri=REDIRECT), client=client)
        assert isinstance(oauth, MastodonOAuth)
        assert connect("mastodon", server, oauth=oauth).account == "tulip"
        with pytest.raises(RejectedError, match="absolute URI"):
            run_oauth(register_app(SERVER, redirect_uri="here"), client=client)
    with pytest.raises(InvalidValueError, match="without encryption"):
        run_oauth(register_app("http://mastodon.example", redirect_uri=REDIRECT))
    elsewhere = MastodonOAuth(
        server="https://other.example", client_id=CLIENT_ID, client_secret="b"
    )
    assert "sign in with the server of the profile" in refused("mastodon", oauth=elsewhere)


def test_invalid_values() -> None:
    """Mistakes of the application are found before the browser opens."""
    x, profile = XOAuth(client_id="a"), ACCOUNTS["x"].profile
    for redirect in (
        "https://[",
        "https://",
        "http://app.example/callback",
        "javascript:alert(1)",
        "/callback",
        "",
    ):
        with pytest.raises(InvalidValueError, match="the redirect address is"):
            x.begin(profile, redirect_uri=redirect)
    assert x.begin(profile, redirect_uri="http://127.0.0.1:8421/callback")
    with pytest.raises(InvalidValueError, match="is on mastodon, not on X"):
        x.begin(ACCOUNTS["mastodon"].profile, redirect_uri=REDIRECT)
    with pytest.raises(InvalidValueError, match="has no client id"):
        XOAuth(client_id="")
    with pytest.raises(InvalidValueError, match="without encryption"):
        FacebookOAuth(client_id="a", server="http://proxy.example")


@pytest.mark.filterwarnings("ignore:Unsupported scheme type")
def test_mastodon_description(shared_specs: Callable[[str], Path]) -> None:
    """The requests to Mastodon satisfy its OpenAPI description, except one type in it."""
    document = json.loads((shared_specs("mastodon") / "schema.json").read_text())
    # The documentation also allows a text, which servers before version 4.3 require.
    app = document["paths"]["/api/v1/apps"]["post"]["requestBody"]["content"]
    app["application/json"]["schema"]["properties"]["redirect_uris"] = {"type": "string"}
    described = described_by(document | {"servers": [{"url": SERVER}]})
    checked: set[str] = set()

    def check(request: httpx.Request, response: httpx.Response) -> None:
        exchange = Exchange(request, response)
        described.validate_request(exchange)
        described.validate_response(exchange, exchange.response)
        checked.add(f"{request.method} {request.url.path}")

    begun = SIGN_INS["mastodon"].app().begin(ACCOUNTS["mastodon"].profile, redirect_uri=REDIRECT)
    parameters = document["paths"]["/oauth/authorize"]["get"]["parameters"]
    names = {parameter["name"]: parameter.get("required", False) for parameter in parameters}
    sent = set(dict(parse_qsl(urlsplit(begun.url).query)))
    assert {name for name, required in names.items() if required} <= sent <= set(names)
    server = MastodonOAuthServer(check)
    with server.client() as client:
        oauth = run_oauth(register_app(SERVER, redirect_uri=REDIRECT), client=client)
        connected = connect("mastodon", server, oauth=oauth)
        run_oauth(oauth.revoke(connected.token), client=client)
    assert checked == {
        "GET /api/v1/accounts/verify_credentials",
        "POST /api/v1/apps",
        "POST /oauth/revoke",
        "POST /oauth/token",
    }


def test_meta_description(shared_specs: Callable[[str], Path]) -> None:
    """
    The requests to Facebook use edges and fields that Meta's description contains.

    It contains no node for ``oauth/access_token``, and nothing about the sign-in with Instagram.
    """
    nodes = Nodes(shared_specs("meta") / "api_specs/specs")

    def check(request: httpx.Request, _: httpx.Response) -> None:
        path = request.url.path.removeprefix("/v25.0/")
        if path in ("me/permissions", "me/accounts"):
            nodes.check(request, "User", path.partition("/")[2])
        if path in ("me/accounts", "104999"):
            nodes.check_fields(request, "Page")

    server = FacebookOAuthServer(check)
    connected = connect("facebook", server)
    with server.client() as client:
        facebook = SIGN_INS["facebook"].app()
        run_oauth(facebook.refresh(connected.token), client=client)
        run_oauth(facebook.revoke(connected.token), client=client)
    assert nodes.checked == {
        "DELETE User/permissions",
        "GET User/accounts",
        "GET User/permissions",
        "fields of Page",
    }


def test_x_description(shared_specs: Callable[[str], Path]) -> None:
    """
    X's description has the scopes and the host of the token address, but no path of the sign-in.

    The requests to ``/2/oauth2`` follow X's documentation, and cannot be validated.
    """
    document = json.loads((shared_specs("x") / "xdk/openapi.json").read_text())
    assert not [path for path in document["paths"] if "oauth" in path]
    flow = document["components"]["securitySchemes"]["OAuth2UserToken"]["flows"]
    assert flow["authorizationCode"]["tokenUrl"] == "https://api.x.com/2/oauth2/token"
    assert set(XOAuth.scopes) <= set(flow["authorizationCode"]["scopes"])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("path", ["token", "account"])
def test_secrets(name: str, path: str, caplog: pytest.LogCaptureFixture) -> None:
    """No secret appears in a log, repr or error, even if the server repeats all that it received."""
    server = SIGN_INS[name].server()
    caplog.set_level(logging.DEBUG)
    received: list[str] = []
    normal = server.handle_request

    def echo(request: httpx.Request) -> httpx.Response:
        request.read()
        received.append(f"{request.url} {request.content.decode()} {request.headers.raw}")
        response = normal(request)
        is_token = "token" in request.url.path or request.url.path.endswith("/apps")
        if is_token == (path == "token"):
            sent = " ".join(received)
            error = {"message": sent, "code": 100} if name == "facebook" else sent
            return httpx.Response(400, json={"error": error, "error_description": sent[-900:]})
        return response

    server.handle_request = echo  # type: ignore[method-assign]
    oauth, profile = SIGN_INS[name].app(), ACCOUNTS[name].profile
    authorization = oauth.begin(profile, redirect_uri=REDIRECT)
    callback = server.consent(authorization.url)
    with server.client() as client, pytest.raises(NetworkError) as caught:
        run_oauth(oauth.finish(profile, authorization, callback), client=client)
    error = caught.value
    seen = [str(error), repr(error), "".join(traceback.format_exception(error))]
    # Some tools record the local variables of a traceback.
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)][1:]
    seen += [repr(frame.f_locals) for frame in frames]
    seen += map(repr, (oauth, authorization, Renewal(oauth)))
    seen += [record.getMessage() for record in caplog.records]
    secrets = [
        CLIENT_SECRET,
        server.code,
        server.token,
        server.refresh,
        authorization.state,
        authorization.verifier,
        getattr(server, "short", ""),
    ]
    assert any(CLIENT_SECRET in text for text in received) or name == "x"
    assert not [(s, text) for text in seen for s in secrets if s and s in text]


@given(st.one_of(st.text(), st.binary().map(lambda data: data.decode("utf-8", "surrogateescape"))))
@example("&".join(f"a{number}=" for number in range(60)))
@example(f"{REDIRECT}?state=\ud800&code=1")
def test_any_callback(text: str) -> None:
    """Whatever a person pastes, the result is an error that hides it, and nothing is sent."""
    oauth, profile = XOAuth(client_id="a"), ACCOUNTS["x"].profile
    authorization = oauth.begin(profile, redirect_uri=REDIRECT)
    for callback in (text, f"{REDIRECT}?{text}", f"code={text}&state={authorization.state}x"):
        with pytest.raises(AuthenticationError) as caught:
            oauth.code_of(profile, authorization, callback)
        frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)][1:]
        assert authorization.state not in repr([frame.f_locals for frame in frames])


def test_cut_off_secret() -> None:
    """A secret of which a long message shows only the beginning is removed too."""
    server = SIGN_INS["x"].server()
    begin = "y" * (1000 - len("X refused to exchange the code: ") - 12)
    answer = {"error": "a", "error_description": begin + CLIENT_SECRET}
    server.scripted["/2/oauth2/token"] = httpx.Response(400, json=answer)
    message = refused("x", server)
    assert CLIENT_SECRET[:12] not in message
    assert message.endswith("y[secret]")
