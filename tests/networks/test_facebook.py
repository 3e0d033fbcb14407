"""Publishing to a Facebook Page, against a server in memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import httpx
import pytest
from tests.networks.accounts import ACCOUNTS, NetworkContract
from tests.networks.graph_server import PAGE, TOKEN, FacebookServer, graph_error
from tests.networks.meta_nodes import Nodes
from tests.networks.publishing import (
    NOW,
    VIDEO,
    compare,
    failure_of,
    find,
    publish,
    take_down,
    verify,
)

from socialcollab.content import LinkCard, Poll
from socialcollab.errors import (
    AuthenticationError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from socialcollab.networks.facebook import Facebook
from socialcollab.networks.graph_comments import Comments
from socialcollab.transport import Found, Inconclusive, Missing, OutgoingPost, Request, Response

TULIP = ACCOUNTS["facebook"]
PROFILE = TULIP.profile
IMAGES = TULIP.images
outgoing = TULIP.outgoing
POSTS = (
    outgoing(),
    outgoing(text="met beeld", media=IMAGES, links=("https://tulip.nl",)),
    outgoing(text="", media=IMAGES),
    outgoing(text="met video", media=(VIDEO,)),
    outgoing(text="bekijk", links=("https://tulip.nl/lente?x=1&y=2", "https://tulip.nl")),
    outgoing(text="met kaart", card=LinkCard(url="https://tulip.nl/lente", title="De lente")),
    outgoing(text="een reel", media=(VIDEO,), format="reel"),
    outgoing(text="", media=(VIDEO,), format="story"),
    outgoing(text="", media=IMAGES[:1], format="story"),
    outgoing(text="een antwoord", reply_to=f"{PAGE}_17", media=IMAGES[:1]),
    outgoing(text="met reactie", first_comment="#tulpen"),
)


@pytest.fixture
def server() -> FacebookServer:
    return FacebookServer()


@pytest.fixture
def facebook(server: FacebookServer) -> Iterator[Facebook]:
    with TULIP.connect(server) as used:
        yield used


def progress_of(server: FacebookServer, post: OutgoingPost) -> dict[str, str]:
    """Return the progress after the media of a post were uploaded as the last ones."""
    if VIDEO in post.media:
        return {"video": list(server.videos)[-1]} if server.videos else {}
    photos = list(server.photos)[-len(post.media) :] if post.media else []
    return {f"photo-{place}": photo for place, photo in enumerate(photos)}


class TestAdapter(NetworkContract):
    """The adapter keeps the promises of adapters."""

    account = TULIP
    secrets = (TOKEN,)
    refused = Response(status=400, body=graph_error(400, 190, "expired").content)
    rejected = Response(status=400, body=graph_error(400, 100, "Invalid parameter").content)
    limited = Response(
        status=400,
        headers={"retry-after": "60"},
        body=graph_error(400, 32, "Page request limit reached").content,
    )
    failed = Response(status=500, body=graph_error(500, 1, "unknown error").content)

    @pytest.fixture
    def outgoing(self) -> OutgoingPost:
        return outgoing(media=IMAGES)


def test_description(shared_specs: Callable[[str], Path]) -> None:
    """Every request uses edges, parameters and fields that Meta's description contains."""
    nodes = Nodes(shared_specs("meta") / "api_specs/specs")

    def check(request: httpx.Request, _: httpx.Response) -> None:
        path = request.url.path.removeprefix("/v25.0/")
        if path == "me":
            nodes.check_fields(request, "Page")
        elif "-upload/" in path:
            # The upload server is not described.
            return
        elif path.endswith("/comments"):
            nodes.check(request, "PagePost", "comments")
            if request.method == "GET":
                nodes.check_fields(request, "Comment")
        elif "/" in path:
            nodes.check(request, "Page", path.partition("/")[2])
            if request.method == "GET":
                nodes.check_fields(request, "Stories" if "stories" in path else "PagePost")
        elif path in server.videos:
            nodes.check(request, "AdVideo")
            if request.method == "GET":
                nodes.check_fields(request, "AdVideo")
        elif request.method == "GET":
            nodes.check_fields(request, "PagePost")
        else:
            nodes.check(request, "PagePost")

    server = FacebookServer(check)
    with TULIP.connect(server) as facebook:
        assert verify(facebook, PROFILE) == "Tulip Air"
        for post in POSTS:
            published = publish(facebook, post)
            progress = progress_of(server, post)
            if post.first_comment:
                progress["part-0"] = published.network_id
            assert isinstance(find(facebook, post, progress), Found)
            assert compare(facebook, post, published.network_id, progress) == ()
            take_down(facebook, PROFILE, published.network_id)
    assert server.posts == []
    assert nodes.checked == {
        "DELETE PagePost",
        "GET AdVideo",
        "GET Page/stories",
        "GET PagePost/comments",
        "POST Page/photo_stories",
        "POST Page/video_reels",
        "POST Page/video_stories",
        "POST PagePost/comments",
        "fields of Comment",
        "fields of Stories",
        "POST AdVideo",
        "fields of AdVideo",
        "GET Page/published_posts",
        "POST Page/feed",
        "POST Page/photos",
        "POST Page/videos",
        "fields of Page",
        "fields of PagePost",
    }


