"""The sandbox as a network: adapters, transports, and what went out."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Self

from socialcollab.directory import NetworkDescription, Profile
from socialcollab.directory import network as described
from socialcollab.networks.sandbox.adapter import SandboxAdapter
from socialcollab.networks.sandbox.fault import InjectedFault
from socialcollab.networks.sandbox.pictures import keep_in
from socialcollab.networks.sandbox.server import Rules, SandboxTransport
from socialcollab.networks.sandbox.timeline import RateLimit, SandboxPost, Timeline
from socialcollab.transport import Adapter, Clock, Media, Transport


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Sandbox:
    """
    A staging network: what is sent to it looks like sent, and stays in a folder.

    Every profile meets the limits of its own network. Several processes may
    use one folder at once. Killing one at any moment leaves each post whole,
    or nothing of it.

    Args:
        path: The folder; made if it is not there.

        faults: What goes wrong, and how often.

        rate_limit: How many posts each profile may make within a window.

        clock: The time on the timeline, by which rate limits count; the real
            one if not given.

        real_clock: The time that deadlines are held to; the real one if not given.

        send_within_s: How long one creating request may take, in seconds.

        honours_keys: Whether the server makes one post per key, however often
            it is sent. If not, each creating request makes a post.

        conclusive_after_s: How long after a sender's deadline a look that
            finds nothing is taken for proof; a fault that lags for longer, or
            arrives later, shows what that is worth.

        thread_mark: What separates the parts of a thread in a text; empty
            sends every text as one post.

        media: Where the bytes of pictures come from. Without it, uploads are
            taken by digest alone and the preview shows their description.

        descriptions: Networks that are not built in, or with other limits, by name.

        durable: Whether each post waits for the disk.

        sleep: Waits some seconds, when a fault makes the server slow.

        monotonic: Seconds that pass, whatever clocks are set to.
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
        thread_mark: str = "",
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
        self._thread_mark = thread_mark
        self._descriptions = dict(descriptions or {})
        self._timeline = Timeline(self.path / "timeline.db", durable=durable)
        self._rules = Rules(
            faults=tuple(faults or ()),
            rate_limit=rate_limit,
            honours_keys=honours_keys,
            clock=clock or _now,
            real_clock=real_clock or _now,
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

    def adapter(self, profile: Profile) -> Adapter:
        """
        Return the adapter that talks for *profile*.

        Raises:
            InvalidValueError: If its network is not described.
        """
        return SandboxAdapter(
            profile=profile,
            description=self._described(profile.network),
            send_within_s=self._send_within_s,
            honours_keys=self._honours_keys,
            conclusive_after=self._conclusive_after,
            thread_mark=self._thread_mark,
        )

    def transport(self, profile: Profile) -> Transport:
        """
        Return what carries that profile's requests to the sandbox's server.

        Raises:
            InvalidValueError: If its network is not described.
        """
        return SandboxTransport(
            profile=profile,
            description=self._described(profile.network),
            timeline=self._timeline,
            rules=self._rules,
        )

    def posts(self, profile: str | None = None) -> tuple[SandboxPost, ...]:
        """
        Return what went out, in the order it came in; removed posts too.

        Args:
            profile: Only what stands on that profile.

        Raises:
            StoreUnavailableError: If the timeline cannot be read.
        """
        return self._timeline.posts(profile=profile, first=self._rules.let_arrive)

    def write_preview(self, *, zone: str = "UTC") -> Path:
        """
        Write ``timeline.html`` and a page per profile, and return the former.

        Args:
            zone: The IANA name of the zone whose wall clock the pages show.

        Raises:
            InvalidValueError: If there is no such zone.

            StoreUnavailableError: If the timeline cannot be read.

            OSError: If the pages cannot be written.
        """
        from socialcollab.networks.sandbox.preview import write_pages  # noqa: PLC0415  HTML only on demand

        return write_pages(self.path, self.posts(), self._described, zone=zone)

    def close(self) -> None:
        """Let go of the timeline; using the sandbox again opens it anew."""
        self._timeline.close()

    def _described(self, network: str) -> NetworkDescription:
        return self._descriptions.get(network) or described(network)
