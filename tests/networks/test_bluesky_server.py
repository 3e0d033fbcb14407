"""Publishing to a real AT Protocol server on this machine."""

from __future__ import annotations

import datetime as dt
import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from tests.networks.accounts import ACCOUNTS, Account
from tests.networks.fake_server import Posted
from tests.networks.faults import CONTENTS, FAULTS, check_each_request, check_random_faults

from socialcollab.content import Image
from socialcollab.directory import Profile
from socialcollab.errors import AuthenticationError
from socialcollab.networks.bluesky import Bluesky
from socialcollab.stores import MemoryMedia
from socialcollab.transport import Driver, Found, OutgoingPost, ReadingAdapter

pytestmark = pytest.mark.integration

PACKAGES = ("@atproto/pds@0.4.217", "@did-plc/server@0.0.1")
SCRIPT = Path(__file__).with_name("pds_server.js")
PASSWORD = "abcd-efgh-ijkl-mnop"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002"
    "000100ffff03000006000557bfabd40000000049454e44ae426082"
)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def packages() -> Path:
    """The folder with the server's packages, which are installed only once."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node and npm are not installed")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = cache / "socialcollab-tests" / "pds-0.4.217"
    if not (folder / "installed").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text("{}")
        installed = subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--silent", *PACKAGES],
            cwd=folder,
            check=False,
            capture_output=True,
            text=True,
        )
        if installed.returncode:
            pytest.skip(f"the server's packages cannot be installed: {installed.stderr[-300:]}")
        (folder / "installed").touch()
    return folder


@pytest.fixture(scope="module")
def server(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server."""
    port, directory_port = _free_port(), _free_port()
    folder = tmp_path_factory.mktemp("pds")
    command = ["node", SCRIPT, packages, str(port), str(directory_port), folder]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        yield f"http://127.0.0.1:{port}"
        process.stdin.close()
        process.wait(timeout=30)


@pytest.fixture
def profile(server: str) -> Profile:
    """The profile of a new account on the server."""
    handle = f"t{random.SystemRandom().randrange(10**12)}.test"
    response = httpx.post(
        f"{server}/xrpc/com.atproto.server.createAccount",
        json={"handle": handle, "email": f"{handle}@example.org", "password": PASSWORD},
    )
    assert response.status_code == 200, response.text
    return Profile(
        id="tulip-bluesky", workspace="tulip", network="bluesky", handle=f"@{handle}", server=server
    )


def records_of(profile: Profile) -> list[dict[str, Any]]:
    """Return the posts in the repository of an account, newest first."""
    response = httpx.get(
        f"{profile.server}/xrpc/com.atproto.repo.listRecords",
        params={"repo": profile.handle.removeprefix("@"), "collection": "app.bsky.feed.post"},
    )
    return [record["value"] for record in response.json()["records"]]


def test_publish(profile: Profile) -> None:
    """A post with images, a link and a mention is stored as sent, looked up, and taken down."""
    media = MemoryMedia()
    image = Image.from_bytes(PNG, alt="Een tulp")
    media.put(PNG)
    post = OutgoingPost(
        delivery="d1",
        profile=profile,
        text=f"🌷 {profile.handle} #tulpen https://tulip.nl/lente",
        media=(attrs.evolve(image, data=None),),
        language="nl",
        labels=("graphic-media",),
    )
    with Bluesky({profile.id: PASSWORD}, media=media) as bluesky:
        adapter, transport, driver = bluesky.adapter(profile), bluesky.transport(profile), Driver()
        prepared = adapter.prepare(post, now=dt.datetime.now(dt.UTC), entropy=os.urandom(16))
        published = driver.run(adapter.publish(prepared, {}), transport=transport)
        assert driver.run(adapter.publish(prepared, {}), transport=transport) == published
        (record,) = records_of(profile)
        assert record["text"] == post.text
        kinds = [facet["features"][0]["$type"].partition("#")[2] for facet in record["facets"]]
        assert kinds == ["mention", "tag", "link"]
        assert record["embed"]["images"][0]["alt"] == "Een tulp"
        found = driver.run(adapter.find(prepared, {}), transport=transport)
        assert isinstance(found, Found)
        assert found.published == published
        for _ in range(2):
            driver.run(adapter.take_down(published.network_id), transport=transport)
        assert records_of(profile) == []