def test_formats(facebook: Facebook, server: FacebookServer) -> None:
    """A reel and a story are uploaded in a session, and found by the ids of their media."""
    for post in POSTS[6:9]:
        assert find(facebook, post, {}) == Missing(
            conclusive_after=facebook.adapter(PROFILE).description.create_once.conclusive_after
        )
        published = publish(facebook, post)
        found = find(facebook, post, progress_of(server, post))
        assert isinstance(found, Found)
        assert found.published.network_id == published.network_id
    assert [request for request in server.requests if "video-upload" in request] == [
        f"POST /video-upload/{video}" for video in server.videos
    ]
    reel, *stories = server.posts
    assert reel["message"] == "een reel"
    assert [story["id"] for story in stories] == [story["post_id"] for story in server.stories]


def test_unpublished_reel(facebook: Facebook, server: FacebookServer) -> None:
    """A reel whose video was uploaded, but not published, does not exist."""
    publish(facebook, POSTS[6])
    (video,) = server.videos
    status = server.videos[video]["status"]
    status["publishing_phase"]["status"] = "not_started"
    assert isinstance(find(facebook, POSTS[6], {"video": video}), Missing)
    status["video_status"] = "error"
    with pytest.raises(RejectedError, match="could not process"):
        find(facebook, POSTS[6], {"video": video})
    assert isinstance(find(facebook, POSTS[6], {"video": "1"}), Inconclusive)


@pytest.mark.parametrize(
    "address", ["https://evil.example", "http://graph.facebook.com", "https://graph.facebook.com@e"]
)
def test_other_upload_server(facebook: Facebook, server: FacebookServer, address: str) -> None:
    """The token is not sent to an upload server that is not Meta's."""
    server.upload_server = address
    with pytest.raises(TransientError, match="belongs to another server"):
        publish(facebook, POSTS[6])
    assert not [request for request in server.requests if "video-upload" in request]


def test_comments(facebook: Facebook, server: FacebookServer) -> None:
    """A reply is a comment, with an image; the first comment belongs to the new post."""
    publish(facebook, POSTS[9])
    publish(facebook, POSTS[10])
    first, reply = server.comments
    assert (reply["parent"], reply["message"]) == (f"{PAGE}_17", "een antwoord")
    assert reply["photo"] in server.photos
    assert (first["parent"], first["message"]) == (server.posts[-1]["id"], "#tulpen")
    assert isinstance(find(facebook, outgoing(text="anders", reply_to=f"{PAGE}_17")), Missing)


def test_story_without_id(facebook: Facebook, server: FacebookServer) -> None:
    """The outcome of a story whose id is not confirmed is unknown."""
    done = httpx.Response(200, json={"success": True})
    server.scripted[f"POST /{PAGE}/photo_stories"] = done
    story = outgoing(text="", media=IMAGES[:1], format="story")
    with pytest.raises(OutcomeUnknownError, match="contains no `post_id`"):
        publish(facebook, story)


