"""Store the bytes of uploaded media next to the timeline, for the preview pages."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from socialcollab.errors import NotFoundError, RejectedError, StoreUnavailableError, TransientError
from socialcollab.networks.sandbox.server import Keep
from socialcollab.transport import Media, MediaPart

_ENDINGS: Final = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
}


def picture_name(digest: str, media_type: str) -> str:
    """Return the file name of an image or a video, with the extension that browsers expect."""
    return f"{digest.removeprefix('sha256:')}.{_ENDINGS.get(media_type, 'bin')}"


def keep_in(folder: Path, media: Media) -> Keep:
    """Return a function that copies an upload from *media* into *folder*, atomically."""

    def keep(part: MediaPart) -> None:
        target = folder / picture_name(part.digest, part.media_type)
        if target.exists():
            return
        partial = folder / f"{target.name}.{os.getpid()}.part"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with media.open(part.digest) as source, partial.open("wb") as copy:
                shutil.copyfileobj(source, copy)
            partial.replace(target)
        except NotFoundError:
            raise RejectedError(f"the bytes of media `{part.digest}` are not stored") from None
        except (OSError, StoreUnavailableError) as error:
            raise TransientError(f"media `{part.digest}` cannot be copied: {error}") from error

    return keep
