"""The adapter for one Facebook Page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from typing import Final
from urllib.parse import quote

import attrs

from socialcollab.content import Attachment, Json, Message, MessageKind, Video, links_to_send
from socialcollab.directory import NETWORKS, NetworkDescription, PostFormat, Profile
from socialcollab.errors import (
    AuthenticationError,
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from socialcollab.networks.facebook.reading import NETWORK, FacebookReader
from socialcollab.networks.graph import (
    change,
    delete,
    error_of,
    instant_of,
    is_duplicate,
    is_gone,
    upload_video,
    values_of,
)
from socialcollab.networks.graph_comments import Comments
from socialcollab.networks.graph_messages import DirectMessage
from socialcollab.networks.limits import upload_size
from socialcollab.networks.lookup import earliest, lookup_result, missing, prepared_at
from socialcollab.networks.moderation import check_offered
from socialcollab.networks.reading import read_messages
from socialcollab.networks.responses import text_in, unreadable
from socialcollab.networks.thread import id_of_part, next_part, publish_parts
from socialcollab.time import as_utc
from socialcollab.transport import (
    PUBLIC_KINDS,
    Checkpoint,
    Counts,
    Flow,
    Found,
    Inconclusive,
    MediaPart,
    MessagePage,
    Missing,
    ModerationAction,
    OutgoingPost,
    OwnPosts,
    Prepared,
    Published,
    Request,
    Wait,
    call,
)

_PAGE: Final = "page"
_PHOTO: Final = "photo-"
_VIDEO: Final = "video"
_VIDEO_EDGES: Final[Mapping[PostFormat, str]] = {"reel": "video_reels", "story": "video_stories"}
_WAIT_S: Final = 5.0
_MOST_WAITS: Final = 60
_PAGE_SIZE: Final = 100
_POST_FIELDS: Final = (
    "id,message,created_time,permalink_url,attachments{target,unshimmed_url,subattachments}"
)


@attrs.frozen(kw_only=True)
class FacebookAdapter:
    """
    The adapter for one Facebook Page.

    Facebook has no idempotency keys, so a request that creates a post is never repeated before its
    outcome has been looked up.

    Attributes:
        profile: The profile.
        description: The limits and features of the network.
        server: The address of the Graph API, with its version.
        send_within_s: The hard deadline of a request that creates a post, in seconds.
    """

    profile: Profile
    description: NetworkDescription
    server: str
    send_within_s: float = 60.0

    def prepare(self, outgoing: OutgoingPost, *, now: dt.datetime, entropy: bytes) -> Prepared:  # noqa: ARG002
        """
        Remember the time, and check the network's limits.

        Raises:
            RejectedError: If the post exceeds limits. The message lists all exceeded limits.
        """
        return prepared_at(self.description, outgoing, now)

    def publish(self, prepared: Prepared, progress: Mapping[str, str]) -> Flow[Published]:
        """Check the Page, upload the media, create the post, and comment on it."""
        done, outgoing = dict(progress), prepared.outgoing
        if _PAGE not in done:
            done[_PAGE] = yield from self._page()
            yield from call(Checkpoint(values=dict(done)))
        if outgoing.format == "message":
            return (yield from self._direct_message(outgoing, done[_PAGE]).send())
        if not id_of_part(done, 0):
            done = yield from self._with_media(outgoing, done)

        def create(part: int, done: Mapping[str, str]) -> Flow[tuple[Published, Mapping[str, str]]]:
            if part == 0 and not outgoing.reply_to:
                return (yield from self._create(prepared, done)), {}
            comments, text = self._comments(outgoing, done, part), _comment(outgoing, part)
            attachment = done.get(f"{_PHOTO}0", "") if part == 0 else ""
            return (yield from comments.create(text, part=part, attachment=attachment)), {}

        return (yield from publish_parts(1 + len(outgoing.replies), done, create))

    def find(
        self, prepared: Prepared, progress: Mapping[str, str]
    ) -> Flow[Found | Missing | Inconclusive]:
        """
        Look for the post among the Page's posts, or for the comment among those of its parent.

        A video, a reel and a story are looked up by the ids of their media, which exist before they
        are published.
        """
        outgoing = prepared.outgoing
        count = 1 + len(outgoing.replies)
        part = next_part(progress, count)
        found: Published | Found | Missing | Inconclusive | None
        if outgoing.format == "message":
            account = progress.get(_PAGE) or (yield from self._page())
            found = yield from self._direct_message(outgoing, account).find(earliest(prepared))
        elif part or outgoing.reply_to:
            page = progress.get(_PAGE) or (yield from self._page())
            comments = self._comments(outgoing, {**progress, _PAGE: page}, part)
            text, since = _comment(outgoing, part), earliest(prepared)
            found = yield from comments.find(text, since=since)
        else:
            found = yield from self._find_first(prepared, progress)
        return lookup_result(self.description, found, count, progress)

    def _direct_message(self, outgoing: OutgoingPost, account: str) -> DirectMessage:
        return DirectMessage(
            network=NETWORK,
            server=self.server,
            account=account,
            recipient=outgoing.reply_to,
            text=_comment(outgoing, 0),
        )

    def _comments(self, outgoing: OutgoingPost, progress: Mapping[str, str], part: int) -> Comments:
        """Return the comments to which a part belongs."""
        parent = id_of_part(progress, 0) if part else outgoing.reply_to
        return Comments(network=NETWORK, server=self.server, parent=parent, account=progress[_PAGE])

    def _with_media(
        self, outgoing: OutgoingPost, progress: Mapping[str, str]
    ) -> Flow[dict[str, str]]:
        """Upload the media that are not uploaded yet, and return the progress."""
        done = dict(progress)
        for place, one in enumerate(outgoing.media):
            name = _VIDEO if isinstance(one, Video) else f"{_PHOTO}{place}"
            if name in done:
                continue
            if isinstance(one, Video) and outgoing.format != "post":
                done[name] = yield from self._upload_in_session(one, outgoing.format, done)
            else:
                done[name] = yield from self._upload(one, outgoing, done)
            yield from call(Checkpoint(values=dict(done)))
        return done

    def _create(self, prepared: Prepared, done: Mapping[str, str]) -> Flow[Published]:
        """Create the post itself."""
        outgoing = prepared.outgoing
        if outgoing.format != "post":
            return (yield from self._publish_format(outgoing, done))
        if _VIDEO in done:
            return (yield from self._publish_video(done[_VIDEO]))
        response = yield from call(self._feed(outgoing, done))
        if is_duplicate(response):
            found = yield from self._find_first(prepared, done)
            if isinstance(found, Found):
                return found.published
            error = error_of(response, network=NETWORK)
            if isinstance(found, Missing):
                raise error
            raise OutcomeUnknownError(f"{error}; {found.reason}", network=NETWORK)
        return _published(values_of(response, "id", network=NETWORK, creates=True))

    def _find_first(
        self, prepared: Prepared, progress: Mapping[str, str]
    ) -> Flow[Found | Missing | Inconclusive]:
        """Look for the post itself."""
        outgoing = prepared.outgoing
        if outgoing.format == "story":
            return (yield from self._find_story(progress))
        if any(isinstance(one, Video) for one in outgoing.media):
            if _VIDEO not in progress:
                return missing(self.description)
            if outgoing.format == "reel":
                return (yield from self._find_reel(progress[_VIDEO]))
            return (yield from self._find_video(progress[_VIDEO]))
        page = progress.get(_PAGE) or (yield from self._page())
        posts, complete = yield from self._reader.recent_posts(
            page, _POST_FIELDS, earliest(prepared)
        )
        message = " ".join(_message(prepared.outgoing).split())
        same = [post for post in posts if " ".join(text_in(post, "message").split()) == message]
        for post in same:
            if _has_attachments(post, prepared.outgoing, progress):
                return Found(_published(post))
        if not complete:
            return Inconclusive(
                f"the Page has published more than {len(posts)} posts since this post was prepared"
            )
        if same:
            return Inconclusive("the Page has a post with the same text, but other attachments")
        return missing(self.description)

    def compare(
        self, prepared: Prepared, progress: Mapping[str, str], network_id: str
    ) -> Flow[tuple[str, ...]]:
        """Return the fields in which the published post differs. Videos are not compared."""
        outgoing = prepared.outgoing
        if outgoing.reply_to or outgoing.format != "post" or _VIDEO in progress:
            return ()
        params = {"fields": _POST_FIELDS}
        path = f"/{quote(network_id, safe='')}"
        response = yield from call(self._request("GET", path, params=params))
        post = values_of(response, "id", network=NETWORK)
        is_same = {
            "text": text_in(post, "message").split() == _message(outgoing).split(),
            "media": _has_attachments(post, outgoing, progress),
        }
        return tuple(name for name, same in is_same.items() if not same)

    def discard(self, progress: Mapping[str, str]) -> Flow[None]:
        """Delete images and videos that were uploaded for a post, but not published."""
        for name, media in progress.items():
            if name == _VIDEO or name.startswith(_PHOTO):
                yield from delete(self.server, media, network=NETWORK)

    def take_down(self, network_id: str) -> Flow[None]:
        """Delete the post. A post that no longer exists counts as deleted."""
        yield from delete(self.server, network_id, network=NETWORK)

    def moderation_actions(self, message: Message) -> frozenset[ModerationAction]:
        """Return the actions that Facebook offers for a message."""
        if message.own:
            return frozenset({"delete"}) if message.kind != "direct" else frozenset()
        actions: set[ModerationAction] = set()
        if message.author.id:
            actions |= {"block", "unblock"}
        if message.kind == "comment":
            actions |= {"delete", "hide", "unhide"}
        return frozenset(actions)

    def moderate(self, action: ModerationAction, message: Message) -> Flow[None]:
        """
        Hide or delete a comment, or block an author; see `ModeratingAdapter.moderate`.

        The permissions ``pages_manage_engagement`` and, for blocking, ``pages_manage_metadata`` are
        needed.
        """
        check_offered(action, message, self.moderation_actions(message), self.description)
        if action == "delete":
            yield from delete(self.server, message.network_id, network=NETWORK)
        elif action in ("hide", "unhide"):
            body = {"is_hidden": action == "hide"}
            yield from change(self.server, message.network_id, body, network=NETWORK)
        else:
            page = yield from self._page()
            # The authors of direct messages have ids of their own.
            key = "psid" if message.kind == "direct" else "user"
            author = message.author.id
            request = (
                self._request("POST", f"/{page}/blocked", body={key: [author]})
                if action == "block"
                else self._request("DELETE", f"/{page}/blocked", params={key: author})
            )
            # Facebook confirms a block by the id of the account, and the end of a block as usual.
            confirmed = author if action == "block" else "success"
            values = values_of((yield from call(request)), network=NETWORK)
            if values.get(confirmed) is not True:
                raise TransientError(f"Facebook did not confirm `{action}`", network=NETWORK)

    def verify_credentials(self) -> Flow[str]:
        """Return the name of the Page."""
        response = yield from call(
            self._request("GET", "/me", params={"fields": "id,name,username"})
        )
        return str(values_of(response, "id", "name", network=NETWORK)["name"])

    def messages(
        self,
        cursor: str = "",
        *,
        kinds: Collection[MessageKind] = PUBLIC_KINDS,
        since: dt.datetime | None = None,
    ) -> Flow[MessagePage]:
        """
        Read comments on recent posts, posts that tag the Page, and conversations.

        Comments on posts before the latest 50 posts are not read; webhooks deliver them. See
        `ReadingAdapter.messages`.
        """
        return read_messages(
            NETWORK,
            self._page,
            lambda page: self._reader.sources(page, kinds),
            cursor,
            kinds=kinds,
            since=since,
        )

    def own_posts(self, since: dt.datetime) -> Flow[OwnPosts]:
        """Read the posts of the Page; see `ReadingAdapter.own_posts`."""
        page = yield from self._page()
        return (yield from self._reader.posts_since(page, as_utc(since)))

    def counts(self, network_ids: Collection[str]) -> Flow[Mapping[str, Counts]]:
        """Read the counts of posts; see `ReadingAdapter.counts`. Only videos have views."""
        return self._reader.counts(network_ids)

    @property
    def _reader(self) -> FacebookReader:
        return FacebookReader(profile=self.profile, server=self.server)

    def _page(self) -> Flow[str]:
        """Return the id of the Page, after checking that it is the profile's Page."""
        response = yield from call(
            self._request("GET", "/me", params={"fields": "id,name,username"})
        )
        values = values_of(response, "id", network=NETWORK)
        expected = self.profile.handle.removeprefix("@").lower()
        names = {str(values["id"]), text_in(values, "username"), text_in(values, "name")}
        if expected and expected not in {name.lower() for name in names}:
            actual = text_in(values, "username") or str(values["id"])
            raise AuthenticationError(
                f"the profile's Page is `{expected}`, but the token belongs to `{actual}`",
                network=NETWORK,
            )
        return str(values["id"])

    def _upload(
        self, one: Attachment, outgoing: OutgoingPost, done: Mapping[str, str]
    ) -> Flow[str]:
        """Upload an image or a video without publishing it, and return its id."""
        form = {"published": "false"}
        edge = "photos"
        if isinstance(one, Video):
            form["description"] = _message(outgoing)
            edge = "videos"
        elif one.alt:
            form["alt_text_custom"] = one.alt
        request = attrs.evolve(
            self._request("POST", f"/{quote(done[_PAGE], safe='')}/{edge}"),
            form=form,
            media=MediaPart(
                digest=one.digest,
                field="source",
                media_type=one.media_type,
                name="media",
                size=upload_size(one),
            ),
        )
        response = yield from call(request)
        return str(values_of(response, "id", network=NETWORK)["id"])

    def _publish_video(self, video: str) -> Flow[Published]:
        request = attrs.evolve(
            self._request("POST", f"/{quote(video, safe='')}", body={"published": True}),
            creates=0,
            repeat="no",
        )
        response = yield from call(request)
        values_of(response, "success", network=NETWORK, creates=True)
        return _published({"id": video})

    def _find_video(self, video: str) -> Flow[Found | Missing | Inconclusive]:
        params = {"fields": "id,published,created_time,permalink_url"}
        response = yield from call(self._request("GET", f"/{quote(video, safe='')}", params=params))
        if is_gone(response):
            return Inconclusive("the video cannot be read")
        values = values_of(response, "id", network=NETWORK)
        return (
            Found(_published(values))
            if values.get("published") is True
            else missing(self.description)
        )

    def _upload_in_session(
        self, video: Video, format: PostFormat, done: Mapping[str, str]
    ) -> Flow[str]:
        """Upload the video of a reel or a story, wait until it has arrived, and return its id."""
        path = f"/{quote(done[_PAGE], safe='')}/{_VIDEO_EDGES[format]}"
        body: dict[str, Json] = {"upload_phase": "start"}
        response = yield from call(self._request("POST", path, body=body))
        values = values_of(response, "video_id", "upload_url", network=NETWORK)
        name, address = str(values["video_id"]), str(values["upload_url"])
        yield from upload_video(self.server, address, video, network=NETWORK)
        for _ in range(_MOST_WAITS):
            if (yield from self._phase(name, "uploading_phase")) == "complete":
                return name
            yield from call(Wait(seconds=_WAIT_S))
        raise TransientError("Facebook has not received the whole video", network=NETWORK)

    def _phase(self, video: str, phase: str) -> Flow[str]:
        """Return the status of a phase of a video; an empty string if the video cannot be read."""
        response = yield from call(
            self._request("GET", f"/{quote(video, safe='')}", params={"fields": "id,status"})
        )
        if is_gone(response):
            return ""
        status = values_of(response, network=NETWORK).get("status")
        phases = status if isinstance(status, Mapping) else {}
        if phases.get("video_status") == "error":
            raise RejectedError("Facebook could not process the video", network=NETWORK)
        found = phases.get(phase)
        return text_in(found, "status") if isinstance(found, Mapping) else ""

    def _publish_format(self, outgoing: OutgoingPost, done: Mapping[str, str]) -> Flow[Published]:
        """Publish a reel or a story."""
        body: dict[str, Json] = {"photo_id": done.get(f"{_PHOTO}0", "")}
        edge = "photo_stories"
        if _VIDEO in done:
            edge = _VIDEO_EDGES[outgoing.format]
            body = {"upload_phase": "finish", "video_id": done[_VIDEO]}
        if outgoing.format == "reel":
            body |= {"video_state": "PUBLISHED", "description": _message(outgoing)}
        path = f"/{quote(done[_PAGE], safe='')}/{edge}"
        response = yield from call(
            attrs.evolve(self._request("POST", path, body=body), creates=0, repeat="no")
        )
        values = values_of(response, "success", network=NETWORK, creates=True)
        network_id = values.get("post_id") or done.get(_VIDEO)
        if network_id is None:
            raise unreadable(response, "`post_id`", network=NETWORK, creates=True)
        return _published({"id": str(network_id)})

    def _find_reel(self, video: str) -> Flow[Found | Missing | Inconclusive]:
        status = yield from self._phase(video, "publishing_phase")
        if status == "not_started":
            return missing(self.description)
        if status:
            return Found(_published({"id": video}))
        return Inconclusive("the reel cannot be read")

    def _find_story(self, progress: Mapping[str, str]) -> Flow[Found | Missing | Inconclusive]:
        media = progress.get(_VIDEO) or progress.get(f"{_PHOTO}0")
        if not media:
            return missing(self.description)
        page = progress.get(_PAGE) or (yield from self._page())
        params = {"fields": "post_id,media_id,creation_time,url", "limit": str(_PAGE_SIZE)}
        response = yield from call(
            self._request("GET", f"/{quote(page, safe='')}/stories", params=params)
        )
        data = values_of(response, network=NETWORK).get("data")
        if not isinstance(data, list):
            raise unreadable(response, "list `data`", network=NETWORK)
        for story in data:
            if isinstance(story, Mapping) and str(story.get("media_id")) == media:
                values = {"id": str(story.get("post_id")), "permalink_url": text_in(story, "url")}
                return Found(_published(values))
        return missing(self.description)

    def _feed(self, outgoing: OutgoingPost, done: Mapping[str, str]) -> Request:
        body: dict[str, Json] = {}
        message = _message(outgoing)
        if message:
            body["message"] = message
        if outgoing.media:
            places = range(len(outgoing.media))
            body["attached_media"] = [{"media_fbid": done[f"{_PHOTO}{place}"]} for place in places]
        elif _links(outgoing):
            # Facebook shows a card of this link.
            body["link"] = _links(outgoing)[0]
        path = f"/{quote(done[_PAGE], safe='')}/feed"
        return attrs.evolve(self._request("POST", path, body=body), creates=0, repeat="no")

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Json | None = None,
    ) -> Request:
        return Request(method=method, url=f"{self.server}{path}", params=params or {}, json=body)


