"""The sandbox behaves like a network and lists the posts that it has created."""

from __future__ import annotations

import datetime as dt
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from socialcollab.content import Image, LinkCard, Poll, Video, media_digest
from socialcollab.directory import Profile
from socialcollab.errors import (
    AuthenticationError,
    InvalidValueError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from socialcollab.networks.sandbox.faults import FaultKind, InjectedFault
from socialcollab.networks.sandbox.network import Sandbox
from socialcollab.networks.sandbox.timeline import RateLimit
from socialcollab.stores import MemoryMedia
from socialcollab.transport import Driver, Found, Missing, OutgoingPost, RetryPolicy, Transport

NOW = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
X = Profile(id="tulip-x", workspace="tulip", network="x", handle="@tulipair")
MASTODON = Profile(id="tulip-m", workspace="tulip", network="mastodon", handle="@tulip")
GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"
IMAGE = Image.from_bytes(GIF, alt="Een veld tulpen")
VIDEO = Video(digest="sha256:" + "1" * 64, size_bytes=10)


class Hand:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> dt.datetime:
        return self.at


def driver(*, tries: int = 1) -> Driver:
    return Driver(retry=RetryPolicy(tries=tries), sleep=lambda _: None)


def outgoing(profile: Profile = X, *, delivery: str = "d1", **options) -> OutgoingPost:
    return OutgoingPost(
        delivery=delivery, profile=profile, **{"text": "De lente is er 🌷", **options}
    )


def prepared_of(sandbox: Sandbox, out: OutgoingPost):
    return sandbox.adapter(out.profile).prepare(out, now=NOW, entropy=bytes(16))


def publish(sandbox: Sandbox, out: OutgoingPost, *, tries: int = 1, **options):
    adapter = sandbox.adapter(out.profile)
    flow = adapter.publish(prepared_of(sandbox, out), {})
    transport = sandbox.transport(out.profile)
    return driver(tries=tries).run(flow, transport=transport, **options)


def find(sandbox: Sandbox, out: OutgoingPost):
    flow = sandbox.adapter(out.profile).find(prepared_of(sandbox, out), {})
    return driver().run(flow, transport=sandbox.transport(out.profile))


@pytest.fixture
def made(tmp_path: Path) -> Iterator[list[Sandbox]]:
    sandboxes: list[Sandbox] = []
    yield sandboxes
    for sandbox in sandboxes:
        sandbox.close()


@pytest.fixture
def sandbox(tmp_path: Path, made: list[Sandbox]) -> Sandbox:
    made.append(Sandbox(tmp_path, durable=False))
    return made[0]


@pytest.fixture
def with_faults(tmp_path: Path, made: list[Sandbox]):
    def make(*faults: InjectedFault, **options) -> Sandbox:
        made.append(Sandbox(tmp_path, durable=False, faults=faults, **options))
        return made[-1]

    return make


def test_published_post(sandbox):
    """A published post is on the timeline with all its content."""
    out = outgoing(
        MASTODON,
        media=(IMAGE,),
        language="nl",
        labels=("food",),
        links=("https://tulip.example/",),
    )
    published = publish(sandbox, out)
    (post,) = sandbox.posts()
    assert find(sandbox, out) == Found(published)
    assert (post.network_id, post.url) == (published.network_id, published.url)
    assert post.created_at == published.at == NOW
    assert post.media == (attrs.evolve(IMAGE, data=None),)
    assert (post.language, post.labels, post.links) == ("nl", ("food",), out.links)
    assert post.text == "De lente is er 🌷\nhttps://tulip.example/"
    assert not post.removed
    publish(sandbox, outgoing(X))
    publish(sandbox, outgoing(X, delivery="d2", poll=Poll(options=("ja", "nee"))))
    assert [post.profile for post in sandbox.posts()] == ["tulip-m", "tulip-x", "tulip-x"]
    assert [post.options for post in sandbox.posts("tulip-x")] == [(), ("ja", "nee")]


def test_details(sandbox):
    """The sandbox shows formats, replies, quotes, cards, covers, visibility and partnerships."""
    video = attrs.evolve(VIDEO, cover=attrs.evolve(IMAGE, data=None))
    bluesky = attrs.evolve(X, network="bluesky")
    card = LinkCard(url="https://tulip.nl", title="Tulip", image=attrs.evolve(IMAGE, data=None))
    shown = outgoing(MASTODON, media=(video,), card=card, visibility="followers", quote_of="17")
    publish(sandbox, shown)
    reply = outgoing(X, reply_to="17", paid_partnership=True, first_comment="#a", delivery="d2")
    publish(sandbox, reply)
    story = outgoing(attrs.evolve(X, network="facebook"), text="", media=(video,), format="story")
    publish(sandbox, attrs.evolve(story, delivery="d3"))
    publish(sandbox, outgoing(bluesky, card=card, delivery="d5"))
    first, second, comment, third, fourth = sandbox.posts()
    # Mastodon makes the card from the link, and Facebook shows no covers.
    assert (first.media, first.card, fourth.card) == ((video,), None, card)
    assert (first.links, fourth.links) == ((card.url,), ())
    assert (first.visibility, first.quote_of) == ("followers", "17")
    assert (second.reply_to, second.paid_partnership) == ("17", True)
    assert (comment.text, comment.in_reply_to) == ("#a", second.network_id)
    assert (third.format, third.media) == ("story", (VIDEO,))
    page = "".join(path.read_text() for path in sandbox.write_preview().parent.glob("*.html"))
    for text in ("In reply to 17", "Visible to followers", "Story", "Paid partnership", "Tulip"):
        assert text in page
    refused = outgoing(X, text="\u200b", delivery="d4")
    with pytest.raises(RejectedError, match="empty post"):
        publish(sandbox, refused)


def test_first_comment_without_media(sandbox):
    """A first comment has no media, even on a network whose posts need some."""
    jpeg = attrs.evolve(IMAGE, media_type="image/jpeg")
    instagram = attrs.evolve(X, network="instagram")
    publish(sandbox, outgoing(instagram, media=(jpeg,), first_comment="#tulips"))
    post, comment = sandbox.posts()
    assert (comment.text, comment.media, comment.in_reply_to) == ("#tulips", (), post.network_id)


def test_removed_post(sandbox):
    """A removed post is marked as removed and still found by its key."""
    published = publish(sandbox, outgoing())
    flow = sandbox.adapter(X).take_down(published.network_id)
    driver().run(flow, transport=sandbox.transport(X))
    assert sandbox.posts()[0].removed
    assert isinstance(find(sandbox, outgoing()), Found)


@pytest.mark.parametrize(
    ("profile", "options", "problem"),
    [
        (X, {"text": "é" * 281}, "281 characters, as X counts them; the limit is 280"),
        (X, {"text": " "}, "does not accept an empty post"),
        (X, {"media": (IMAGE,) * 5}, "5 images; X allows 4"),
        (X, {"labels": ("food",)}, "does not accept labels"),
        (X, {"media": (attrs.evolve(IMAGE, alt="a" * 1001),)}, "alt text of image 1 is 1001"),
        (
            X,
            {"text": "x" * 270, "links": ("https://tulip.example/",)},
            "as X counts them; the limit is 280",
        ),
        (attrs.evolve(X, network="instagram"), {}, "not accept a post without an image"),
        (attrs.evolve(X, network="instagram"), {"media": (IMAGE,)}, "image/gif"),
        (
            attrs.evolve(X, network="facebook"),
            {"poll": Poll(options=("a", "b"))},
            "not accept a poll",
        ),
    ],
)
def test_limits(sandbox, profile, options, problem):
    """The adapter and the server both reject a post that exceeds the limits of its network."""
    out = outgoing(profile, **options)
    with pytest.raises(RejectedError, match=problem):
        prepared_of(sandbox, out)
    # The server also rejects the post if the adapter does not check it.
    allowed = prepared_of(sandbox, outgoing(attrs.evolve(profile, network="mastodon")))
    careless = attrs.evolve(allowed, outgoing=out)
    with pytest.raises(RejectedError):
        driver().run(
            sandbox.adapter(profile).publish(careless, {}), transport=sandbox.transport(profile)
        )
    assert sandbox.posts() == ()


@pytest.mark.parametrize("tries", [1, 3])
def test_lost_answer(with_faults, tries):
    """If the response is lost and the post is sent again, it is created only once."""
    sandbox = with_faults(InjectedFault("lost_answer", profile="tulip-x"))
    if tries == 1:
        with pytest.raises(OutcomeUnknownError):
            publish(sandbox, outgoing())
        assert isinstance(find(sandbox, outgoing()), Found)
        publish(sandbox, outgoing())
    else:
        publish(sandbox, outgoing(), tries=tries)
    assert len(sandbox.posts()) == 1


def test_server_without_keys(with_faults):
    """A server that ignores keys creates a second post for a second request."""
    sandbox = with_faults(InjectedFault("lost_answer"), honours_keys=False)
    with pytest.raises(OutcomeUnknownError):
        publish(sandbox, outgoing(), tries=3)
    assert len(sandbox.posts()) == 1, "the driver did not send it again by itself"
    publish(sandbox, outgoing())
    assert len(sandbox.posts()) == 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (InjectedFault("lost_request"), OutcomeUnknownError),
        (InjectedFault("server_error"), OutcomeUnknownError),
        (InjectedFault("rate_limited", retry_after_s=600), RateLimitedError),
        (InjectedFault("unauthorized"), AuthenticationError),
        (InjectedFault("rejected"), RejectedError),
    ],
)
def test_faults_before_creation(with_faults, fault, error):
    """Faults that prevent a post raise an error that indicates what the sender can do."""
    sandbox = with_faults(fault)
    with pytest.raises(error) as raised:
        publish(sandbox, outgoing())
    assert find(sandbox, outgoing()) == Missing(conclusive_after=dt.timedelta(0))
    assert getattr(raised.value, "retry_after_s", 600) == 600
    assert raised.value.network == "x"
    publish(sandbox, outgoing())
    assert len(sandbox.posts()) == 1


