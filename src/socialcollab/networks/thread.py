"""Publish the texts of a thread one after another, and continue a thread that was interrupted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final

from socialcollab.transport import Created, Flow, Found, Published, call

_PART: Final = "part-"
_URL: Final = "url"
_AT: Final = "at"


def id_of_part(progress: Mapping[str, str], part: int) -> str:
    """Return the network's id of a part that was published, or an empty string."""
    return progress.get(f"{_PART}{part}", "")


def next_part(progress: Mapping[str, str], count: int) -> int:
    """Return the number of the first part that is not known to be published, or of the last part."""
    return next((n for n in range(count) if not id_of_part(progress, n)), count - 1)


def publish_parts(
    count: int,
    progress: Mapping[str, str],
    create: Callable[[int, Mapping[str, str]], Flow[tuple[Published, Mapping[str, str]]]],
) -> Flow[Published]:
    """
    Create all parts that are not known to be published, and return the first part of the post.

    Args:
        count: The number of parts; a post that is not a thread has one.
        progress: The values of the last checkpoint.
        create: A function of a part's number and the progress so far. It returns a flow that
            creates the part, and returns the part and values to add to the progress.
    """
    done = dict(progress)
    first = _first(done)
    for part in range(count):
        if id_of_part(done, part):
            continue
        created, values = yield from create(part, done)
        done |= {**values, **_values(created, part)}
        first = first or created
        if count > 1:
            yield from call(
                Created(
                    part=part,
                    network_id=created.network_id,
                    url=created.url,
                    at=created.at,
                    values=dict(done),
                )
            )
    return first or Published(network_id="")


def found_part(
    found: Published, count: int, progress: Mapping[str, str], values: Mapping[str, str]
) -> Found:
    """
    Return the result of a lookup that found the next part.

    Args:
        found: The part.
        count: The number of parts.
        progress: The values of the last checkpoint.
        values: Values to add to the progress.
    """
    if count == 1:
        return Found(found)
    part = next_part(progress, count)
    done = {**progress, **values, **_values(found, part)}
    return Found(found, part=part, progress=done, whole=_first(done) if part == count - 1 else None)


def _values(created: Published, part: int) -> dict[str, str]:
    """Return the progress values of a part. The first part represents the whole post."""
    values = {f"{_PART}{part}": created.network_id}
    if part == 0:
        values[_URL] = created.url
        values[_AT] = "" if created.at is None else created.at.isoformat()
    return values


def _first(progress: Mapping[str, str]) -> Published | None:
    """Return the first part, or None if it has not been published."""
    network_id = id_of_part(progress, 0)
    if not network_id:
        return None
    at = progress.get(_AT, "")
    return Published(
        network_id=network_id,
        url=progress.get(_URL, ""),
        at=dt.datetime.fromisoformat(at) if at else None,
    )