def _comment(outgoing: OutgoingPost, part: int) -> str:
    """Return the text of a part that is a comment, in which links are part of the text."""
    if part:
        return outgoing.first_comment
    return "\n".join(text for text in (outgoing.text, *_links(outgoing)) if text)


def _links(outgoing: OutgoingPost) -> tuple[str, ...]:
    return links_to_send(NETWORKS[NETWORK], outgoing.links, outgoing.card, outgoing.media)


def _message(outgoing: OutgoingPost) -> str:
    """Return a post's text, with the links that are not shown as its card."""
    links = _links(outgoing) if outgoing.media else _links(outgoing)[1:]
    return "\n".join(part for part in (outgoing.text, *links) if part)


def _has_attachments(
    post: Mapping[str, Json], outgoing: OutgoingPost, progress: Mapping[str, str]
) -> bool:
    """Return whether a post has the images that were uploaded for it, or its link."""
    attached = list(_attachments(post))
    if outgoing.media:
        sent = {progress.get(f"{_PHOTO}{place}", "") for place in range(len(outgoing.media))}
        return sent == {text_in(target, "id") for target in map(_target, attached)} - {""}
    if _links(outgoing):
        link = _links(outgoing)[0].rstrip("/")
        return link in {text_in(each, "unshimmed_url").rstrip("/") for each in attached}
    return True


def _attachments(
    values: Mapping[str, Json], key: str = "attachments"
) -> Iterator[Mapping[str, Json]]:
    """Yield the attachments of a post. Those of an album are attachments of its attachment."""
    table = values.get(key)
    data = table.get("data") if isinstance(table, Mapping) else None
    for each in data if isinstance(data, list) else ():
        if isinstance(each, Mapping):
            inner = list(_attachments(each, "subattachments"))
            yield from inner or [each]


def _target(attachment: Mapping[str, Json]) -> Mapping[str, Json]:
    target = attachment.get("target")
    return target if isinstance(target, Mapping) else {}


def _published(post: Mapping[str, Json]) -> Published:
    network_id = str(post["id"])
    return Published(
        network_id=network_id,
        url=text_in(post, "permalink_url") or f"https://www.facebook.com/{network_id}",
        at=instant_of(post, "created_time"),
    )
