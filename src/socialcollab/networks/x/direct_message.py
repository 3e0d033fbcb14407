"""Send direct messages on X, and look for one that may have been sent."""

from __future__ import annotations

import datetime as dt
from typing import Final
from urllib.parse import quote

import attrs

from socialcollab.networks.reading import instant
from socialcollab.networks.responses import text_in
from socialcollab.networks.x.responses import data_of, posts_of, shown_text
from socialcollab.transport import Flow, Inconclusive, Published, Request, call

_MOST_PAGES: Final = 5
_PAGE_SIZE: Final = 100


@attrs.frozen(kw_only=True)
class DirectMessage:
    """
    A direct message.

    Attributes:
        server: The address of the API.
        conversation: The id of the conversation, such as ``1000-2000``, or of the account to write
            to.
        text: The text.
    """

    server: str
    conversation: str
    text: str

    def send(self) -> Flow[Published]:
        """Send the message. The scope ``dm.write`` is needed."""
        is_account = self.conversation.isdigit()
        path = f"{'with/' if is_account else ''}{quote(self.conversation, safe='')}/messages"
        response = yield from call(
            Request(
                method="POST",
                url=f"{self.server}/2/dm_conversations/{path}",
                json={"text": self.text},
                creates=0,
                repeat="no",
            )
        )
        data = data_of(response, "dm_event_id", ok=(200, 201), creates=True)
        return Published(network_id=str(data["dm_event_id"]))

    def find(self, account: str, since: dt.datetime) -> Flow[Published | Inconclusive | None]:
        """Return the account's message with this text that was sent since an instant, or None."""
        is_account = self.conversation.isdigit()
        path = f"{'with/' if is_account else ''}{quote(self.conversation, safe='')}/dm_events"
        params = {
            "event_types": "MessageCreate",
            "dm_event.fields": "id,text,created_at",
            "expansions": "sender_id",
            "max_results": str(_PAGE_SIZE),
        }
        expected = " ".join(self.text.split())
        for _ in range(_MOST_PAGES):
            response = yield from call(
                Request(method="GET", url=f"{self.server}/2/dm_conversations/{path}", params=params)
            )
            events, token = posts_of(response)
            for event in events:
                at = instant(event, "created_at")
                # Newest first.
                if at < since:
                    return None
                same = " ".join(shown_text(event).split()) == expected
                if same and text_in(event, "sender_id") == account:
                    return Published(network_id=str(event["id"]), at=at)
            if not token:
                return None
            params = {**params, "pagination_token": token}
        return Inconclusive("the conversation has too many new messages to look through")
