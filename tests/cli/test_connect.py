"""The command `connect`: the sign-in from a terminal, and the worker that then publishes."""

from __future__ import annotations

import datetime as dt
import io
import json
import logging
import re
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.networks.accounts import ACCOUNTS
from tests.networks.loopback import served
from tests.networks.oauth_servers import (
    CLIENT_ID,
    CLIENT_SECRET,
    SIGN_INS,
    MastodonOAuthServer,
    OAuthServer,
)

from socialcollab.cli import main
from socialcollab.cli.accounts import connect as command
from socialcollab.cli.accounts.tokens import (
    App,
    StoredTokens,
    TokenSources,
    open_credentials,
    stored_networks,
)
from socialcollab.cli.doctor import examine
from socialcollab.cli.output import Output
from socialcollab.desk import Desk
from socialcollab.errors import AuthenticationError
from socialcollab.organization import Organization
from socialcollab.stores import MemoryMedia, SqliteCredentials
from socialcollab.transport import Driver, Token

REDIRECT = "https://app.example/callback"
DOCUMENT = """
[organization]
id = "tulip"
timezone = "Europe/Amsterdam"

[[workspaces]]
id = "tulip"
lead = "eva"
default_approval = "none"

{profiles}

[[members]]
id = "eva"
[[members]]
id = "ben"

[roles.owner]
permissions = ["*"]

[[grants]]
to = "member:eva"
role = "owner"
on = {{ workspace = "*" }}
[[grants]]
to = "member:ben"
permissions = ["view"]
on = {{ workspace = "tulip" }}
"""
PROFILE = """
[[profiles]]
id = "{id}"
workspace = "tulip"
network = "{network}"
handle = "{handle}"
server = "{server}"
"""


def document(*names: str, server: str = "") -> str:
    profiles = (ACCOUNTS[name].profile for name in names)
    tables = [
        PROFILE.format(
            id=profile.id,
            network=profile.network,
            handle=profile.handle,
            server=server or profile.server,
        ).replace('server = ""\n', "")
        for profile in profiles
    ]
    return DOCUMENT.format(profiles="".join(tables))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, in which the variables of the apps are set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SOCIALCOLLAB_CREDENTIALS_KEY", raising=False)
    for network in ("X", "FACEBOOK", "INSTAGRAM"):
        monkeypatch.setenv(f"SOCIALCOLLAB_{network}_CLIENT_ID", CLIENT_ID)
        monkeypatch.setenv(f"SOCIALCOLLAB_{network}_CLIENT_SECRET", CLIENT_SECRET)
    return tmp_path


def new_desk(*names: str, server: str = "") -> None:
    organization = Organization.loads(document(*names, server=server))
    Desk.create("agency.db", organization, owner="eva").close()


class Terminal(io.StringIO):
    """A terminal, in which a person opens each printed address in a browser."""

    def __init__(self, browse: Callable[[str], None]) -> None:
        super().__init__()
        self.browse = browse
        self.threads: list[threading.Thread] = []

    def write(self, text: str) -> int:
        if re.match(r"https?://\S+\n$", text):
            thread = threading.Thread(target=self.browse, args=(text.strip(),))
            self.threads.append(thread)
            thread.start()
        return super().write(text)


def run(
    *arguments: str,
    browse: Callable[[str], None] = lambda _: None,
    client: httpx.Client | None = None,
) -> tuple[int, str, str]:
    """Run the command, and return its exit code and its outputs."""
    out, terminal = io.StringIO(), Terminal(browse)
    code = _run(["connect", *arguments], out, terminal, client)
    for thread in terminal.threads:
        thread.join()
    return code, out.getvalue(), terminal.getvalue()


def _run(arguments: list[str], out: Any, err: Any, client: httpx.Client | None) -> int:
    with_client = command.connect
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", out)
        patch.setattr("sys.stderr", err)
        if client is not None:

            def connect(args: Any, output: Output) -> int:
                return with_client(args, output, client=client)

            patch.setattr("socialcollab.cli.command_line.connect.connect", connect)
        return main(arguments)


