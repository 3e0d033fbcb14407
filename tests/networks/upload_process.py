"""A process that publishes a video, and prints how much memory it used at most, in KiB."""

from __future__ import annotations

import datetime as dt
import importlib
import re
import sys
from io import BytesIO
from pathlib import Path

import attrs

from socialcollab.content import Video
from socialcollab.directory import Profile
from socialcollab.stores import FolderMedia
from socialcollab.transport import Driver, OutgoingPost


def main(network: str, address: str, folder: str, file: str) -> None:
    """
    Publish the video in a file.

    Args:
        network: The name of the network.
        address: The address of the server.
        folder: The folder of the media store.
        file: The path of the video.
    """
    profile = Profile(
        id="tulip", workspace="tulip", network=network, handle="@tulip.example", server=address
    )
    media = FolderMedia(folder)
    path = Path(file)
    with path.open("rb") as stream:
        head = stream.read(64)
    small = attrs.evolve(Video.from_stream(BytesIO(head), alt="wind"), source=None)
    large = attrs.evolve(Video.from_file(path, alt="wind"), source=None)
    with path.open("rb") as stream:
        assert media.put(stream) == large.digest
    post = OutgoingPost(delivery="d1", profile=profile, text="Lente", media=(small,))
    kind = getattr(importlib.import_module(f"socialcollab.networks.{network}"), network.title())
    with kind({"tulip": "a-secret"}, media=media) as connected:
        adapter = connected.adapter(profile)
        # The networks' limits are lower than the size of the video, so a small one is prepared.
        prepared = adapter.prepare(post, now=dt.datetime.now(dt.UTC), entropy=bytes(16))
        prepared = attrs.evolve(prepared, outgoing=attrs.evolve(post, media=(large,)))
        flow = adapter.publish(prepared, {})
        published = Driver().run(flow, transport=connected.transport(profile))
    assert published.network_id
    # `resource.getrusage` would include the memory of the parent process.
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    print(peak)


if __name__ == "__main__":
    main(*sys.argv[1:])