def test_check_of_all_fields(facebook: Facebook) -> None:
    """A field that the network does not offer is refused before anything is sent."""
    for post, message in (
        (outgoing(visibility="unlisted"), "visibility"),
        (outgoing(quote_of="17"), "quotes"),
        (outgoing(labels=("food",)), "labels"),
        (outgoing(thread=("twee",)), "threads"),
        (outgoing(poll=Poll(options=("a", "b"))), "poll"),
        (outgoing(paid_partnership=True), "paid partnerships"),
        (outgoing(language="Nederlands"), "not a language"),
    ):
        assert message in str(failure_of(facebook, post))


def test_comment_is_not_repeated(facebook: Facebook) -> None:
    """A comment is created by a request that must not be repeated."""
    flow = Comments(network="facebook", server="https://g", parent="1", account=PAGE).create(
        "x", part=1
    )
    request = next(flow)
    assert isinstance(request, Request)
    assert (request.creates, request.repeat) == (1, "no")


def test_unreadable_stories(facebook: Facebook, server: FacebookServer) -> None:
    """A list of stories without the stories does not prove that the story was not published."""
    publish(facebook, POSTS[7])
    server.scripted[f"GET /{PAGE}/stories"] = httpx.Response(200, json={})
    with pytest.raises(TransientError, match="contains no list `data`"):
        find(facebook, POSTS[7], progress_of(server, POSTS[7]))


def test_lost_comment(facebook: Facebook, server: FacebookServer) -> None:
    """A lost comment is looked up; the post itself is not published again."""
    publish(facebook, POSTS[10])
    post = server.posts[0]["id"]
    progress = {"page": PAGE, "part-0": post, "url": "", "at": ""}
    found = find(facebook, POSTS[10], progress)
    assert isinstance(found, Found)
    assert (found.part, found.whole and found.whole.network_id) == (1, post)
    # An earlier comment with the same text belongs to another post.
    created = server.comments[0]["created_time"]
    server.comments[0]["created_time"] = "2026-04-01T07:00:00+0000"
    assert isinstance(find(facebook, POSTS[10], progress), Missing)
    server.comments[0]["created_time"] = created
    # Other people can write the same comment, and the API can conceal who they are.
    server.comments[0]["from"] = {"id": "7", "name": "Ben"}
    assert isinstance(find(facebook, POSTS[10], progress), Missing)
    del server.comments[0]["from"]
    assert isinstance(find(facebook, POSTS[10], progress), Inconclusive)
    server.comments.clear()
    assert isinstance(find(facebook, POSTS[10], progress), Missing)
    assert publish(facebook, POSTS[10], progress).network_id == post
    assert (len(server.posts), len(server.comments)) == (1, 1)


def test_post(facebook: Facebook, server: FacebookServer) -> None:
    """A link is shown as a card; with images, all links are part of the text."""
    links = ("https://tulip.nl/lente", "https://tulip.nl")
    publish(facebook, outgoing(links=links))
    publish(facebook, outgoing(links=links, media=IMAGES))
    first, second = server.posts
    assert (first["message"], first["link"]) == ("De lente is er 🌷\nhttps://tulip.nl", links[0])
    assert (second["message"], second["link"]) == ("\n".join(["De lente is er 🌷", *links]), "")
    assert [server.photos[photo] for photo in second["photos"]] == ["tulp 0", "tulp 1"]


@pytest.mark.parametrize("post", [*POSTS[:7], *POSTS[9:]])
def test_lost_answer(facebook: Facebook, server: FacebookServer, post: OutgoingPost) -> None:
    """A post whose response was lost is found by its text and by what is attached to it."""
    assert isinstance(find(facebook, post), Missing)
    publish(facebook, attrs.evolve(post, text=f"{post.text} niet"))
    assert isinstance(find(facebook, post), Missing)
    published = publish(facebook, post)
    found = find(facebook, post, progress_of(server, post))
    assert isinstance(found, Found)
    assert found.published.network_id == published.network_id
    assert found.published.url.startswith("https://www.facebook.com/")


