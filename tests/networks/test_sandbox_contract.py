"""The sandbox's adapter keeps the promises of adapters, as every network's profile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from socialcollab.content import Image, media_digest
from socialcollab.directory import Profile
from socialcollab.directory.networks import NETWORKS
from socialcollab.networks.sandbox import Sandbox
from socialcollab.networks.sandbox.adapter import token_of
from socialcollab.testing import AdapterContract
from socialcollab.transport import Adapter, Outgoing, Transport

CONTRACT = Path(__file__).resolve().parents[2] / "docs" / "contracts" / "adapters.md"


class TestSandboxAdapter(AdapterContract):
    secrets = (token_of("tulip"),)
    honours_keys = True

    @pytest.fixture(params=sorted(NETWORKS))
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
    def outgoing(self, profile: Profile) -> Outgoing:
        images = tuple(
            Image(digest=media_digest(data), alt="Een veld tulpen") for data in (b"1", b"2")
        )
        return Outgoing(
            delivery="d1",
            profile=profile,
            text="De lente is er 🌷",
            images=images,
            links=("https://tulip.example/lente",),
        )


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
