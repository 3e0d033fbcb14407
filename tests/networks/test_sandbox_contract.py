"""The sandbox's adapter keeps the promises of adapters, as every network's profile."""

from __future__ import annotations

import re
import zlib
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
    Hold each law at two networks, and at all others in the slow sessions.

    Mastodon can all that the laws speak of; the other goes by the law's name.
    """
    if "profile" not in metafunc.fixturenames:
        return
    names = sorted(NETWORKS)
    name = f"{metafunc.cls.__name__}.{metafunc.function.__name__}"
    chosen = {"mastodon", names[zlib.crc32(name.encode()) % len(names)]}
    others = [one for one in names if one not in chosen and metafunc.config.getoption("--seconds")]
    slow = [pytest.param(one, marks=pytest.mark.slow) for one in others]
    metafunc.parametrize("profile", [*sorted(chosen), *slow], indirect=True)


class TestSandboxAdapter(AdapterContract):
    secrets = (token_of("tulip"),)
    honours_keys = True

    @pytest.fixture
    def profile(self, request: pytest.FixtureRequest) -> Profile:
        return Profile(id="tulip", workspace="tulip", network=request.param, handle="@tulip")

    @pytest.fixture
    def sandbox(self, tmp_path: Path) -> Iterator[Sandbox]:
        with Sandbox(
            tmp_path, durable=False, honours_keys=self.honours_keys, thread_mark="|"
        ) as made:
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
            images=images,
            links=("https://tulip.example/lente",),
        )

    @pytest.fixture
    def thread(self, outgoing: OutgoingPost, adapter: Adapter) -> OutgoingPost | None:
        if "thread" not in adapter.description.features:
            return None
        return attrs.evolve(outgoing, text="een | twee | drie", links=())


class TestSandboxThatForgetsKeys(TestSandboxAdapter):
    honours_keys = False


def test_every_promise_has_a_law():
    promised = set(re.findall(r"^- \*\*(A\d+)\*\*", CONTRACT.read_text(encoding="utf-8"), re.M))
    laws = {
        getattr(law, "promise", None)
        for name, law in vars(AdapterContract).items()
        if name.startswith("test_")
    }
    assert promised == laws


class SilentOfTheLast(SandboxAdapter):
    """Says nothing of a thread's last part."""

    def publish(self, prepared, progress):
        flow, answer = super().publish(prepared, progress), None
        last = len(self._texts(prepared.outgoing)) - 1
        while True:
            try:
                op = flow.send(answer)
            except StopIteration as stop:
                return stop.value
            answer = None if isinstance(op, Created) and op.part == last else (yield op)


class BeginsAnew(SandboxAdapter):
    """Forgets after a crash which parts are out."""

    def publish(self, prepared, progress):
        return super().publish(prepared, {})


class FindsTheFirst(SandboxAdapter):
    """Looks for the first part alone."""

    def find(self, prepared, progress):
        found = yield from super().find(prepared, {})
        return Found(found.published) if isinstance(found, Found) else found


class ChangesUnseen(SandboxAdapter):
    """Says that a change makes nothing that could be seen."""

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


class BelievesAFailure(SandboxAdapter):
    """Takes a failed server's word for success."""

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
        reply = yield next(super().take_down(network_id))
        del reply


@pytest.mark.parametrize(
    ("broken", "law"),
    [
        (SilentOfTheLast, "test_a18_what_has_parts_says_so_of_each"),
        (BeginsAnew, "test_a19_a_thread_goes_on_after_any_part"),
        (FindsTheFirst, "test_a20_a_part_whose_answer_is_lost_is_found"),
        (ChangesUnseen, "test_a21_a_change_in_place_may_be_sent_again"),
        (BelievesAFailure, "test_a22_a_change_says_what_the_caller_can_do"),
        (BelievesAFailure, "test_a23_a_removal_says_what_the_caller_can_do"),
    ],
)
def test_a_broken_adapter_is_rejected_by_the_promise_it_breaks(tmp_path, broken, law):
    profile = Profile(id="tulip", workspace="tulip", network="mastodon", handle="@tulip")
    with Sandbox(tmp_path, durable=False, thread_mark="|") as sandbox:
        sound = sandbox.adapter(profile)
        outgoing = OutgoingPost(delivery="d1", profile=profile, text="een")
        given = {
            "outgoing": outgoing,
            "thread": attrs.evolve(outgoing, text="een | twee | drie"),
            "transport": sandbox.transport(profile),
        }
        names = getattr(AdapterContract, law).__code__.co_varnames[2:]
        rest = {name: value for name, value in given.items() if name in names}
        getattr(AdapterContract(), law)(sound, **rest)
        wrong = broken(**attrs.asdict(sound, recurse=False))
        with pytest.raises((AssertionError, pytest.fail.Exception)):
            getattr(AdapterContract(), law)(wrong, **rest)
