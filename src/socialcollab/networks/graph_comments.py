"""Comment on posts with Meta's Graph API, and look for a comment that may have been created."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import quote

import attrs

from socialcollab.content import Json
from socialcollab.networks.graph import instant_of, items_of, next_page, values_of
from socialcollab.networks.responses import text_in
from socialcollab.transport import Flow, Inconclusive, Published, Request, call

_PAGE_SIZE: Final = 100
_MOST_PAGES: Final = 3


@attrs.frozen(kw_only=True)
class Comments:
    """
    The comments on a post, or the replies to a comment.

    Attributes:
        network: The name of the network.
        server: The address of the Graph API, with its version.
        parent: The id of the post or of the comment.
        account: The id of the account or Page that comments.
        handle: The name of the account, or an empty string if comments state only ids.
        edge: The edge of the parent, which depends on its kind.
        text_field: The name of the field that contains the text of a comment.
        time_field: The name of the field that contains the time of a comment.
    """

    network: str
    server: str
    parent: str
    account: str
    handle: str = ""
    edge: Literal["comments", "replies"] = "comments"
    text_field: str = "message"
    time_field: str = "created_time"

    def create(self, text: str, *, part: int, attachment: str = "") -> Flow[Published]:
        """
        Create a comment.

        Args:
            text: The text.
            part: The number of the part of the post that the comment is.
            attachment: The id of an image that was uploaded for it, or an empty string.
        """
        body: dict[str, Json] = {"message": text} if text else {}
        if attachment:
            body["attachment_id"] = attachment
        response = yield from call(
            Request(method="POST", url=self._url, json=body, creates=part, repeat="no")
        )
        values = values_of(response, "id", network=self.network, creates=True)
        return self._published(values)

    def find(self, text: str, *, since: dt.datetime) -> Flow[Published | Inconclusive | None]:
        """
        Return the account's own comment with a text that was created since an instant, or None.

        Other people can write the same text, for example a single emoji.
        """
        expected = " ".join(text.split())
        fields = f"id,{self.text_field},{self.time_field},from"
        if self.handle:
            fields = f"{fields},username"
        doubtful = False
        params = {"fields": fields, "limit": str(_PAGE_SIZE)}
        if self.network == "facebook":
            # Newest first, and with the comments that are replies.
            params |= {"filter": "stream", "order": "reverse_chronological"}
        for _ in range(_MOST_PAGES):
            response = yield from call(Request(method="GET", url=self._url, params=params))
            for each in items_of(response, network=self.network):
                at = instant_of(each, self.time_field)
                is_recent = at is None or at >= since
                if is_recent and " ".join(text_in(each, self.text_field).split()) == expected:
                    is_own = self._is_own(each)
                    if is_own:
                        return self._published(each)
                    doubtful = doubtful or is_own is None
            after = next_page(response)
            if not after:
                break
            params = {**params, "after": after}
        else:
            return Inconclusive(
                f"there are more than {_MOST_PAGES * _PAGE_SIZE} comments, so it is not known"
                " whether this one was created"
            )
        if doubtful:
            return Inconclusive("there is a comment with the same text, but without its author")
        return None

    def _is_own(self, comment: Mapping[str, Json]) -> bool | None:
        """Return whether the account wrote a comment, or None if the author is not stated."""
        author = comment.get("from")
        stated: Mapping[str, Json] = author if isinstance(author, Mapping) else {}
        name = text_in(comment, "username") or text_in(stated, "username")
        if self.handle and name:
            # Instagram identifies the same account with several ids.
            return name.lower() == self.handle.lower()
        known = stated.get("id")
        return None if known is None else str(known) == self.account

    @property
    def _url(self) -> str:
        return f"{self.server}/{quote(self.parent, safe='')}/{self.edge}"

    def _published(self, values: Mapping[str, Json]) -> Published:
        network_id = str(values["id"])
        url = f"https://www.facebook.com/{network_id}" if self.network == "facebook" else ""
        return Published(network_id=network_id, url=url, at=instant_of(values, self.time_field))
