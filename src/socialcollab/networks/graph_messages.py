"""Send direct messages with Meta's Graph API, and look for one that may have been sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

import attrs

from socialcollab.content import Json
from socialcollab.networks.graph import instant_of, items_of, values_of
from socialcollab.networks.reading import table, tables
from socialcollab.networks.responses import text_in
from socialcollab.transport import Flow, Inconclusive, Published, Request, call

# The API returns only the latest messages of a conversation:
# developers.facebook.com/docs/messenger-platform/conversations, read 2026-11-30.
_LATEST: Final = 20


@attrs.frozen(kw_only=True)
class DirectMessage:
    """
    A direct message, which answers a message of the last 24 hours.

    Attributes:
        network: The name of the network.
        server: The address of the Graph API, with its version.
        account: The id of the account or Page that writes.
        recipient: The id of the person to write to.
        text: The text.
    """

    network: str
    server: str
    account: str
    recipient: str
    text: str

    def send(self) -> Flow[Published]:
        """
        Send the message.

        The permission ``pages_messaging`` or ``instagram_business_manage_messages`` is needed.

        Source:
            developers.facebook.com/docs/messenger-platform/reference/send-api, read 2026-11-30.
        """
        body: dict[str, Json] = {
            "recipient": {"id": self.recipient},
            "message": {"text": self.text},
        }
        if self.network == "facebook":
            body["messaging_type"] = "RESPONSE"
        response = yield from call(
            Request(
                method="POST",
                url=f"{self.server}/{self.account}/messages",
                json=body,
                creates=0,
                repeat="no",
            )
        )
        values = values_of(response, "message_id", network=self.network, creates=True)
        return Published(network_id=str(values["message_id"]))

    def find(self, since: dt.datetime) -> Flow[Published | Inconclusive | None]:
        """Return the account's message with this text that was sent since an instant, or None."""
        fields = f"messages.limit({_LATEST}){{id,message,created_time,from}}"
        params = {"user_id": self.recipient, "fields": fields}
        if self.network == "instagram":
            params["platform"] = "instagram"
        response = yield from call(
            Request(method="GET", url=f"{self.server}/{self.account}/conversations", params=params)
        )
        expected, doubtful = " ".join(self.text.split()), False
        for conversation in items_of(response, network=self.network):
            messages = [*tables(table(conversation, "messages"), "data")]
            for each in messages:
                at = instant_of(each, "created_time")
                if at is not None and at < since:
                    continue
                if " ".join(text_in(each, "message").split()) == expected:
                    if self._is_own(each):
                        return Published(network_id=text_in(each, "id"), at=at)
                    doubtful = True
            oldest = instant_of(messages[-1], "created_time") if messages else None
            if len(messages) >= _LATEST and (oldest is None or oldest >= since):
                return Inconclusive(
                    f"the conversation has {_LATEST} newer messages, and older ones are not shown"
                )
        if doubtful:
            return Inconclusive("another account sent a message with the same text")
        return None

    def _is_own(self, message: Mapping[str, Json]) -> bool:
        # Instagram identifies the same account with several ids, but never as the recipient.
        author = text_in(table(message, "from"), "id")
        is_known = bool(author) and bool(text_in(message, "id"))
        return is_known and author != self.recipient