@pytest.mark.parametrize("kind", ["lost_answer", "lost_request"])
def test_interrupted_upload(with_faults, kind):
    """If the response to an upload is lost, the upload is repeated, and the post has one image."""
    sandbox = with_faults(InjectedFault(kind, on="upload"))
    with pytest.raises(TransientError):
        publish(sandbox, outgoing(media=(IMAGE,)))
    publish(sandbox, outgoing(media=(IMAGE,)))
    assert [len(post.media) for post in sandbox.posts()] == [1]


def test_fault_count(with_faults):
    """Faults are counted in the folder, so a restart does not repeat them."""
    fault = InjectedFault("rejected", times=2)
    outcomes = []
    for number in range(4):
        sandbox = with_faults(fault)
        try:
            publish(sandbox, outgoing(delivery=f"d{number}"))
            outcomes.append("made")
        except RejectedError:
            outcomes.append("refused")
    assert outcomes == ["refused", "refused", "made", "made"]


def test_fault_probability():
    """The same seed makes the same decisions, at about the given rate."""

    def course(seed: int) -> list[bool]:
        fault = InjectedFault("rejected", times=None, probability=0.5, seed=seed)
        return [fault.happens(chances=number, happened=0) for number in range(400)]

    assert course(1) == course(1) != course(2)
    assert 150 < sum(course(1)) < 250
    assert not any(
        InjectedFault("rejected", times=0).happens(chances=n, happened=0) for n in range(9)
    )


