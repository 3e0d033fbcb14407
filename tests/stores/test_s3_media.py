"""Media on object storage, against a server with the API of S3 on this machine."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import json
import logging
import subprocess
import sys
import traceback
from collections.abc import Iterator
from typing import Any

import httpx
import obstore
import obstore.exceptions
import pytest
from obstore.store import S3Store
from tests.networks.accounts import ACCOUNTS
from tests.networks.desks import desk_of
from tests.networks.graph_server import ACCOUNT, InstagramServer

from socialcollab.content import Image
from socialcollab.errors import (
    CorruptJournalError,
    InvalidValueError,
    NotFoundError,
    StoreUnavailableError,
)
from socialcollab.stores import S3Media
from socialcollab.testing import MediaContract
from socialcollab.transport import Media

pytestmark = pytest.mark.integration

JPEG = ACCOUNTS["instagram"].files[0]
MP4 = bytes.fromhex("00000018") + b"ftypmp42" + bytes(12)
SECRET = "s3-secret-access-key-5b1e"
BUCKET = "tulip-media"
FOLDERS = itertools.count(1)
BACKOFF: Any = {
    "init_backoff": dt.timedelta(milliseconds=2),
    "max_backoff": dt.timedelta(milliseconds=20),
    "base": 2,
}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server."""
    from moto.server import ThreadedMotoServer  # it takes long to import

    # The development server would otherwise print each request.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    running.start()
    host, port = running.get_host_and_port()
    address = f"http://{host}:{port}"
    assert httpx.put(f"{address}/{BUCKET}").status_code == 200
    yield address
    running.stop()


@pytest.fixture
def store(server: str) -> S3Store:
    """A new folder of a bucket."""
    return bucket(server)


def bucket(server: str, name: str = BUCKET, *, retries: int = 10) -> S3Store:
    return S3Store(
        name,
        prefix=f"agency/media-{next(FOLDERS)}",
        endpoint=server,
        region="us-east-1",
        access_key_id="tulip-key",
        secret_access_key=SECRET,
        client_options={"allow_http": True, "timeout": "5s"},
        # This server sometimes fails while an object is being replaced.
        retry_config={"max_retries": retries, "backoff": BACKOFF},
    )


@pytest.fixture
def media(store: S3Store) -> S3Media:
    return S3Media(store)


def name_of(digest: str) -> str:
    return digest.removeprefix("sha256:")


class TestS3Media(MediaContract):
    """The store keeps the promises of media stores."""

    @pytest.fixture
    def media(self, store: S3Store) -> Media:
        self.store = store
        return S3Media(store)

    # The server takes a while for hundreds of concurrent requests.
    @pytest.mark.integration
    def test_m06_concurrent_puts(self, media: Media) -> None:
        super().test_m06_concurrent_puts(media)

    @pytest.mark.integration
    def test_m07_put_and_delete(self, media: Media) -> None:
        super().test_m07_put_and_delete(media)

    def damage(self, media: Media, digest: str) -> bool:
        obstore.put(self.store, name_of(digest), b"damaged")
        return True


def test_large_content(media: S3Media, store: S3Store) -> None:
    """Large content is uploaded in parts, and ranges of it are read without the rest."""
    content = bytes(range(256)) * 70_000
    digest = media.put(io.BytesIO(content))
    meta = obstore.head(store, name_of(digest))
    # The tag of an object that was uploaded in parts ends with their number.
    assert str(meta["e_tag"]).strip('"').endswith("-3")
    assert media.size(digest) == len(content)
    with media.open(digest) as file:
        assert file.seek(-5, io.SEEK_END) == len(content) - 5
        assert file.read() == content[-5:]
        file.seek(10_000_001)
        assert file.read(7) == content[10_000_001:10_000_008]
        file.seek(0)
        assert file.read() == content
        file.seek(len(content) + 5)
        assert file.read(5) == b""
        with pytest.raises(ValueError, match="before the start"):
            file.seek(-1)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (JPEG, "image/jpeg"),
        (b"GIF89a" + bytes(9), "image/gif"),
        (MP4, "video/mp4"),
        (b"unknown", "application/octet-stream"),
    ],
)
def test_signed_url(media: S3Media, data: bytes, kind: str) -> None:
    """Anyone can download the content from a signed URL, with its media type."""
    digest = media.put(data)
    url = media.public_url(digest)
    assert url is not None
    response = httpx.get(url)
    assert (response.content, response.headers["content-type"]) == (data, kind)
    assert httpx.URL(url).params["X-Amz-Expires"] == "21600"
    assert SECRET not in url


def test_public_url(store: S3Store) -> None:
    """The URL in a public bucket is determined by the host."""
    media = S3Media(store, url=lambda digest: f"https://media.example/{name_of(digest)}")
    digest = media.put(b"tulips")
    assert media.public_url(digest) == f"https://media.example/{name_of(digest)}"
    with pytest.raises(NotFoundError):
        media.public_url(f"sha256:{'0' * 64}")


