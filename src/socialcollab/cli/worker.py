"""The commands ``run-due`` and ``worker``, which do the due work of a desk."""

from __future__ import annotations

import argparse
import datetime as dt
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from socialcollab.cli.accounts.tokens import (
    StoredTokens,
    TokenSources,
    check_tokens_exist,
    stored_networks,
    tokens_exist,
    tokens_path,
)
from socialcollab.cli.inputs import open_desk
from socialcollab.cli.networks import opened_networks
from socialcollab.cli.output import FOUND, OK, Output, counted
from socialcollab.errors import (
    CorruptJournalError,
    InvalidValueError,
    NotFoundError,
    StoreUnavailableError,
)

if TYPE_CHECKING:
    from types import FrameType

    from socialcollab.desk import Desk, DueReport
    from socialcollab.networks.sandbox import Sandbox
    from socialcollab.transport import Network


_LONGEST_WAIT_S: Final = 86_400
_TOKENS_KEPT_EVERY: Final = dt.timedelta(hours=1)


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
    if args.budget is not None and not args.budget >= 0:
        raise InvalidValueError(
            f"--budget `{args.budget:g}` is not a number of seconds, 0 or greater"
        )
    with (
        _networks_of(args) as (networks, sandbox, tokens),
        open_desk(args.desk, args.id, networks=networks, media=args.media) as desk,
    ):
        if tokens is not None:
            _keep_tokens(tokens, desk, output)
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
) -> Iterator[tuple[Mapping[str, Network], Sandbox | None, StoredTokens | None]]:
    """
    Open the networks of ``--networks``, ``--sandbox`` or ``--tokens``, and close them at the end.

    If there is none of these options, the tokens beside the desk are used if there are any.
    """
    if args.networks:
        with opened_networks(args.networks) as networks:
            yield networks, None, None
        return
    if args.sandbox:
        from contextlib import closing

        from socialcollab.networks.sandbox import Sandbox

        with closing(Sandbox(args.sandbox)) as sandbox:
            yield {"*": sandbox}, sandbox, None
        return
    if not args.tokens and not tokens_exist(tokens_path(args, args.desk)):
        yield {}, None, None
        return
    with _stored(args) as (networks, tokens):
        yield networks, None, tokens


@contextmanager
def _stored(args: argparse.Namespace) -> Iterator[tuple[Mapping[str, Network], StoredTokens]]:
    """Open the built-in networks with the tokens that ``connect`` has stored."""
    from socialcollab.desk import media_folder
    from socialcollab.stores import FolderMedia

    path = tokens_path(args, args.desk)
    check_tokens_exist(path, args.desk)
    with open_desk(args.desk, args.id) as desk:
        profiles = desk.organization.profiles_by_id
        folder = media_folder(args.desk, desk.id) if args.media is None else args.media
    tokens = StoredTokens(TokenSources(path), profiles)
    with stored_networks(tokens, media=FolderMedia(folder)) as networks:
        yield networks, tokens


def _keep_tokens(tokens: StoredTokens, desk: Desk, output: Output) -> None:
    """Renew the tokens that can be renewed only before they expire."""
    tokens.profiles = desk.organization.profiles_by_id
    for problem in tokens.keep():
        output.note(problem)


def worker(args: argparse.Namespace, output: Output) -> int:
    """Do due work until the process receives SIGINT or SIGTERM."""
    if not 0 < args.every <= _LONGEST_WAIT_S:
        raise InvalidValueError(
            f"--every `{args.every:g}` is not a number of seconds greater than 0 and at most"
            f" {_LONGEST_WAIT_S}"
        )
    if not args.networks:
        # A desk that does not exist has no tokens either, but must be reported as missing.
        open_desk(args.desk, args.id).close()
        check_tokens_exist(tokens_path(args, args.desk), args.desk)
    args.sandbox = None
    with (
        _stop_on_signals() as stop,
        _networks_of(args) as (networks, _, tokens),
        open_desk(args.desk, args.id, networks=networks, media=args.media) as desk,
    ):
        if not args.once:
            output.note(f"doing the due work of `{desk.id}`; press Ctrl+C to stop")
        return work(desk, output, stop=stop, every_s=args.every, once=args.once, tokens=tokens)


def work(
    desk: Desk,
    output: Output,
    *,
    stop: Stop,
    every_s: float,
    once: bool = False,
    tokens: StoredTokens | None = None,
) -> int:
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
        tokens: The stored tokens, which are renewed once an hour if this is necessary, or None.

    Returns:
        The exit code.
    """
    last: object = None
    kept_until: dt.datetime | None = None
    while not stop.is_requested():
        wait_s = every_s
        try:
            now = desk.engine.now()
            if tokens is not None and (kept_until is None or now >= kept_until):
                _keep_tokens(tokens, desk, output)
                kept_until = now + _TOKENS_KEPT_EVERY
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


def name_of_stream(desk: Desk, stream: str) -> str:
    """Return the name of a post or delivery for a person, given its stream in the journal."""
    kind, _, name = stream.partition("/")
    try:
        if kind == "delivery":
            delivery = desk.delivery(name)
            return f"{desk.post(delivery.post).display_name} on `{delivery.profile}`"
        if kind == "post":
            return desk.post(name).display_name
    except (CorruptJournalError, NotFoundError):
        pass
    return stream


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
    return lines + [
        f"problem with {name_of_stream(desk, place)}: {text}" for place, text in report.problems
    ]


def _summary(report: DueReport) -> str:
    return (
        f"{counted(len(report.worked), 'stream')} processed,"
        f" {counted(len(report.problems), 'problem')}"
        + (f", {report.left} left for the next run" if report.left else "")
    )