def test_fault_selection(with_faults):
    """A fault affects only the given profile or network."""
    sandbox = with_faults(
        InjectedFault("rejected", profile="tulip-m", times=None),
        InjectedFault("rate_limited", network="bluesky", times=None),
    )
    publish(sandbox, outgoing(X))
    with pytest.raises(RejectedError):
        publish(sandbox, outgoing(MASTODON))
    with pytest.raises(RateLimitedError):
        publish(sandbox, outgoing(attrs.evolve(X, network="bluesky")))


@pytest.mark.parametrize("kind", FaultKind)
def test_fault_defaults(kind):
    """A fault accepts a kind or its value, and has default values for its action and delay."""
    fault = InjectedFault(kind)
    assert fault == InjectedFault(kind.value)
    expected = {"lagging_reads": "find", "unauthorized": "any"}.get(kind.value, "create")
    assert fault.on == expected
    assert (fault.delay_s > 0) == (kind.value in {"slow", "late_arrival", "lagging_reads"})


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("nonsense", {}, "`nonsense` is not a kind of fault"),
        ("rejected", {"times": -1}, "times of fault `rejected` is -1"),
        ("rejected", {"probability": 1.5}, "probability of fault `rejected` is 1.5"),
        ("rejected", {"probability": -0.1}, "probability of fault `rejected` is -0.1"),
        ("rejected", {"delay_s": 3}, "delay_s does not apply to fault `rejected`, only to `slow`"),
        ("rejected", {"retry_after_s": 3}, "retry_after_s does not apply to fault `rejected`"),
        ("rejected", {"retry_after_s": None}, "retry_after_s does not apply to fault `rejected`"),
        ("rejected", {"on": "upload"}, "fault `rejected` cannot affect `upload` requests"),
        ("rejected", {"on": "nonsense"}, "`nonsense` is not an action of the sandbox"),
        ("rate_limited", {"retry_after_s": -1}, "retry_after_s of fault `rate_limited` is -1"),
        ("slow", {"delay_s": -1}, "delay_s of fault `slow` is -1"),
        ("late_arrival", {"on": "take_down"}, "cannot affect `take_down` requests"),
        ("duplicate_id", {"on": "amend"}, "cannot affect `amend` requests"),
        ("lagging_reads", {"on": "create"}, "cannot affect `create` requests"),
        ("unauthorized", {"on": "find"}, "cannot affect `find` requests"),
    ],
)
def test_fault_validation(kind, options, message):
    """A value that is out of range or does not apply to the kind is rejected."""
    with pytest.raises(InvalidValueError, match=message):
        InjectedFault(kind, **options)


