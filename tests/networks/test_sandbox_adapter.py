"""The sandbox's adapter keeps the promises of adapters, for the profiles of every network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from socialcollab.content import Image, media_digest
from socialcollab.directory import NETWORKS, Profile
from socialcollab.networks.sandbox.adapter import SandboxAdapter, token_of
from socialcollab.networks.sandbox.network import Sandbox
from socialcollab.testing import AdapterContract
from socialcollab.transport import (
    Adapter,
    Created,
    Found,
    OutgoingPost,
    Request,
    Response,
    Transport,
)

CONTRACT = Path(__file__).resolve().parents[2] / "docs" / "contracts" / "adapters.md"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """
    Run each law for Mastodon and X, and with --integration for every network.

    Mastodon has every feature that the laws cover; X is the strictest about lengths.
    """
    if "profile" not in metafunc.fixturenames:
        return
    every = metafunc.config.getoption("--integration")
    names = sorted(NETWORKS) if every else ["mastodon", "x"]
    metafunc.parametrize("profile", names, indirect=True)


class TestSandboxAdapter(AdapterContract):
    secrets = (token_of("tulip"),)
    honours_keys = True

    @pytest.fixture
    def profile(self, request: pytest.FixtureRequest) -> Profile:
        return Profile(id="tulip", workspace="tulip", network=request.param, handle="@tulip")

    @pytest.fixture
    def sandbox(self, tmp_path: Path) -> Iterator[Sandbox]:
        with Sandbox(tmp_path, durable=False, honours_keys=self.honours_keys) as made:
            yield made

    @pytest.fixture
    def adapter(self, sandbox: Sandbox, profile: Profile) -> Adapter:
        return sandbox.adapter(profile)

    @pytest.fixture
    def transport(self, sandbox: Sandbox, profile: Profile) -> Transport:
        return sandbox.transport(profile)

    @pytest.fixture
    def outgoing(self, profile: Profile) -> OutgoingPost:
        images = tuple(
            Image(digest=media_digest(data), alt="Een veld tulpen") for data in (b"1", b"2")
        )
        return OutgoingPost(
            delivery="d1",
            profile=profile,
            text="De lente is er 🌷",
            media=images,
            links=("https://tulip.example/lente",),
        )

    @pytest.fixture
    def thread(self, outgoing: OutgoingPost, adapter: Adapter) -> OutgoingPost | None:
        if "thread" not in adapter.description.features:
            return None
        return attrs.evolve(outgoing, text="een", thread=("twee", "drie"), links=())


class TestSandboxWithoutKeys(TestSandboxAdapter):
    honours_keys = False


def test_promises_have_laws():
    """The contract page and the kit have the same promises."""
    promised = set(re.findall(r"^- \*\*(A\d+)\*\*", CONTRACT.read_text(encoding="utf-8"), re.M))
    laws = {
        getattr(law, "promise", None)
        for name, law in vars(AdapterContract).items()
        if name.startswith("test_")
    }
    assert promised == laws


class OmitsLastPart(SandboxAdapter):
    """Does not yield `Created` for the last part of a thread."""

    def publish(self, prepared, progress):
        flow, answer = super().publish(prepared, progress), None
        last = len(self._texts(prepared.outgoing)) - 1
        while True:
            try:
                op = flow.send(answer)
            except StopIteration as stop:
                return stop.value
            answer = None if isinstance(op, Created) and op.part == last else (yield op)


class StartsOver(SandboxAdapter):
    """After a crash, ignores the parts that were already published."""

    def publish(self, prepared, progress):
        return super().publish(prepared, {})


class FindsOnlyFirstPart(SandboxAdapter):
    """Looks up the first part only."""

    def find(self, prepared, progress):
        found = yield from super().find(prepared, {})
        return Found(found.published) if isinstance(found, Found) else found


class HidesChanges(SandboxAdapter):
    """Declares that a change creates nothing."""

    def amend(self, prepared, network_id):
        flow, answer = super().amend(prepared, network_id), None
        while True:
            try:
                op = flow.send(answer)
            except StopIteration:
                return
            if isinstance(op, Request) and op.method == "PUT":
                op = attrs.evolve(op, creates=None, repeat="safe")
            answer = yield op


class IgnoresServerErrors(SandboxAdapter):
    """Treats a server error as success."""

    def amend(self, prepared, network_id):
        flow, answer = super().amend(prepared, network_id), None
        while True:
            try:
                op = flow.send(answer)
            except StopIteration:
                return
            answer = yield op
            if isinstance(answer, Response) and answer.status == 500:
                return

    def take_down(self, network_id):
        yield next(super().take_down(network_id))


@pytest.mark.parametrize(
    ("broken", "law"),
    [
        (OmitsLastPart, "test_a18_thread"),
        (StartsOver, "test_a19_continue_thread"),
        (FindsOnlyFirstPart, "test_a20_lost_part"),
        (HidesChanges, "test_a21_amend"),
        (IgnoresServerErrors, "test_a22_amend_errors"),
        (IgnoresServerErrors, "test_a23_take_down_errors"),
    ],
)
def test_broken_adapters(tmp_path, broken, law):
    """The kit reports the promise that a broken adapter breaks."""
    profile = Profile(id="tulip", workspace="tulip", network="mastodon", handle="@tulip")
    with Sandbox(tmp_path, durable=False) as sandbox:
        sound = sandbox.adapter(profile)
        outgoing = OutgoingPost(delivery="d1", profile=profile, text="een")
        given = {
            "outgoing": outgoing,
            "thread": attrs.evolve(outgoing, thread=("twee", "drie")),
            "transport": sandbox.transport(profile),
        }
        names = getattr(AdapterContract, law).__code__.co_varnames[2:]
        rest = {name: value for name, value in given.items() if name in names}
        getattr(AdapterContract(), law)(sound, **rest)
        wrong = broken(**attrs.asdict(sound, recurse=False))
        with pytest.raises((AssertionError, pytest.fail.Exception)):
            getattr(AdapterContract(), law)(wrong, **rest)
