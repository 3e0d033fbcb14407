"""Servers with Meta's Graph API in memory: one Facebook Page, and one Instagram account."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

import httpx
from tests.networks.fake_server import Check, FakeServer, Posted

TOKEN = "graph-token-8d2e"
PAGE = "104999"
ACCOUNT = "17841400000000001"


class GraphServer(FakeServer):
    """
    What both servers have in common.

    Attributes:
        posts: The posts, from old to new.
        comments: The comments and replies, from new to old.
    """

    token = TOKEN
    handle = "tulipair"
    root = "/v25.0"
    author: ClassVar[dict[str, str]]

    def __init__(self, check: Check | None = None) -> None:
        super().__init__(check)
        self.posts: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self._last = 5000

    def authorizes(self, request: httpx.Request, operation: str) -> bool:
        """Return whether a request has the access token, with the scheme of its server."""
        scheme = "OAuth" if "-upload/" in operation else "Bearer"
        return request.headers.get("authorization") == f"{scheme} {self.token}"

    def refusal(self) -> httpx.Response:
        """Return the response to a request that is not authorized."""
        return graph_error(400, 190, "Invalid OAuth access token")

    def page_of(self, request: httpx.Request, items: list[dict[str, Any]]) -> httpx.Response:
        """Return a page of a list."""
        fields = re.sub(r"{.*?}", "", request.url.params["fields"]).split(",")
        first = int(request.url.params.get("after", "0"))
        count = int(request.url.params["limit"])
        data = [
            {name: item[name] for name in fields if name in item}
            for item in items[first : first + count]
        ]
        paging: dict[str, Any] = {"cursors": {"before": str(first), "after": str(first + count)}}
        if first + count < len(items):
            paging["next"] = "https://graph.example/next"
        return httpx.Response(200, json={"data": data, "paging": paging if data else {}})

    def comments_of(
        self, request: httpx.Request, operation: str, text: str, time: str
    ) -> httpx.Response | None:
        """Return the response to a request for comments or replies, or None for other requests."""
        method, _, path = operation.partition(" /")
        parent, _, edge = path.partition("/")
        if edge not in ("comments", "replies"):
            return None
        if method == "GET":
            return self.page_of(request, [one for one in self.comments if one["parent"] == parent])
        body = json.loads(request.content)
        comment = {
            "id": self.new_id(),
            text: body.get("message", ""),
            time: self.time(),
            "from": self.author,
            "username": self.handle,
            "parent": parent,
            "edge": edge,
            "photo": body.get("attachment_id", ""),
        }
        self.comments.insert(0, comment)
        return httpx.Response(200, json={"id": comment["id"]})

    def posted_as(self, post_text: str, comment_text: str) -> list[Posted]:
        """Return the posts and comments, given the names of the fields with their texts."""
        shown = [
            *(Posted(post["id"], post[post_text]) for post in self.posts),
            *(Posted(one["id"], one[comment_text], one["parent"]) for one in self.comments),
        ]
        return sorted(shown, key=lambda posted: int(posted.id.rpartition("_")[2]))

    def new_id(self) -> str:
        """Return a new id."""
        self._last += 1
        return str(self._last)

    def time(self) -> str:
        """Return the time of the next post in the format of the API."""
        return self.now.strftime("%Y-%m-%dT%H:%M:%S+0000")


class FacebookServer(GraphServer):
    """
    A server with one Page.

    Attributes:
        photos: The alt text of each unpublished photo.
        videos: The videos, by id.
        refuses_duplicates: Whether a message is refused that was just published.
        stories: The stories.
        upload_server: The address of the server that receives videos of reels and stories.
    """

    author: ClassVar = {"id": PAGE, "name": "Tulip Air"}

    def __init__(self, check: Check | None = None) -> None:
        super().__init__(check)
        self.photos: dict[str, str] = {}
        self.videos: dict[str, dict[str, Any]] = {}
        self.refuses_duplicates = False
        self.stories: list[dict[str, Any]] = []
        self.upload_server = "https://graph.facebook.com"

    @property
    def posted(self) -> list[Posted]:
        """The posts and comments of the Page, oldest first."""
        return self.posted_as("message", "message")

    def respond(self, request: httpx.Request, operation: str) -> httpx.Response:
        """Return the usual response to an authorized request."""
        if operation == "GET /me":
            page = {"id": PAGE, "name": "Tulip Air", "username": self.handle}
            return httpx.Response(200, json=page)
        if operation == f"GET /{PAGE}/published_posts":
            return self.page_of(request, list(reversed(self.posts)))
        if operation == f"POST /{PAGE}/photos":
            photo = self.new_id()
            self.photos[photo] = form_of(request).get("alt_text_custom", "")
            assert form_of(request)["published"] == "false"
            return httpx.Response(200, json={"id": photo})
        if operation == f"POST /{PAGE}/videos":
            assert form_of(request)["published"] == "false"
            video = self.new_id()
            description = form_of(request)["description"]
            self.videos[video] = {"id": video, "published": False, "message": description}
            return httpx.Response(200, json={"id": video})
        if operation == f"POST /{PAGE}/feed":
            body = json.loads(request.content)
            photos = [one["media_fbid"] for one in body.get("attached_media", ())]
            if any(photo not in self.photos for photo in photos):
                return graph_error(400, 100, "Invalid parameter")
            message = body.get("message", "")
            if self.refuses_duplicates and any(post["message"] == message for post in self.posts):
                return graph_error(400, 506, "Duplicate status message")
            post = self._add(message, photos=photos, link=body.get("link", ""))
            return httpx.Response(200, json={"id": post["id"]})
        response = self.comments_of(request, operation, "message", "created_time")
        if response is None:
            response = self._format(request, operation)
        if response is not None:
            return response
        method, _, identifier = operation.partition(" /")
        if method == "DELETE" and any(one["id"] == identifier for one in self.comments):
            self.comments = [one for one in self.comments if one["id"] != identifier]
            return httpx.Response(200, json={"success": True})
        if method == "POST" and identifier in self.videos:
            assert json.loads(request.content) == {"published": True}
            video = self.videos[identifier] | {"published": True, "created_time": self.time()}
            self.videos[identifier] = video
            self.posts.append(video)
            return httpx.Response(200, json={"success": True})
        if method == "GET" and identifier in self.videos:
            return httpx.Response(200, json=self.videos[identifier])
        found = [post for post in self.posts if post["id"] == identifier]
        if method == "GET" and found:
            return httpx.Response(200, json=found[0])
        if method == "DELETE" and identifier in self.photos:
            del self.photos[identifier]
            return httpx.Response(200, json={"success": True})
        if method == "DELETE" and identifier in self.videos and not found:
            del self.videos[identifier]
            return httpx.Response(200, json={"success": True})
        if method == "DELETE" and any(post["id"] == identifier for post in self.posts):
            self.videos.pop(identifier, None)
            self.posts = [post for post in self.posts if post["id"] != identifier]
            return httpx.Response(200, json={"success": True})
        return graph_error(400, 100, "Object does not exist", error_subcode=33)

    def _format(self, request: httpx.Request, operation: str) -> httpx.Response | None:
        """Return the response to a request for reels or stories, or None for other requests."""
        if operation == f"GET /{PAGE}/stories":
            return httpx.Response(200, json={"data": self.stories})
        if operation.startswith("POST /video-upload/"):
            video = operation.rpartition("/")[2]
            assert request.headers["offset"] == "0"
            assert int(request.headers["file_size"]) == len(request.content)
            self.videos[video]["status"]["uploading_phase"]["status"] = "complete"
            return httpx.Response(200, json={"success": True})
        edge = operation.removeprefix(f"POST /{PAGE}/")
        if edge not in ("photo_stories", "video_reels", "video_stories"):
            return None
        body = json.loads(request.content)
        if body.get("upload_phase") == "start":
            video = self.new_id()
            phases = ("uploading_phase", "processing_phase", "publishing_phase")
            status = {phase: {"status": "not_started"} for phase in phases}
            self.videos[video] = {"id": video, "status": status}
            address = f"{self.upload_server}/v25.0/video-upload/{video}"
            return httpx.Response(200, json={"video_id": video, "upload_url": address})
        media = body.get("photo_id") or body["video_id"]
        if media in self.videos:
            self.videos[media]["status"]["publishing_phase"]["status"] = "complete"
        post = {"id": media, "message": body.get("description", ""), "created_time": self.time()}
        if edge == "video_reels":
            assert body["video_state"] == "PUBLISHED"
            self.posts.append(post)
            return httpx.Response(200, json={"success": True})
        story = f"{PAGE}_{self.new_id()}"
        self.posts.append(post | {"id": story})
        self.stories.append({"post_id": story, "media_id": media, "url": "https://facebook.com/s"})
        return httpx.Response(200, json={"success": True, "post_id": story})

    def _add(self, message: str, **more: Any) -> dict[str, Any]:
        identifier = f"{PAGE}_{self.new_id()}"
        post = {
            "id": identifier,
            "message": message,
            "created_time": self.time(),
            "permalink_url": f"https://www.facebook.com/{PAGE}/posts/{self._last}",
            "attachments": {"data": self._attachments(**more)},
            **more,
        }
        self.posts.append(post)
        return post

    @staticmethod
    def _attachments(photos: list[str], link: str) -> list[dict[str, Any]]:
        """Return the attachments of a post; several photos are attachments of an album."""
        shown = [{"target": {"id": photo}} for photo in photos]
        if len(shown) > 1:
            return [{"target": {"id": "1"}, "subattachments": {"data": shown}}]
        return [*shown, *([{"unshimmed_url": link}] if link else [])]


class InstagramServer(GraphServer):
    """
    A server with one account.

    Attributes:
        containers: The parameters of each container, with its state.
        processing: How often a new container is unfinished when its state is requested.
        quota: How many posts may be published in a day.
        uploaded: The containers whose videos were uploaded.
        upload_server: The address of the server that receives videos.
    """

    # Comments state another id of the account.
    author: ClassVar = {"id": "980001", "username": "tulipair"}

    def __init__(self, check: Check | None = None) -> None:
        super().__init__(check)
        self.containers: dict[str, dict[str, Any]] = {}
        self.processing = 0
        self.quota = 100
        self.uploaded: list[str] = []
        self.upload_server = "https://graph.instagram.com"

    @property
    def posted(self) -> list[Posted]:
        """The posts and comments of the account, oldest first."""
        return self.posted_as("caption", "text")

    def respond(self, request: httpx.Request, operation: str) -> httpx.Response:
        """Return the usual response to an authorized request."""
        if operation == "GET /me":
            user = {"user_id": ACCOUNT, "username": self.handle}
            return httpx.Response(200, json=user)
        if operation == f"GET /{ACCOUNT}/content_publishing_limit":
            config = {"quota_total": self.quota, "quota_duration": 86400}
            limit = {"quota_usage": len(self.posts), "config": config}
            return httpx.Response(200, json={"data": [limit]})
        if operation == f"GET /{ACCOUNT}/media":
            posts = [post for post in reversed(self.posts) if not post["is_story"]]
            return self.page_of(request, posts)
        if operation == f"POST /{ACCOUNT}/media":
            return self._container(json.loads(request.content))
        if operation == f"POST /{ACCOUNT}/media_publish":
            return self._publish(json.loads(request.content)["creation_id"])
        if operation == f"GET /{ACCOUNT}/stories":
            return self.page_of(request, [post for post in self.posts if post["is_story"]])
        if operation.startswith("POST /ig-api-upload/"):
            assert request.headers["file_size"] == str(len(request.content))
            self.uploaded.append(operation.rpartition("/")[2])
            return httpx.Response(200, json={"success": True})
        response = self.comments_of(request, operation, "text", "timestamp")
        if response is not None:
            return response
        method, _, identifier = operation.partition(" /")
        if method == "DELETE" and any(one["id"] == identifier for one in self.comments):
            self.comments = [one for one in self.comments if one["id"] != identifier]
            return httpx.Response(200, json={"success": True})
        if method == "GET" and identifier in self.containers:
            return self._state(self.containers[identifier])
        found = [post for post in self.posts if post["id"] == identifier]
        if not found:
            return graph_error(400, 100, "Object does not exist", error_subcode=33)
        if method == "DELETE":
            self.posts.remove(found[0])
            return httpx.Response(200, json={"success": True})
        fields = request.url.params["fields"].split(",")
        return httpx.Response(200, json={name: found[0][name] for name in fields})

    def _container(self, params: dict[str, Any]) -> httpx.Response:
        children = params.get("children", "").split(",") if "children" in params else []
        if any(self.containers[child]["state"] != "FINISHED" for child in children):
            return graph_error(400, 9007, "Media ID is not available")
        container = self.new_id()
        state = "IN_PROGRESS" if self.processing else "FINISHED"
        self.containers[container] = {**params, "state": state, "left": self.processing}
        if params.get("upload_type") == "resumable":
            uri = f"{self.upload_server}/v25.0/ig-api-upload/{container}"
            return httpx.Response(200, json={"id": container, "uri": uri})
        return httpx.Response(200, json={"id": container})

    def _publish(self, container: str) -> httpx.Response:
        values = self.containers[container]
        if values["state"] != "FINISHED":
            return graph_error(400, 9007, "Media ID is not available")
        values["state"] = "PUBLISHED"
        identifier = self.new_id()
        self.posts.append(
            {
                "id": identifier,
                "caption": values.get("caption", ""),
                "permalink": f"https://www.instagram.com/p/{identifier}/",
                "timestamp": self.time(),
                "container": container,
                "is_story": values.get("media_type") == "STORIES",
            }
        )
        return httpx.Response(200, json={"id": identifier})

    def _state(self, values: dict[str, Any]) -> httpx.Response:
        response = httpx.Response(
            200, json={"status_code": values["state"], "status": "wrong ratio"}
        )
        if values["state"] == "IN_PROGRESS":
            values["left"] -= 1
            if not values["left"]:
                values["state"] = "FINISHED"
        return response


def form_of(request: httpx.Request) -> dict[str, str]:
    """Return the texts of a multipart request."""
    found = re.findall(rb'name="(\w+)"\r\n\r\n(.*?)\r\n--', request.content, re.S)
    return {name.decode(): value.decode() for name, value in found}


def graph_error(
    status: int, code: int, message: str, headers: dict[str, str] | None = None, **more: Any
) -> httpx.Response:
    """Return an error response in the format of the Graph API."""
    error = {"message": message, "type": "OAuthException", "code": code, **more}
    return httpx.Response(status, json={"error": error}, headers=headers)
