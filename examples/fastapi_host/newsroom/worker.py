"""The background task that performs the due work."""

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
    Perform the due work until *stop* is set.

    Args:
        desk: The desk.
        stop: An event that ends the task after the current run. Set *wake* as well, so that the
            task does not continue waiting.
        wake: An event to set when work may have become due.
        max_wait_s: The maximum time to wait between two runs, in seconds.
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
    # Work that remains due waits for another worker or a network. Do not retry it immediately.
    return min(max_wait_s, remaining_s) if remaining_s > 0 else min(max_wait_s, 5.0)