def test_own_posts(profile: Profile) -> None:
    """The account's posts since an instant are read from its repository."""
    with Bluesky({profile.id: PASSWORD}) as bluesky:
        adapter, transport, driver = bluesky.adapter(profile), bluesky.transport(profile), Driver()
        assert isinstance(adapter, ReadingAdapter)
        published = []
        for number in range(3):
            post = OutgoingPost(delivery=f"d{number}", profile=profile, text=f"tulp {number}")
            prepared = adapter.prepare(post, now=dt.datetime.now(dt.UTC), entropy=os.urandom(16))
            published.append(driver.run(adapter.publish(prepared, {}), transport=transport))
        early = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
        own = driver.run(adapter.own_posts(early), transport=transport)
        assert [(post.network_id, post.url) for post in own.posts] == [
            (one.network_id, one.url) for one in published
        ]
        assert [post.text for post in own.posts] == ["tulp 0", "tulp 1", "tulp 2"]
        assert own.complete
        later = driver.run(adapter.own_posts(own.posts[1].created_at), transport=transport)
        assert later.posts == own.posts[1:]


def test_wrong_password(profile: Profile) -> None:
    """A wrong password is an authentication error."""
    with Bluesky({profile.id: "wrong"}) as bluesky:
        flow = bluesky.adapter(profile).verify_credentials()
        with pytest.raises(AuthenticationError):
            Driver().run(flow, transport=bluesky.transport(profile))


class RealServer(httpx.BaseTransport):
    """
    The server as a transport, with the posts of an account.

    Its time is never set back, because the keys of the posts are in the order of their times.
    """

    def __init__(self, profile: Profile) -> None:
        self._now = dt.datetime.now(dt.UTC)
        self._profile = profile
        self._client = httpx.HTTPTransport()

    @property
    def now(self) -> dt.datetime:
        """The current time."""
        return self._now

    @now.setter
    def now(self, now: dt.datetime) -> None:
        self._now = max(self._now, now)

    @property
    def posted(self) -> list[Posted]:
        """The posts in the repository of the account, in the order of their keys."""
        return [
            Posted(uri, value["text"], value.get("reply", {}).get("parent", {}).get("uri", ""))
            for uri, value in all_records_of(self._profile)
        ]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        return self._client.handle_request(request)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def all_records_of(profile: Profile) -> list[tuple[str, dict[str, Any]]]:
    """Return the addresses and values of all posts of an account, oldest first."""
    found: list[tuple[str, dict[str, Any]]] = []
    cursor = ""
    while True:
        params = {
            "repo": profile.handle.removeprefix("@"),
            "collection": "app.bsky.feed.post",
            "limit": "100",
            "reverse": "true",
        }
        page = httpx.get(
            f"{profile.server}/xrpc/com.atproto.repo.listRecords",
            params=params | ({"cursor": cursor} if cursor else {}),
        ).json()
        found += [(record["uri"], record["value"]) for record in page["records"]]
        cursor = page.get("cursor", "")
        if not cursor or not page["records"]:
            return found


def real_account(profile: Profile) -> Account:
    return attrs.evolve(ACCOUNTS["bluesky"], profile=profile, secret=PASSWORD, files=(PNG,))


@pytest.mark.parametrize("content", CONTENTS)
def test_lost_answers(profile: Profile, content: str) -> None:
    """An answer is lost at each request in turn; the repository contains each post once."""
    check_each_request(real_account(profile), RealServer(profile), content, "lost answer")


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("content", CONTENTS)
def test_each_fault(profile: Profile, content: str, fault: str) -> None:
    """Every fault happens at every request of every kind of post."""
    check_each_request(real_account(profile), RealServer(profile), content, fault)


@pytest.mark.slow
def test_random_faults(profile: Profile, seconds: float) -> None:
    """Several requests fail at random."""
    until, seed, server = time.monotonic() + seconds, 0, RealServer(profile)
    while time.monotonic() < until:
        seed += 1
        check_random_faults(real_account(profile), server, CONTENTS, seed)
    print(f"{seed} runs with random faults")