@pytest.mark.parametrize("lifetime", [dt.timedelta(0), dt.timedelta(days=7, seconds=1)])
def test_lifetime(store: S3Store, lifetime: dt.timedelta) -> None:
    """A signed URL is valid for one second to seven days."""
    with pytest.raises(InvalidValueError, match="a signed URL cannot be valid for"):
        S3Media(store, url_lifetime=lifetime)


def test_verification(store: S3Store, media: S3Media) -> None:
    """Content is verified once, and again after it was replaced."""
    digest = media.put(b"tulips")
    other = S3Media(store)
    for one in (media, other, other):
        with one.open(digest) as file:
            assert file.read() == b"tulips"
    opened = other.open(digest)
    obstore.put(store, name_of(digest), b"roses!")
    for one in (media, other):
        with pytest.raises(CorruptJournalError, match=digest):
            one.open(digest)
    # The file belongs to the version that was verified.
    with pytest.raises(StoreUnavailableError, match="PreconditionError"):
        opened.read()


def test_claim_in_other_folder(server: str, store: S3Store) -> None:
    """Each folder of a bucket can belong to another organization."""
    S3Media(store).claim("tulip")
    other = bucket(server)
    S3Media(other).claim("rose")
    with pytest.raises(InvalidValueError, match="`tulip`"):
        S3Media(store).claim("rose")


@pytest.mark.parametrize("broken", ["no server", "no bucket"])
def test_unavailable(server: str, store: S3Store, broken: str) -> None:
    """If the storage cannot be used, a typed error says so, without a secret."""
    where = "http://127.0.0.1:9" if broken == "no server" else server
    media = S3Media(bucket(where, "no-such-bucket", retries=0))
    digest = f"sha256:{'0' * 64}"
    uses: list[Any] = [lambda: media.put(b"x"), lambda: media.claim("tulip")]
    if broken == "no server":
        uses += [
            lambda: media.open(digest),
            lambda: media.size(digest),
            lambda: media.public_url(digest),
            lambda: media.delete(digest),
        ]
    for use in uses:
        with pytest.raises(StoreUnavailableError) as caught:
            use()
        shown = "".join(traceback.format_exception(caught.value))
        assert SECRET not in shown
        assert SECRET not in repr(media)


def test_refused_credentials(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused credentials are a typed error."""
    refusing = bucket(server)
    # Amazon's service answers with this status; this server accepts any credentials.
    monkeypatch.setattr(obstore, "put", _refuse)
    with pytest.raises(StoreUnavailableError, match="UnauthenticatedError"):
        S3Media(refusing).put(b"x")


def _refuse(*_: object, **__: object) -> None:
    raise obstore.exceptions.UnauthenticatedError("the signature does not match")


def test_interrupted_put(media: S3Media, store: S3Store) -> None:
    """Nothing is uploaded before the content has been read completely."""

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionError("interrupted")

    with pytest.raises(StoreUnavailableError):
        media.put(Failing(b"tulips"))
    assert [page for page in obstore.list(store) if page] == []


def test_instagram(media: S3Media) -> None:
    """Instagram downloads an image from the signed URL of a desk's media store."""
    tulip = ACCOUNTS["instagram"]
    downloaded: list[bytes] = []

    def check(request: httpx.Request, _: httpx.Response) -> None:
        if request.url.path == f"/v25.0/{ACCOUNT}/media" and request.method == "POST":
            response = httpx.get(json.loads(request.content)["image_url"])
            assert response.headers["content-type"] == "image/jpeg"
            downloaded.append(response.content)

    server = InstagramServer(check)
    server.now = dt.datetime.now(dt.UTC)

    def time() -> dt.datetime:
        return server.now

    with (
        tulip.connect(server, media=media) as network,
        desk_of(tulip.profile, network, media=media, clock=time, real_clock=time) as desk,
    ):
        eva = desk.acting_as("eva")
        image = Image.from_bytes(JPEG, alt="Een tulp")
        post = eva.publish_now(eva.draft("Lente", profiles=[tulip.profile.id], media=[image]))
        desk.run_due()
        assert desk.summary(post) == "published"
    assert downloaded == [JPEG]


MEMORY = """
import io, resource, sys
from obstore.store import S3Store
from socialcollab.stores import S3Media

class Video(io.RawIOBase):
    left = 120
    def read(self, size=-1):
        self.left -= 1
        return bytes([self.left % 256]) * 1_000_000 if self.left >= 0 else b""

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

media = S3Media(S3Store("tulip-media", endpoint=sys.argv[1], region="us-east-1",
    access_key_id="k", secret_access_key="s", client_options={"allow_http": True}))
media.put(b"warm")
before = peak()
digest = media.put(Video())
with S3Media(media._store).open(digest) as file:
    while file.read(100_000):
        pass
print(peak() - before)
"""


@pytest.mark.integration
def test_memory(server: str, store: S3Store) -> None:
    """A large video is stored and read with little memory."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, server], check=True, capture_output=True, text=True
    )
    assert float(done.stdout) < 60


def test_core_does_not_import_it() -> None:
    """The package of stores is importable without the extra."""
    code = "import sys, socialcollab.stores; sys.exit('obstore' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
