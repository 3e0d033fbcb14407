"""The background task that lets time pass."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging

from socialcollab import AsyncDesk
from socialcollab.errors import StoreUnavailableError

_log = logging.getLogger(__name__)


async def keep_publishing(
    desk: AsyncDesk, stop: asyncio.Event, woken: asyncio.Event, *, every_s: float = 60.0
) -> None:
    """
    Do what is due until told to stop, then end what is under way.

    Args:
        desk: The desk.

        stop: Set when the service ends.

        woken: Set when something may have become due at once, or the service ends.

        every_s: How long to sleep at most, in seconds.
    """
    while not stop.is_set():
        woken.clear()
        try:
            report = await desk.run_due()
            for stream, problem in report.problems:
                _log.warning("%s: %s", stream, problem)
            wait_s = _until(await desk.next_due(), desk.engine.now(), every_s)
        except StoreUnavailableError as error:
            _log.warning("%s; trying again", error)
            wait_s = every_s
        try:
            async with asyncio.timeout(wait_s):
                await woken.wait()
        except TimeoutError:
            continue


def _until(due: dt.datetime | None, now: dt.datetime, every_s: float) -> float:
    if due is None:
        return every_s
    # What is due already, and was not done, waits for another worker or for a network.
    left_s = (due - now).total_seconds()
    return min(every_s, left_s) if left_s > 0 else min(every_s, 5.0)
