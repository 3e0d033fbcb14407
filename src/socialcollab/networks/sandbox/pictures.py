"""Keep uploaded pictures beside the timeline, for its preview."""

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
}


def picture_name(digest: str, media_type: str) -> str:
    """Return the name of a picture's file, which a web page beside it may show."""
    return f"{digest.removeprefix('sha256:')}.{_ENDINGS.get(media_type, 'bin')}"


def keep_in(folder: Path, media: Media) -> Keep:
    """Return what copies an upload from *media* into *folder*, whole or not at all."""

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
            raise RejectedError(f"the bytes of image `{part.digest}` are not kept") from None
        except (OSError, StoreUnavailableError) as error:
            raise TransientError(f"the image cannot be read or kept: {error}") from error

    return keep
