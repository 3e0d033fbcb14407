"""Upload the bytes of videos to the upload server of Meta's Graph API."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from socialcollab.content import Video
from socialcollab.errors import TransientError
from socialcollab.networks.graph import values_of
from socialcollab.transport import Flow, MediaPart, Request, call

_UPLOAD_HOST: Final = "rupload.facebook.com"


def upload_video(server: str, address: str, video: Video, *, network: str) -> Flow[None]:
    """
    Upload a video to the address that the Graph API returned for it.

    Args:
        server: The address of the Graph API.
        address: The address to upload to. It must belong to Meta's upload server, or to *server*,
            because the access token is sent there.
        video: The video.
        network: The name of the network.

    Raises:
        TransientError: If the address belongs to another server.
        NetworkError: If the upload failed.

    Source:
        developers.facebook.com/docs/video-api/guides/reels-publishing and
        developers.facebook.com/docs/instagram-platform/content-publishing/resumable-uploads, read
        2026-11-30.
    """
    parts, own = urlsplit(address), urlsplit(server)
    if (parts.scheme, parts.netloc) not in (("https", _UPLOAD_HOST), (own.scheme, own.netloc)):
        raise TransientError("the upload address belongs to another server", network=network)
    request = Request(
        method="POST",
        url=address,
        # The upload server expects another scheme than the Graph API.
        headers={
            "authorization": "OAuth",
            "offset": "0",
            "file_size": str(video.size_bytes),
        },
        media=MediaPart(digest=video.digest, media_type=video.media_type, size=video.size_bytes),
    )
    response = yield from call(request)
    values_of(response, "success", network=network)