@pytest.fixture
def mastodon() -> Iterator[tuple[MastodonOAuthServer, str]]:
    """A Mastodon server on this machine, and its address."""
    server = MastodonOAuthServer()
    server.account.now = dt.datetime.now(dt.UTC)
    with served(server) as address:
        yield server, address


def test_from_sign_in_to_post(mastodon: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """After `connect`, the worker publishes without further configuration, and `doctor` is content."""
    server, address = mastodon
    new_desk("mastodon", server=address)
    pages: list[str] = []

    def browse(url: str) -> None:
        assert url.startswith(f"{address}/oauth/authorize?")
        callback = server.consent(url)
        with pytest.raises(urllib.error.HTTPError):
            # Another program guesses the address, which does not end the wait.
            urllib.request.urlopen(callback.replace("state=", "state=x"))
        with urllib.request.urlopen(callback) as response:
            pages.append(response.read().decode())

    arguments = ("tulip-mastodon", "agency.db", "--member", "eva", "--port", "0")
    code, out, err = run(*arguments, browse=browse)
    assert (code, out.splitlines()[0]) == (
        0,
        "connected `tulip-mastodon` to the account `tulip` on mastodon; the token is in"
        " agency-tokens.db",
    ), err
    assert "close this page" in pages[0]
    assert server.code not in pages[0]
    assert Path("agency-tokens.db").stat().st_mode & 0o777 == 0o600
    with Desk.open("agency.db") as desk:
        (connection,) = desk.connections()
        assert (connection.by, connection.account) == ("eva", "tulip")
        assert "write:statuses" in connection.scopes
        eva = desk.acting_as("eva")
        eva.publish_now(eva.draft("De lente is er", profiles=["tulip-mastodon"]))
    assert main(["worker", "agency.db", "--once"]) == 0
    assert [post.text for post in server.account.posted] == ["De lente is er"]
    capsys.readouterr()
    assert main(["doctor", "agency.db"]) == 0
    report = capsys.readouterr().out
    assert "token of `tulip-mastodon`: there is a token, which does not expire" in report
    assert "credentials of `tulip-mastodon`: signed in to mastodon as `tulip`" in report
    assert "connection of `tulip-mastodon`: `eva` connected `tulip` on" in report
    # The same sign-in with a document, without a desk.
    Path("agency.toml").write_text(document("mastodon", server=address))
    code, out, err = run("tulip-mastodon", "agency.toml", "--port", "0", "--json", browse=browse)
    assert code == 0, err
    assert json.loads(out) == {
        "profile": "tulip-mastodon",
        "account": "tulip",
        "scopes": ["read:accounts", "read:statuses", "write:statuses", "write:media"],
        "expires_at": None,
        "tokens": "agency-tokens.db",
        "recorded": False,
    }


def paste(
    monkeypatch: pytest.MonkeyPatch,
    server: OAuthServer,
    change: Callable[[str], str] = lambda address: address,
) -> Callable[[str], None]:
    """Return a browser from whose address bar a person pastes the redirected address."""
    address: list[str] = []
    opened = threading.Event()

    class Stdin:
        def readline(self) -> str:
            assert opened.wait(10)
            return address[0]

    monkeypatch.setattr("sys.stdin", Stdin())

    def browse(url: str) -> None:
        address.append(f"{change(server.consent(url))}\n")
        opened.set()

    return browse


@pytest.mark.parametrize("name", ["facebook", "instagram", "x"])
def test_paste(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address is pasted if the browser is redirected elsewhere; the app is then stored."""
    new_desk(name)
    server = SIGN_INS[name].server()
    profile = ACCOUNTS[name].profile
    browse = paste(monkeypatch, server)
    arguments = (profile.id, "agency.db", "--member", "eva", "--redirect-uri", REDIRECT)
    with server.client() as client:
        code, out, err = run(*arguments, browse=browse, client=client)
    assert code == 0, err
    assert "connected `" in out
    with Desk.open("agency.db") as desk:
        (connection,) = desk.connections()
        # The worker renews the tokens of X and Instagram.
        assert connection.expires_at is None
        profiles = desk.organization.profiles_by_id
    credentials = SqliteCredentials("agency-tokens.db")
    # The environment of the worker does not need to contain the app.
    for variable in ("ID", "SECRET"):
        monkeypatch.delenv(f"SOCIALCOLLAB_{name.upper()}_CLIENT_{variable}")
    old = Token(access=server.token, refresh=server.refresh, expires_at=dt.datetime.now(dt.UTC))
    credentials.put(profile.id, old)
    with server.client() as client:
        tokens = StoredTokens(credentials, profiles, client=client)
        if name == "instagram":
            credentials.put(
                profile.id,
                Token(
                    access=server.token, expires_at=dt.datetime.now(dt.UTC) + dt.timedelta(days=20)
                ),
            )
        assert list(tokens.keep()) == []
        assert tokens(profile.id) == server.token
    renewed = credentials.read(profile.id)
    assert renewed is not None
    assert renewed != old


FAILURES: list[tuple[Callable[[str], str], str]] = [
    (lambda a: a.replace("state=", "state=x"), "connect the profile again"),
    (lambda a: a.replace("app.example", "evil.example"), "paste the whole address"),
    (lambda _: "", "no address was pasted; run the command again"),
    (lambda a: a.replace("code=", "error=access_denied&x="), "allow the app to use the account"),
]


@pytest.mark.parametrize(("change", "message"), FAILURES)
def test_failures(
    change: Callable[[str], str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each failure is one sentence with its repair, and nothing is stored."""
    new_desk("x")
    server = SIGN_INS["x"].server()
    browse = paste(monkeypatch, server, change)
    arguments = ("tulip-x", "agency.db", "--member", "eva", "--redirect-uri", REDIRECT)
    with server.client() as client:
        code, out, err = run(*arguments, browse=browse, client=client)
    assert (code, out) == (2, "")
    assert message in err.splitlines()[-1]
    assert SqliteCredentials("agency-tokens.db").read("tulip-x") is None
    with Desk.open("agency.db") as desk:
        assert desk.connections() == ()


def test_other_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the owner signed in with another account, the token is not stored."""
    new_desk("x")
    server = SIGN_INS["x"].server()
    server.account.handle = "rosarium"
    browse = paste(monkeypatch, server)
    arguments = ("tulip-x", "agency.db", "--member", "eva", "--redirect-uri", REDIRECT)
    with server.client() as client:
        code, _, err = run(*arguments, browse=browse, client=client)
    assert code == 2
    assert "sign in to X as `tulipair`, and connect again" in err
    assert SqliteCredentials("agency-tokens.db").read("tulip-x") is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tulip-x",), "name the member who connects the account with --member"),
        (("tulip-x", "--member", "evaa"), "did you mean `eva`"),
        (("tulip-x", "--member", "ben"), "connect"),
        (("tulip-y", "--member", "eva"), "did you mean `tulip-x`"),
        (("tulip-x", "--member", "eva", "--port", "99999"), "--port 99999 is not a port"),
        (("tulip-x", "--member", "eva", "--redirect-uri", "http://a.example"), "encryption"),
    ],
)
def test_wrong_arguments(arguments: tuple[str, ...], message: str) -> None:
    """A mistake is found before anyone signs in."""
    new_desk("x")
    code, _, err = run(arguments[0], "agency.db", *arguments[1:])
    assert code == 2
    assert message in err
    assert "https://x.com" not in err


@pytest.mark.integration
def test_unreachable_server() -> None:
    """If the network does not answer, the error names the server and says what to do."""
    new_desk("mastodon")

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with httpx.Client(transport=httpx.MockTransport(refuse)) as client:
        arguments = ("tulip-mastodon", "agency.db", "--member", "eva", "--port", "0")
        code, _, err = run(*arguments, client=client)
    assert code == 2
    assert "the connection of this machine to https://mastodon.example, and run the command" in err


def test_missing_app(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the app, the error names the variables and the redirect address to register."""
    new_desk("x")
    monkeypatch.delenv("SOCIALCOLLAB_X_CLIENT_ID")
    code, _, err = run("tulip-x", "agency.db", "--member", "eva", "--paste")
    assert code == 2
    assert "`SOCIALCOLLAB_X_CLIENT_ID` and `SOCIALCOLLAB_X_CLIENT_SECRET`" in err
    assert "http://127.0.0.1:8421/callback" in err


def test_used_port() -> None:
    """A port that another program uses is an error that says what to do."""
    new_desk("x")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        code, _, err = run("tulip-x", "agency.db", "--member", "eva", "--port", port)
    assert code == 2
    assert f"port {port} cannot be used" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["connect", "tulip-x", "agency.db", "--member", "eva", "--tokens", "agency.db"],
            "--tokens `agency.db` is the document or desk itself",
        ),
        (
            ["connect", "tulip-x", "agency.db", "--member", "eva", "--redirect-uri", "agency"],
            "it must begin with https://",
        ),
        (["worker", "agency.toml", "--once"], "`agency.toml` is a document"),
        (["doctor", "agency.toml"], "`agency.toml` is a document"),
        (["audit", "agency.toml"], "`agency.toml` is a document"),
        (["reindex", "agency.toml"], "`agency.toml` is a document"),
        (["worker", "missing.db", "--once"], "there is no desk `missing.db`"),
        (["run-due", "agency.db", "--budget", "-1"], "--budget `-1` is not a number of seconds"),
    ],
)
def test_wrong_values(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong argument is an error that names the argument, its value and what is expected."""
    new_desk("x")
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_foreign_profile(capsys: pytest.CaptureFixture[str]) -> None:
    """The doctor does not suggest to connect a profile that `connect` cannot connect."""
    text = document("x").replace('network = "x"', 'network = "linkedin"')
    Desk.create("agency.db", Organization.loads(text), owner="eva").close()
    open_credentials(Path("agency-tokens.db")).put("tulip-y", Token(access="a"))
    assert main(["doctor", "agency.db"]) == 1
    out = capsys.readouterr().out
    assert "there is no network for profile `tulip-x` on `linkedin`" in out
    assert "repair: pass all networks, including your own, with --networks" in out
    assert "socialcollab connect" not in out


def test_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the browser is never redirected, the command ends."""
    new_desk("x")
    monkeypatch.setattr("socialcollab.cli.accounts.connect._WAITS_S", 0.01)
    code, _, err = run("tulip-x", "agency.db", "--member", "eva", "--port", "0")
    assert code == 2
    assert "use --paste if the browser is on another machine" in err


@pytest.mark.parametrize("is_terminal", [True, False])
def test_bluesky(is_terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The app password is not shown on a terminal, and is verified before it is stored."""
    new_desk("bluesky")
    account = ACCOUNTS["bluesky"]
    given = ["wrong-password", account.secret, ""]

    class Stdin(io.StringIO):
        def isatty(self) -> bool:
            return is_terminal

        def readline(self, *_: int) -> str:
            assert not is_terminal
            return f"{given[0]}\n"

    monkeypatch.setattr("sys.stdin", Stdin())
    monkeypatch.setattr("getpass.getpass", lambda _: given[0])
    arguments = ("tulip-bluesky", "agency.db", "--member", "eva")
    server = account.server()
    with server.client() as client:
        code, _, err = run(*arguments, client=client)
        assert code == 2
        assert "Invalid identifier or password" in err
        assert "wrong-password" not in err
        given.pop(0)
        code, out, err = run(*arguments, client=client)
        assert code == 0, err
        assert account.secret not in out + err
        given.pop(0)
        assert "create one in the settings" in run(*arguments, client=client)[2]
    stored = SqliteCredentials("agency-tokens.db").read("tulip-bluesky")
    assert stored == Token(access=account.secret)


def test_other_networks() -> None:
    """A network that the command cannot connect is named."""
    text = document("x").replace('network = "x"', 'network = "linkedin"')
    Path("agency.toml").write_text(text)
    code, _, err = run("tulip-x", "agency.toml")
    assert code == 2
    assert "`tulip-x` is on linkedin, but this command only connects profiles on bluesky" in err


def test_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a key in the environment, the tokens are encrypted; without it, the error says so."""
    fernet = pytest.importorskip(
        "cryptography.fernet", reason="the extra `credentials` is not installed"
    )
    monkeypatch.setenv("SOCIALCOLLAB_CREDENTIALS_KEY", fernet.Fernet.generate_key().decode())
    open_credentials(Path("agency-tokens.db")).put("tulip-x", Token(access="geheim-1f"))
    assert b"geheim" not in Path("agency-tokens.db").read_bytes()
    monkeypatch.setenv("SOCIALCOLLAB_CREDENTIALS_KEY", "geheim-9c")
    new_desk("x")
    code, _, err = run("tulip-x", "agency.db", "--member", "eva")
    assert code == 2
    assert err.startswith("`SOCIALCOLLAB_CREDENTIALS_KEY`: the key for stored tokens is missing or")
    assert "geheim" not in err
    monkeypatch.delenv("SOCIALCOLLAB_CREDENTIALS_KEY")
    credentials = open_credentials(Path("agency-tokens.db"))
    checks = {check.name: check for check in examine("agency.db", credentials=credentials)}
    check = checks["token of `tulip-x`"]
    assert check.status == "problem"
    assert "it may have been stored with another key" in check.text
    assert check.repair.startswith("set `SOCIALCOLLAB_CREDENTIALS_KEY` to the key")


def test_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor reports missing, expired and expiring tokens and connections."""
    new_desk("x", "facebook")
    now = dt.datetime.now(dt.UTC)
    credentials = open_credentials(Path("agency-tokens.db"))

    def found(at: dt.datetime = now) -> dict[str, Any]:
        server = SIGN_INS["x"].server()
        with server.client() as client:
            checks = examine(
                "agency.db", credentials=credentials, client=client, clock=lambda: at,
                driver=Driver(sleep=lambda _: None),
            )  # fmt: skip
            return {check.name: check for check in checks}

    checks = found()
    assert checks["token of `tulip-x`"].status == "problem"
    assert checks["token of `tulip-x`"].repair == (
        "run `socialcollab connect tulip-x agency.db --member MEMBER`"
    )
    day = dt.timedelta(days=1)
    token = SIGN_INS["x"].server().token
    for days, status in ((-1, "problem"), (3, "warning"), (30, "ok")):
        credentials.put("tulip-x", Token(access=token, expires_at=now + days * day))
        assert found()["token of `tulip-x`"].status == status
    assert found()["credentials of `tulip-x`"].text == "signed in to x as `tulipair`"
    with Desk.open("agency.db") as desk:
        desk.acting_as("eva").connect(
            "tulip-x", account="tulipair", scopes=["tweet.write"], expires_at=now + 30 * day
        )
    for days, status in ((1, "ok"), (25, "warning"), (31, "problem")):
        check = found(now + days * day)["connection of `tulip-x`"]
        assert check.status == status
        assert "`eva` connected `tulipair`" in check.text
        assert "with tweet.write" in check.text


def test_worker_without_tokens(capsys: pytest.CaptureFixture[str]) -> None:
    """Without tokens and networks, the worker says how to connect the profiles."""
    new_desk("x")
    assert main(["worker", "agency.db", "--once"]) == 2
    assert (
        "`socialcollab connect PROFILE agency.db --member MEMBER`, or name the networks"
        in capsys.readouterr().err
    )
    assert not Path("agency-tokens.db").exists()
    assert main(["doctor", "agency.db", "--tokens", "other.db"]) == 2
    assert "there is no file `other.db` with tokens" in capsys.readouterr().err
    assert main(["run-due", "agency.db"]) == 0


def test_unconnected_profile() -> None:
    """A profile without a token is an error that names the command."""
    new_desk("x")
    credentials = open_credentials(Path("agency-tokens.db"))
    profile = ACCOUNTS["x"].profile
    tokens = StoredTokens(credentials, {profile.id: profile})
    assert repr(tokens) == "StoredTokens()"
    with (
        stored_networks(tokens, media=MemoryMedia()) as networks,
        pytest.raises(Exception) as error,
    ):
        Driver().run(
            networks["x"].adapter(profile).verify_credentials(),
            transport=networks["x"].transport(profile),
        )
    assert "`tulip-x` is not connected; connect it with `socialcollab connect`" in str(error.value)
    # The profile of a document that was adopted later is not known yet, and its token is used.
    credentials.put("tulip-new", Token(access="a"))
    assert tokens("tulip-new") == "a"


def test_secrets(
    mastodon: Any, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """No secret appears in an output, a log or the desk's file, also if the sign-in fails."""
    server, address = mastodon
    caplog.set_level(logging.DEBUG)
    new_desk("mastodon", server=address)

    def browse(url: str) -> None:
        urllib.request.urlopen(server.consent(url)).close()

    arguments = ("tulip-mastodon", "agency.db", "--member", "eva", "--port", "0")
    seen = [*run(*arguments, browse=browse)[1:]]
    server.scripted["/oauth/token"] = httpx.Response(
        400, json={"error": f"{CLIENT_SECRET} {server.code}"}
    )
    code, *outputs = run(*arguments, browse=browse)
    assert code == 2
    main(["doctor", "agency.db"])
    captured = capsys.readouterr()
    seen += [*outputs, captured.out, captured.err]
    seen += [record.getMessage() for record in caplog.records]
    stored = Path("agency.db").read_bytes()
    for secret in (CLIENT_SECRET, server.token, server.code):
        assert not [text for text in seen if secret in text]
        assert secret.encode() not in stored


@pytest.mark.parametrize("source", ["variable", "file"])
@pytest.mark.integration
def test_other_sources(
    source: str, mastodon: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The worker and the doctor also accept tokens in variables and in files."""
    server, address = mastodon
    new_desk("mastodon", server=address)
    options: list[str] = []
    if source == "variable":
        monkeypatch.setenv("SOCIALCOLLAB_TOKEN_TULIP_MASTODON", server.token)
    else:
        path = Path("tokens.toml")
        path.write_text(f'tulip-mastodon = "{server.token}"')
        path.chmod(0o600)
        options = ["--tokens", "tokens.toml"]
    assert main(["doctor", "agency.db", *options]) == 0
    assert "signed in to mastodon as `tulip`" in capsys.readouterr().out
    with Desk.open("agency.db") as desk:
        eva = desk.acting_as("eva")
        eva.publish_now(eva.draft("De lente is er", profiles=["tulip-mastodon"]))
    assert main(["worker", "agency.db", "--once", *options]) == 0
    assert [post.text for post in server.account.posted] == ["De lente is er"]
    assert not Path("agency-tokens.db").exists()
    assert (
        main(["connect", "tulip-mastodon", "agency.db", "--member", "eva", "--tokens", "a.toml"])
        == 2
    )
    assert "tokens cannot be stored in `a.toml`" in capsys.readouterr().err


def test_failed_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a sign-in that failed, the commands behave as if it had not been tried."""
    new_desk("x")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(["connect", "tulip-x", "agency.db", "--member", "eva", "--paste"]) == 2
    with Desk.open("agency.db") as desk:
        eva = desk.acting_as("eva")
        post = eva.publish_now(eva.draft("De lente is er", profiles=["tulip-x"]))
    assert main(["run-due", "agency.db"]) == 1
    with Desk.open("agency.db") as desk:
        assert [one.state.value for one in desk.deliveries(post)] == ["waiting"]
        assert desk.holds() == ()


def test_missing_token_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    """The doctor and the worker name the file in which a token is missing, and a similar entry."""
    new_desk("x")
    path = Path("tokens.toml")
    path.write_text('tulip-xx = "geheim-7"')
    path.chmod(0o600)
    message = "`tokens.toml` contains no token for `tulip-x`; did you mean `tulip-xx`?"
    assert main(["doctor", "agency.db", "--tokens", "tokens.toml"]) == 1
    out = capsys.readouterr().out
    assert f"token of `tulip-x`: {message}\n         repair: add the token to the file" in out
    assert "geheim" not in out
    tokens = StoredTokens(TokenSources(path), {})
    with pytest.raises(AuthenticationError) as error:
        tokens("tulip-x")
    assert str(error.value) == message


def test_unrenewable_token(tmp_path: Path) -> None:
    """A token that is not stored cannot be renewed, and the error names the command."""
    sources = TokenSources(tmp_path / "missing.db")
    with pytest.raises(
        AuthenticationError, match="connect the profile again with `socialcollab connect`"
    ):
        sources.renew("tulip-x", Token(access="a"), lambda: Token(access="b"))
    assert repr(sources) == "TokenSources()"
    assert "geheim" not in repr(App("id", "geheim"))