def test_other_attachments(facebook: Facebook, server: FacebookServer) -> None:
    """A post with the same text, but with other images or another link, leaves a doubt."""
    for post in (outgoing(media=IMAGES), outgoing(text="", media=IMAGES[:1])):
        publish(facebook, post)
        other = {f"photo-{place}": f"7{place}" for place in range(2)}
        assert isinstance(find(facebook, post, other), Inconclusive)
        assert isinstance(find(facebook, post, progress_of(server, post)), Found)
    publish(facebook, outgoing(text="Lees", links=("https://rose.nl",)))
    post = outgoing(text="Lees", links=("https://tulip.nl",))
    assert isinstance(find(facebook, post), Inconclusive)
    publish(facebook, post)
    assert isinstance(find(facebook, post), Found)


def test_video(facebook: Facebook, server: FacebookServer) -> None:
    """A video is uploaded first and then published, so it is looked up by its id."""
    post = outgoing(text="met video", media=(VIDEO,))
    server.scripted["POST /5001"] = graph_error(500, 2, "temporary")
    with pytest.raises(OutcomeUnknownError):
        publish(facebook, post)
    progress = {"page": PAGE, **progress_of(server, post)}
    assert isinstance(find(facebook, post, progress), Missing)
    server.scripted.clear()
    published = publish(facebook, post, progress)
    found = find(facebook, post, progress)
    assert isinstance(found, Found)
    assert found.published.network_id == published.network_id == progress["video"]
    assert server.requests.count(f"POST /{PAGE}/videos") == 1
    server.videos.clear()
    server.posts.clear()
    assert isinstance(find(facebook, post, progress), Inconclusive)


@pytest.mark.integration
def test_many_posts(facebook: Facebook, server: FacebookServer) -> None:
    """A lookup ends at the first post before the attempt, and after a number of pages."""
    server.now = NOW - dt.timedelta(minutes=6)
    publish(facebook, outgoing())
    server.now = NOW
    assert isinstance(find(facebook, outgoing()), Missing)
    for number in range(301):
        publish(facebook, outgoing(text=f"nummer {number}"))
    assert isinstance(find(facebook, outgoing(text="nummer 150")), Found)
    assert isinstance(find(facebook, outgoing(text="geen nummer")), Inconclusive)


def test_duplicate(facebook: Facebook, server: FacebookServer) -> None:
    """If a text is refused as a duplicate, the post of this delivery is found, and no other one."""
    server.refuses_duplicates = True
    first = publish(facebook, outgoing())
    assert publish(facebook, outgoing()).network_id == first.network_id
    server.posts[0]["created_time"] = "2026-04-06T10:00:00+0000"
    with pytest.raises(RejectedError, match="Duplicate status message"):
        publish(facebook, outgoing())
    assert len(server.posts) == 1


@pytest.mark.parametrize("handle", ["TulipAir", "@tulipair", PAGE, "Tulip Air", ""])
def test_handles(facebook: Facebook, handle: str) -> None:
    """A profile names its Page by its user name, its name or its id, or not at all."""
    post = outgoing(profile=attrs.evolve(PROFILE, handle=handle))
    assert publish(facebook, post).network_id


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (graph_error(400, 190, "Error validating access token"), AuthenticationError),
        (graph_error(403, 200, "Requires pages_manage_posts"), AuthenticationError),
        (graph_error(403, 10, "Permission denied"), AuthenticationError),
        (graph_error(400, 100, "Invalid parameter"), RejectedError),
        (graph_error(400, 368, "deemed abusive"), RejectedError),
        (graph_error(403, 4, "Application request limit reached"), RateLimitedError),
        (graph_error(200, 80001, "too many calls to this Page account"), RateLimitedError),
        (graph_error(400, 2, "Service temporarily unavailable"), OutcomeUnknownError),
        (graph_error(500, 1, "An unknown error occurred"), OutcomeUnknownError),
        (graph_error(400, 1363037, "try later", is_transient=True), OutcomeUnknownError),
        (httpx.Response(502, text="<html>"), OutcomeUnknownError),
        (httpx.Response(200, text="<html>"), OutcomeUnknownError),
        (httpx.Response(200, json={"success": True}), OutcomeUnknownError),
    ],
)
def test_errors(
    facebook: Facebook, server: FacebookServer, response: httpx.Response, kind: type
) -> None:
    """The code of an error, not its status, tells what the caller can do; a post is sent once."""
    server.scripted[f"POST /{PAGE}/feed"] = response
    assert type(failure_of(facebook, outgoing())) is kind
    assert server.requests == ["GET /me", f"POST /{PAGE}/feed"]