def test_rate_limit(with_faults):
    """Rate limits use the clock of the timeline, and a repeated key does not count."""
    clock = Hand()
    limit = RateLimit(posts=2, per=dt.timedelta(minutes=15))
    sandbox = with_faults(rate_limit=limit, clock=clock)
    publish(sandbox, outgoing(delivery="d1"))
    clock.at += dt.timedelta(minutes=5)
    publish(sandbox, outgoing(delivery="d2"))
    publish(sandbox, outgoing(MASTODON, delivery="d3"))
    with pytest.raises(RateLimitedError) as raised:
        publish(sandbox, outgoing(delivery="d4"))
    assert raised.value.retry_after_s == 600
    publish(sandbox, outgoing(delivery="d1"))
    clock.at += dt.timedelta(minutes=10)
    publish(sandbox, outgoing(delivery="d4"))
    assert len(sandbox.posts("tulip-x")) == 3


class Late:
    """A transport whose creating requests take a long time to arrive."""

    def __init__(self, inner: Transport, clock: Hand, by: dt.timedelta) -> None:
        self.inner, self.clock, self.by = inner, clock, by

    def send(self, request, *, timeout_s):
        if request.creates is not None:
            self.clock.at += self.by
        return self.inner.send(request, timeout_s=timeout_s)

    def close(self) -> None: ...


def test_late_request(with_faults):
    """A request that arrives after its deadline creates nothing."""
    clock = Hand()
    sandbox = with_faults(real_clock=clock)
    transport = Late(sandbox.transport(X), clock, dt.timedelta(seconds=31))
    flow = sandbox.adapter(X).publish(prepared_of(sandbox, outgoing()), {})
    with pytest.raises(TransientError):
        Driver(clock=clock, retry=RetryPolicy(tries=1)).run(flow, transport=transport)
    assert sandbox.posts() == ()


