"""The background task that does the due work."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging

from socialcollab import AsyncDesk
from socialcollab.errors import StoreUnavailableError

_log = logging.getLogger(__name__)


async def run_worker(
    desk: AsyncDesk, stop: asyncio.Event, wake: asyncio.Event, *, max_wait_s: float = 60.0
) -> None:
    """
    Do the due work until *stop* is set.

    Args:
        desk: The desk.
        stop: Set it to end the task after the work that it is doing.
        wake: Set it when something may have become due, or to make the task notice *stop*.
        max_wait_s: How long to wait at most, in seconds.
    """
    while not stop.is_set():
        wake.clear()
        try:
            report = await desk.run_due()
            for stream, problem in report.problems:
                _log.warning("%s: %s", stream, problem)
            wait_s = _wait_s(await desk.next_due(), desk.engine.now(), max_wait_s)
        except StoreUnavailableError as error:
            _log.warning("%s; trying again", error)
            wait_s = max_wait_s
        try:
            async with asyncio.timeout(wait_s):
                await wake.wait()
        except TimeoutError:
            continue


def _wait_s(due: dt.datetime | None, now: dt.datetime, max_wait_s: float) -> float:
    if due is None:
        return max_wait_s
    remaining_s = (due - now).total_seconds()
    # Work that stays due waits for another worker or for a network; it must not be retried at once.
    return min(max_wait_s, remaining_s) if remaining_s > 0 else min(max_wait_s, 5.0)