@pytest.mark.parametrize(
    ("usage", "waits"),
    [
        ('{"1": [{"type": "pages", "estimated_time_to_regain_access": 7}]}', 420),
        ('{"1": [{"estimated_time_to_regain_access": 0}]}', None),
        ('{"1": [{"estimated_time_to_regain_access": "7"}]}', None),
        ("[1]", None),
        ("{", None),
        ("", None),
    ],
)
def test_usage_header(
    facebook: Facebook, server: FacebookServer, usage: str, waits: float | None
) -> None:
    """The time of the header `X-Business-Use-Case-Usage`, which is in minutes, is respected."""
    headers = {"x-business-use-case-usage": usage}
    server.scripted[f"POST /{PAGE}/feed"] = graph_error(400, 32, "limit", headers)
    error = failure_of(facebook, outgoing())
    assert isinstance(error, RateLimitedError)
    assert error.retry_after_s == waits


def test_server_errors(facebook: Facebook, server: FacebookServer) -> None:
    """An error of Meta's servers leaves the outcome unknown, whatever its code."""
    for response in (graph_error(400, -1, "server error"), graph_error(503, 12345, "broken")):
        server.scripted[f"POST /{PAGE}/feed"] = response
        with pytest.raises(OutcomeUnknownError):
            publish(facebook, outgoing())


def test_quoted_token(facebook: Facebook, server: FacebookServer) -> None:
    """The message of a refused token, which can contain the token, is not repeated."""
    server.scripted[f"POST /{PAGE}/feed"] = graph_error(400, 190, f"Malformed access token {TOKEN}")
    with pytest.raises(AuthenticationError) as caught:
        publish(facebook, outgoing())
    assert TOKEN not in str(caught.value)


def test_refused_takedown(facebook: Facebook, server: FacebookServer) -> None:
    """A post that is still shown is not taken for deleted, although the API calls it unknown."""
    published = publish(facebook, outgoing())
    path = f"/{published.network_id}"
    server.scripted[f"DELETE {path}"] = graph_error(400, 100, "no permission", error_subcode=33)
    server.scripted[f"GET {path}"] = httpx.Response(200, json={"id": published.network_id})
    with pytest.raises(RejectedError, match="no permission"):
        take_down(facebook, PROFILE, published.network_id)
    assert len(server.posts) == 1


def test_failing_secret_store(server: FacebookServer) -> None:
    """If the host's secret store fails, nothing was sent, and the error hides its message."""

    def fails(_: str) -> str:
        raise KeyError(TOKEN)

    with TULIP.connect(server, fails) as facebook:
        with pytest.raises(TransientError, match="KeyError") as caught:
            publish(facebook, outgoing())
        assert TOKEN not in str(caught.value)
    assert server.requests == []


def test_failing_upload(facebook: Facebook, server: FacebookServer) -> None:
    """If an upload fails, nothing was published, and the upload can be repeated."""
    server.scripted[f"POST /{PAGE}/photos"] = graph_error(500, 2, "temporary")
    with pytest.raises(TransientError):
        publish(facebook, outgoing(media=IMAGES))
    assert server.posts == []