def test_slow_server(with_faults):
    """A slow server creates the post only if the deadline allows it."""
    slept: list[float] = []
    sandbox = with_faults(InjectedFault("slow", delay_s=3, times=None), sleep=slept.append)
    publish(sandbox, outgoing(), send_within_s=10)
    assert len(sandbox.posts()) == 1
    with pytest.raises(OutcomeUnknownError):
        publish(sandbox, outgoing(delivery="d2"), send_within_s=2)
    assert len(sandbox.posts()) == 1
    assert slept == [pytest.approx(3), pytest.approx(2, abs=0.1)]


def test_deadline_while_waiting_for_lock(sandbox, tmp_path):
    """A request that waits for the lock until after its deadline creates nothing."""
    publish(sandbox, outgoing(delivery="d0"))
    other = sqlite3.connect(tmp_path / "timeline.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    outcome: list[object] = []

    def send() -> None:
        try:
            outcome.append(publish(sandbox, outgoing(), send_within_s=0.05))
        except (OutcomeUnknownError, TransientError) as error:
            outcome.append(error)

    thread = threading.Thread(target=send)
    thread.start()
    deadline = time.monotonic() + 0.1
    while time.monotonic() < deadline:
        other.execute("SELECT 1").fetchall()
    other.execute("COMMIT")
    other.close()
    thread.join()
    assert isinstance(outcome[0], (OutcomeUnknownError, TransientError))
    assert find(sandbox, outgoing()) == Missing(conclusive_after=dt.timedelta(0))


def test_wrong_token(sandbox):
    """An invalid token is rejected."""
    flow = sandbox.adapter(MASTODON).publish(prepared_of(sandbox, outgoing(MASTODON)), {})
    with pytest.raises(AuthenticationError):
        driver().run(flow, transport=sandbox.transport(X))


def test_unwritable_timeline(tmp_path, made):
    """If the timeline cannot be written, nothing was created."""
    blocked = tmp_path / "file"
    blocked.mkdir()
    (blocked / "timeline.db").mkdir()
    made.append(Sandbox(blocked))
    with pytest.raises(TransientError):
        publish(made[0], outgoing())


def test_preview(with_faults):
    """The preview shows the images from the media store, and its pages escape the text."""
    media = MemoryMedia()
    media.put(GIF)
    sandbox = with_faults(media=media)
    publish(sandbox, outgoing(media=(IMAGE,), text="<script>alert(1)</script>"))
    index = sandbox.write_preview(zone="Europe/Amsterdam")
    page = (index.parent / "timeline-x.html").read_text(encoding="utf-8")
    assert (index.parent / "media" / f"{IMAGE.digest[7:]}.gif").read_bytes() == GIF
    assert f'src="media/{IMAGE.digest[7:]}.gif"' in page
    assert "Een veld tulpen" in page
    assert "7 April 2026, 09:30" in page
    assert "<script" not in page
    assert 'href="timeline-x.html"' in index.read_text(encoding="utf-8")
    missing = Image(digest=media_digest(b"other"))
    with pytest.raises(RejectedError, match="not stored"):
        publish(sandbox, outgoing(delivery="d2", media=(missing,)))


def test_preview_of_networks(tmp_path, made):
    """Each network has a page, newest post first; the parts of a thread are together and in order."""
    made.append(Sandbox(tmp_path / "a", durable=False))
    sandbox = made[0]
    for number, profile in enumerate((X, MASTODON, X)):
        publish(
            sandbox,
            outgoing(
                profile, delivery=f"d{number}", text=f"een{number}", thread=(f"twee{number}",)
            ),
        )
    index = sandbox.write_preview()
    page = (index.parent / "timeline-x.html").read_text(encoding="utf-8")
    words = ["een2", "twee2", "een0", "twee0"]
    assert words == sorted(words, key=page.index)
    assert ("een1" in page, page.count('class="thread"')) == (False, 2)
    overview = index.read_text(encoding="utf-8")
    for post in sandbox.posts():
        file, _, place = post.page.partition("#")
        assert f'href="{file}"' in overview
        assert f'id="{place}"' in (index.parent / file).read_text(encoding="utf-8")


def test_long_preview(sandbox, monkeypatch):
    """A page shows a limited number of posts, and the number of omitted posts."""
    monkeypatch.setattr("socialcollab.networks.sandbox.preview._POSTS_PER_PAGE", 2)
    for number in range(5):
        publish(sandbox, outgoing(delivery=f"d{number}", text=f"tekst {number}"))
    page = (sandbox.write_preview().parent / "timeline-x.html").read_text(encoding="utf-8")
    assert "3 older posts and threads are not shown." in page
    assert ("tekst 4" in page, "tekst 2" in page) == (True, False)


def test_empty_preview(sandbox):
    """There is also a preview of an empty timeline."""
    assert "Nothing is published yet" in sandbox.write_preview().read_text(encoding="utf-8")


def test_custom_network(tmp_path, made):
    """A network that is not built in must have a description."""
    unknown = attrs.evolve(X, network="hyves")
    made.append(Sandbox(tmp_path / "a", durable=False))
    with pytest.raises(InvalidValueError, match="hyves"):
        made[0].adapter(unknown)
    x = made[0].adapter(X).description
    hyves = attrs.evolve(x, name="hyves", title="Hyves")
    made.append(Sandbox(tmp_path / "b", durable=False, descriptions={"hyves": hyves}))
    assert publish(made[1], outgoing(unknown)).url.startswith("https://hyves.")


POSTING = """
import datetime as dt, itertools, sys
from socialcollab.content import Image, media_digest
from socialcollab.directory import Profile
from socialcollab.networks.sandbox import Sandbox
from socialcollab.transport import Driver, OutgoingPost
profile = Profile(id=sys.argv[2], workspace="tulip", network="x")
images = tuple(Image(digest=media_digest(b), alt=b.decode()) for b in (b"1", b"2"))
now = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
sandbox = Sandbox(sys.argv[1], durable=False)
adapter, transport = sandbox.adapter(profile), sandbox.transport(profile)
for number in itertools.islice(itertools.count(), int(sys.argv[3])):
    out = OutgoingPost(delivery=f"d{number}", profile=profile, text=f"post {number}", media=images)
    prepared = adapter.prepare(out, now=now, entropy=bytes(16))
    published = Driver().run(adapter.publish(prepared, {}), transport=transport)
    print(published.network_id, flush=True)
"""


def _posting(folder: Path, profile: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", POSTING, str(folder), profile, str(count)],
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.integration
def test_shared_folder(sandbox, tmp_path):
    """Processes share a folder, and a key creates one post across all of them."""
    workers = [_posting(tmp_path, "tulip-x", 20) for _ in range(3)]
    said = [worker.communicate(timeout=60)[0].split() for worker in workers]
    assert all(worker.returncode == 0 for worker in workers)
    assert said[0] == said[1] == said[2]
    assert sorted(post.network_id for post in sandbox.posts()) == sorted(said[0])


@pytest.mark.integration
@pytest.mark.skipif(os.name != "posix", reason="kills with a signal of POSIX")
def test_killed_process(sandbox, tmp_path):
    """If a process is killed, each post is either stored completely or not at all."""
    for lines in (1, 3, 6):
        worker = _posting(tmp_path, "tulip-x", 100_000)
        assert worker.stdout is not None
        seen = [worker.stdout.readline().strip() for _ in range(lines)]
        worker.send_signal(signal.SIGKILL)
        worker.communicate(timeout=60)
        posts = sandbox.posts()
        assert set(seen) <= {post.network_id for post in posts}
        assert all([image.alt for image in post.media] == ["1", "2"] for post in posts)
        assert len({post.key for post in posts}) == len(posts)
