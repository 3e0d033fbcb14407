"""The commands ``run-due`` and ``worker``, which do the due work of a desk."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from socialcollab.cli.inputs import open_desk
from socialcollab.cli.networks import opened_networks
from socialcollab.cli.output import FOUND, OK, Output, counted
from socialcollab.errors import InvalidValueError, StoreUnavailableError

if TYPE_CHECKING:
    import datetime as dt
    from types import FrameType

    from socialcollab.desk import Desk, DueReport
    from socialcollab.networks.sandbox import Sandbox
    from socialcollab.transport import Network


_LONGEST_WAIT_S: Final = 86_400


class Stop(Protocol):
    """The request to stop a worker."""

    def is_requested(self) -> bool:
        """Return whether the worker must stop."""
        ...

    def wait(self, seconds: float) -> bool:
        """Wait for the request for at most *seconds*, and return whether the worker must stop."""
        ...


def run_due(args: argparse.Namespace, output: Output) -> int:
    """Do all due work of a desk."""
    with (
        _networks_of(args) as (networks, sandbox),
        open_desk(args.desk, args.id, networks=networks, media=args.media) as desk,
    ):
        report = desk.run_due(budget_s=args.budget)
        next_due = desk.next_due(after=report.at)
        outcomes = _outcomes(desk, report)
        if sandbox is not None:
            output.note(f"wrote {sandbox.write_preview()}")
    output.result(
        {**_values(report), "next_due": next_due.isoformat() if next_due else None},
        [
            *outcomes,
            _summary(report),
            *([f"next due at {next_due:%Y-%m-%d %H:%M} UTC"] if next_due else []),
        ],
    )
    return FOUND if report.problems else OK


@contextmanager
def _networks_of(
    args: argparse.Namespace,
) -> Iterator[tuple[Mapping[str, Network], Sandbox | None]]:
    """Open the networks of ``--networks`` or ``--sandbox``, and close them at the end."""
    if args.networks:
        with opened_networks(args.networks) as networks:
            yield networks, None
        return
    if not args.sandbox:
        yield {}, None
        return
    from contextlib import closing

    from socialcollab.networks.sandbox import Sandbox

    with closing(Sandbox(args.sandbox)) as sandbox:
        yield {"*": sandbox}, sandbox


def worker(args: argparse.Namespace, output: Output) -> int:
    """Do due work until the process receives SIGINT or SIGTERM."""
    if not 0 < args.every <= _LONGEST_WAIT_S:
        raise InvalidValueError(
            f"--every `{args.every:g}` is not a number of seconds between 0 and {_LONGEST_WAIT_S}"
        )
    with (
        _stop_on_signals() as stop,
        opened_networks(args.networks) as networks,
        open_desk(args.desk, args.id, networks=networks, media=args.media) as desk,
    ):
        if not args.once:
            output.note(f"doing the due work of `{desk.id}`; press Ctrl+C to stop")
        return work(desk, output, stop=stop, every_s=args.every, once=args.once)


def work(desk: Desk, output: Output, *, stop: Stop, every_s: float, once: bool = False) -> int:
    """
    Do due work until *stop* is requested, and print one line for each run that did something.

    A run that only repeats the result of the previous run, for example because a delivery still has
    no network, is not printed again.

    Args:
        desk: The desk.
        output: The output.
        stop: The request to stop, which ends a run after the current piece of work.
        every_s: The maximum number of seconds between two runs. The next run starts earlier if work
            becomes due earlier.
        once: Whether to end after one run.

    Returns:
        The exit code.
    """
    last: object = None
    while not stop.is_requested():
        wait_s = every_s
        try:
            report = desk.run_due(stop=stop.is_requested)
            result = (report.worked, report.states, report.problems)
            if (report.worked or report.problems) and result != last:
                line = "; ".join((_summary(report), *_outcomes(desk, report)))
                output.entry(_values(report), f"{report.at:%Y-%m-%d %H:%M:%S} UTC  {line}")
            last = result
            if once:
                return FOUND if report.problems else OK
            wait_s = _wait_s(desk.next_due(after=report.at), desk.engine.now(), every_s)
        except StoreUnavailableError as error:
            if once:
                raise
            output.note(f"{error}; trying again in {every_s:g} seconds")
        stop.wait(wait_s)
    return OK


def _wait_s(next_due: dt.datetime | None, now: dt.datetime, every_s: float) -> float:
    if next_due is None:
        return every_s
    return min(every_s, max(0.0, (next_due - now).total_seconds()))


class _Signals:
    """
    The signals that the process has received.

    `queue.SimpleQueue` is used because its `put` is reentrant: a signal handler runs in the main
    thread, which may be waiting for the queue at that moment. `threading.Event.set` could block
    forever there.
    """

    def __init__(self) -> None:
        from queue import SimpleQueue

        self._received: SimpleQueue[int] = SimpleQueue()

    def handle(self, number: int, _frame: FrameType | None) -> None:
        self._received.put(number)

    def is_requested(self) -> bool:
        return not self._received.empty()

    def wait(self, seconds: float) -> bool:
        from queue import Empty

        try:
            number = self._received.get(timeout=seconds)
        except Empty:
            return False
        # The request must remain visible to `is_requested`.
        self._received.put(number)
        return True


@contextmanager
def _stop_on_signals() -> Iterator[Stop]:
    """Provide a stop request that SIGINT and SIGTERM set, and restore the handlers at the end."""
    signals = _Signals()
    before = {
        number: signal.signal(number, signals.handle) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _values(report: DueReport) -> dict[str, object]:
    return {
        "at": report.at.isoformat(),
        "worked": list(report.worked),
        "deliveries": [{"delivery": name, "state": state} for name, state in report.states],
        "problems": [{"place": place, "problem": text} for place, text in report.problems],
        "left": report.left,
    }


def _outcomes(desk: Desk, report: DueReport) -> list[str]:
    """Return a line for each delivery and for each problem of a run."""
    lines = []
    for name, state in report.states:
        delivery = desk.delivery(name)
        post = desk.post(delivery.post)
        lines.append(f"{post.display_name} on `{delivery.profile}`: {state}")
    return lines + [f"problem with {place}: {text}" for place, text in report.problems]


def _summary(report: DueReport) -> str:
    return (
        f"{counted(len(report.worked), 'stream')} processed,"
        f" {counted(len(report.problems), 'problem')}"
        + (f", {report.left} left for the next run" if report.left else "")
    )
