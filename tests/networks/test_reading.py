"""Reading messages, own posts and counts, on every network and in the sandbox."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.networks import inbox_servers
from tests.networks.accounts import ACCOUNTS
from tests.networks.graph_server import graph_error

from socialcollab.content import MESSAGE_KINDS
from socialcollab.directory import Profile
from socialcollab.networks.sandbox import Sandbox
from socialcollab.networks.sandbox.adapter import SandboxAdapter, token_of
from socialcollab.testing import ReadingContract
from socialcollab.transport import (
    Counts,
    MessagePage,
    OutgoingPost,
    ReadingAdapter,
    Response,
    Transport,
)

CONTRACT = Path(__file__).resolve().parents[2] / "docs" / "contracts" / "adapters.md"
INBOXES: dict[str, Any] = {
    "bluesky": inbox_servers.BlueskyInbox,
    "facebook": inbox_servers.FacebookInbox,
    "instagram": inbox_servers.InstagramInbox,
    "mastodon": inbox_servers.MastodonInbox,
    "x": inbox_servers.XInbox,
}
GRAPH = ("facebook", "instagram")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", sorted(INBOXES), indirect=True)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class TestNetworks(ReadingContract):
    """The adapters of all networks keep the promises of adapters that read."""

    secrets = tuple(account.secret for account in ACCOUNTS.values())

    @pytest.fixture(autouse=True)
    def responses(self, name: str) -> None:
        if name in GRAPH:
            wait = {"retry-after": "60"}
            self.refused = Response(status=400, body=graph_error(400, 190, "expired").content)
            self.limited = Response(status=400, headers=wait, body=graph_error(400, 32, "").content)
            self.failed = Response(status=500, body=graph_error(500, 1, "unknown").content)

    @pytest.fixture
    def server(self, name: str) -> Any:
        return INBOXES[name]()

    @pytest.fixture
    def network(self, name: str, server: Any) -> Iterator[Any]:
        with ACCOUNTS[name].connect(server) as network:
            yield network

    @pytest.fixture
    def adapter(self, network: Any, name: str) -> ReadingAdapter:
        adapter: ReadingAdapter = network.adapter(ACCOUNTS[name].profile)
        return adapter

    @pytest.fixture
    def transport(self, network: Any, name: str) -> Transport:
        transport: Transport = network.transport(ACCOUNTS[name].profile)
        return transport

    @pytest.fixture
    def plant(self, server: Any) -> Callable[[int], list[str]]:
        plant: Callable[[int], list[str]] = server.plant
        return plant

    @pytest.fixture
    def spoil(self, server: Any) -> Callable[[], None]:
        spoil: Callable[[], None] = server.spoil
        return spoil

    @pytest.fixture
    def outgoing(self, name: str) -> OutgoingPost:
        return ACCOUNTS[name].outgoing()


class TestSandbox(ReadingContract):
    """The sandbox's adapter keeps the promises of adapters that read."""

    secrets = (token_of("tulip"),)
    profile = Profile(id="tulip", workspace="tulip", network="mastodon", handle="@tulip")

    @pytest.fixture
    def sandbox(self, tmp_path: Path) -> Iterator[Sandbox]:
        times = iter(range(10**6))
        start = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
        with Sandbox(
            tmp_path, durable=False, clock=lambda: start + dt.timedelta(seconds=next(times))
        ) as made:
            yield made

    @pytest.fixture
    def adapter(self, sandbox: Sandbox) -> ReadingAdapter:
        adapter: Any = sandbox.adapter(self.profile)
        return adapter

    @pytest.fixture
    def transport(self, sandbox: Sandbox) -> Transport:
        return sandbox.transport(self.profile)

    @pytest.fixture
    def plant(self, sandbox: Sandbox) -> Callable[[int], list[str]]:
        return lambda count: [sandbox.add_message("tulip", "Mooi!") for _ in range(count)]

    @pytest.fixture
    def spoil(self, sandbox: Sandbox) -> Callable[[], None]:
        def spoil() -> None:
            sandbox.add_message("tulip", "weg")
            with sandbox._timeline.writing() as db:
                db.execute(
                    "UPDATE messages SET body = '{}'"
                    " WHERE number = (SELECT max(number) FROM messages)"
                )

        return spoil

    @pytest.fixture
    def outgoing(self) -> OutgoingPost:
        return OutgoingPost(delivery="d1", profile=self.profile, text="De lente is er")


