"""The sandbox network, with its adapters, its transports and the posts on its timeline."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Self

from socialcollab.content import MessageAuthor, MessageKind
from socialcollab.directory import NetworkDescription, Profile, find_network
from socialcollab.directory import network as described
from socialcollab.networks.sandbox.adapter import SandboxAdapter
from socialcollab.networks.sandbox.faults import InjectedFault
from socialcollab.networks.sandbox.messages import add_message
from socialcollab.networks.sandbox.pictures import keep_in
from socialcollab.networks.sandbox.server import Rules, SandboxTransport
from socialcollab.networks.sandbox.timeline import RateLimit, SandboxPost, Timeline
from socialcollab.transport import Adapter, Clock, Media, Transport, system_clock


class Sandbox:
    """
    A staging network that accepts posts as the real networks would, and stores them in a folder.

    Each profile has the limits of its own network. Several processes may use the same folder
    concurrently. If a process is killed, each post is either stored completely or not at all.

    Args:
        path: The folder, which is created if it does not exist.
        faults: The faults to inject.
        rate_limit: The maximum rate of posts for each profile.
        clock: The clock for the timeline and the rate limits; the system clock by default.
        real_clock: The clock that deadlines are compared with; the system clock by default.
        send_within_s: The hard deadline of a request that creates a post, in seconds.
        honours_keys: Whether the server creates only one post per idempotency key, even if the
            request arrives several times.
        conclusive_after_s: The time after the sender's deadline from which a lookup without a
            result proves that no post was created, in seconds.
        media: The media store that the bytes of images are read from. If it is None, an upload
            consists of the digest only, and the preview shows alt texts instead of images.
        descriptions: Descriptions of networks that are neither built in nor installed, or that have
            different limits, by the network's name.
        durable: Whether each write waits until the data is on disk.
        sleep: A function that waits for a number of seconds, called if a fault makes the server
            slow.
        monotonic: A monotonic clock, in seconds.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        faults: Iterable[InjectedFault] | None = None,
        rate_limit: RateLimit | None = None,
        clock: Clock | None = None,
        real_clock: Clock | None = None,
        send_within_s: float = 30.0,
        honours_keys: bool = True,
        conclusive_after_s: float = 0.0,
        media: Media | None = None,
        descriptions: Mapping[str, NetworkDescription] | None = None,
        durable: bool = True,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = Path(path)
        self._send_within_s = send_within_s
        self._honours_keys = honours_keys
        self._conclusive_after = dt.timedelta(seconds=conclusive_after_s)
        self._descriptions = dict(descriptions or {})
        self._timeline = Timeline(self.path / "timeline.db", durable=durable)
        self._rules = Rules(
            faults=tuple(faults or ()),
            rate_limit=rate_limit,
            honours_keys=honours_keys,
            clock=clock or system_clock,
            real_clock=real_clock or system_clock,
            sleep=sleep,
            monotonic=monotonic,
            keep=None if media is None else keep_in(self.path / "media", media),
        )

    def __repr__(self) -> str:
        return f"Sandbox({str(self.path)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def description_of(self, profile: Profile) -> NetworkDescription | None:
        """Return the limits of *profile*, or None if its network is not known."""
        return self._descriptions.get(profile.network) or find_network(profile.network)

    def adapter(self, profile: Profile) -> Adapter:
        """
        Return the adapter for *profile*.

        Raises:
            InvalidValueError: If there is no description of its network.
        """
        return SandboxAdapter(
            profile=profile,
            description=self._described(profile.network),
            send_within_s=self._send_within_s,
            honours_keys=self._honours_keys,
            conclusive_after=self._conclusive_after,
        )

    def transport(self, profile: Profile) -> Transport:
        """
        Return the transport that sends the requests of *profile* to the server.

        Raises:
            InvalidValueError: If there is no description of its network.
        """
        return SandboxTransport(
            profile=profile,
            description=self._described(profile.network),
            timeline=self._timeline,
            rules=self._rules,
        )

    def posts(self, profile: str | None = None) -> tuple[SandboxPost, ...]:
        """
        Return the posts in order of arrival, including removed posts.

        Args:
            profile: Return only the posts of this profile.

        Raises:
            StoreUnavailableError: If the timeline cannot be read.
        """
        return self._timeline.posts(profile=profile, first=self._rules.process_delayed_requests)

    def add_message(
        self,
        profile: str,
        text: str,
        *,
        kind: MessageKind = "mention",
        author: str = "klant",
        parent: str = "",
        at: dt.datetime | None = None,
    ) -> str:
        """
        Add a message to a profile, as if another account had written it, and return its id.

        Args:
            profile: The id of the profile that receives the message.
            text: The text.
            kind: The kind of message.
            author: The handle of the account that writes it.
            parent: The id of the post or message that it replies to.
            at: When it is written; now by default.

        Raises:
            InvalidValueError: If the kind does not exist.
            StoreUnavailableError: If the timeline cannot be written.
        """
        with self._timeline.writing() as db:
            return add_message(
                db,
                profile,
                kind=kind,
                text=text,
                author=MessageAuthor(id=author, handle=author),
                parent=parent,
                at=at or self._rules.clock(),
            )

    def blocked_authors(self, profile: str) -> frozenset[str]:
        """
        Return the ids of the accounts that a profile has blocked.

        Raises:
            StoreUnavailableError: If the timeline cannot be read.
        """
        with self._timeline.writing() as db:
            rows = db.execute("SELECT author FROM blocked WHERE profile = ?", (profile,))
            return frozenset(author for (author,) in rows)

    def write_preview(self, *, zone: str = "UTC") -> Path:
        """
        Write ``timeline.html`` and a page per network, and return the path of ``timeline.html``.

        Args:
            zone: The IANA name of the time zone in which the pages display times.

        Raises:
            InvalidValueError: If the zone does not exist.
            StoreUnavailableError: If the timeline cannot be read.
            OSError: If the pages cannot be written.
        """
        from socialcollab.networks.sandbox.preview import write_pages  # noqa: PLC0415  HTML only on demand

        return write_pages(self.path, self.posts(), self._described, zone=zone)

    def close(self) -> None:
        """Close the timeline. The next use of the sandbox opens it again."""
        self._timeline.close()

    def _described(self, network: str) -> NetworkDescription:
        return self._descriptions.get(network) or described(network)