def test_promises_have_laws() -> None:
    """The contract page and the kit have the same promises."""
    promised = set(re.findall(r"^- \*\*(R\d+)\*\*", CONTRACT.read_text(encoding="utf-8"), re.M))
    laws = {getattr(law, "promise", None) for law in vars(ReadingContract).values()} - {None}
    assert promised == laws


class ForgetsCursor(SandboxAdapter):
    """Always reads from the beginning."""

    def messages(self, cursor="", **options):
        return super().messages("", **options)


class LosesLast(SandboxAdapter):
    """Does not return the last message of a page."""

    def messages(self, cursor="", **options):
        page = yield from super().messages(cursor, **options)
        return attrs.evolve(page, messages=page.messages[:-1])


class Unsorted(SandboxAdapter):
    """Returns the newest message first."""

    def messages(self, cursor="", **options):
        page = yield from super().messages(cursor, **options)
        return attrs.evolve(page, messages=page.messages[::-1])


class NeverEnds(SandboxAdapter):
    """Always claims that there are more messages."""

    def messages(self, cursor="", **options):
        page = yield from super().messages(cursor, **options)
        return attrs.evolve(page, more=True)


class IgnoresOptions(SandboxAdapter):
    """Returns messages of every kind and time."""

    def messages(self, cursor="", **options):
        return super().messages(cursor, kinds=MESSAGE_KINDS)


class AcceptsAnyCursor(SandboxAdapter):
    """Takes an invalid cursor for an empty one."""

    def messages(self, cursor="", **options):
        return super().messages(cursor if cursor.isdigit() else "", **options)


class Creates(SandboxAdapter):
    """Marks what it has read."""

    def messages(self, cursor="", **options):
        page = yield from super().messages(cursor, **options)
        yield attrs.evolve(self._request("POST", "/posts"), creates=0, repeat="no")
        return page


class LeaksToken(SandboxAdapter):
    """Has its token in the cursor."""

    def messages(self, cursor="", **options):
        page = yield from super().messages(cursor.partition("@")[0], **options)
        return attrs.evolve(page, cursor=f"{page.cursor}@{token_of('tulip')}")


class IgnoresErrors(SandboxAdapter):
    """Takes every response for an empty page."""

    def messages(self, cursor="", **options):
        yield next(super().messages(cursor, **options))
        return MessagePage(messages=(), cursor=cursor)


class CountsMissingPosts(SandboxAdapter):
    """Returns counts of posts that do not exist."""

    def counts(self, network_ids):
        yield from super().counts(network_ids)
        return dict.fromkeys(network_ids, Counts())


@pytest.mark.parametrize(
    ("broken", "law"),
    [
        (LosesLast, "test_r01_messages"),
        (Unsorted, "test_r02_order"),
        (ForgetsCursor, "test_r03_resume"),
        (NeverEnds, "test_r05_endless_pages"),
        (IgnoresOptions, "test_r07_since"),
        (IgnoresOptions, "test_r08_kinds"),
        (AcceptsAnyCursor, "test_r09_invalid_cursor"),
        (Creates, "test_r10_creates_nothing"),
        (IgnoresErrors, "test_r11_errors"),
        (CountsMissingPosts, "test_r12_own_posts"),
        (LeaksToken, "test_r13_secrets"),
    ],
)
@pytest.mark.integration
def test_broken_adapters(tmp_path: Path, broken: Any, law: str) -> None:
    """The kit reports the promise that a broken adapter breaks."""
    profile = TestSandbox.profile
    times = iter(range(10**6))
    start = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)

    class Kit(ReadingContract):
        secrets = (token_of("tulip"),)

    for kind in (SandboxAdapter, broken):
        with Sandbox(
            tmp_path / kind.__name__,
            durable=False,
            clock=lambda: start + dt.timedelta(seconds=next(times)),
        ) as sandbox:
            sandbox.add_message("tulip", "vraag", kind="direct")
            given = {
                "transport": sandbox.transport(profile),
                "outgoing": OutgoingPost(delivery="d1", profile=profile, text="De lente is er"),
                "plant": lambda count, box=sandbox: [
                    box.add_message("tulip", "Mooi!") for _ in range(count)
                ],
            }
            run = getattr(Kit(), law)
            names = run.__code__.co_varnames[2 : run.__code__.co_argcount]
            adapter = kind(**attrs.asdict(sandbox.adapter(profile), recurse=False))
            if kind is SandboxAdapter:
                run(adapter, **{name: given[name] for name in names})
            else:
                with pytest.raises((AssertionError, pytest.fail.Exception)):
                    run(adapter, **{name: given[name] for name in names})
