"""Print the results and errors of commands, and define the exit codes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, TextIO

OK: Final = 0
FOUND: Final = 1
MISUSED: Final = 2
UNAVAILABLE: Final = 3


class Output:
    """Standard output and standard error, which receive readable text or one JSON document."""

    def __init__(self, *, as_json: bool, out: TextIO, err: TextIO) -> None:
        self.as_json = as_json
        self.out = out
        self.err = err

    def result(self, value: object, lines: Iterable[str]) -> None:
        """Print *value* as JSON if requested; otherwise print *lines*."""
        if self.as_json:
            json.dump(value, self.out, ensure_ascii=False, indent=2, default=str)
            self.out.write("\n")
            return
        for line in lines:
            self.out.write(_printable(line) + "\n")

    def entry(self, value: object, line: str) -> None:
        """Print an entry of a log, as one line of text or of JSON, without buffering it."""
        if self.as_json:
            json.dump(value, self.out, ensure_ascii=False, default=str)
            self.out.write("\n")
        else:
            self.out.write(_printable(line) + "\n")
        self.out.flush()

    def note(self, text: str) -> None:
        """Print a line to standard error, such as the name of a file that was written."""
        self.err.write(_printable(text) + "\n")

    def error(self, error: BaseException) -> None:
        """Print an error; each fault of a group is printed on a separate line."""
        faults = list(leaves(error))
        if self.as_json:
            problems = [
                {
                    "place": getattr(fault, "place", ""),
                    "problem": getattr(fault, "problem", "") or str(fault),
                    "suggestion": getattr(fault, "suggestion", ""),
                }
                for fault in faults
            ]
            json.dump({"problems": problems}, self.out, ensure_ascii=False, indent=2)
            self.out.write("\n")
            return
        for fault in faults:
            self.err.write(_printable(f"{fault}") + "\n")
        if len(faults) > 1:
            self.err.write(f"{len(faults)} problems\n")


def counted(number: int, noun: str) -> str:
    """
    Return a number and a noun that agrees with it.

    >>> counted(1, "finding"), counted(0, "entry")
    ('1 finding', '0 entries')
    """
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("ry") else f"{number} {noun}s"


def _printable(line: str) -> str:
    """Escape control characters, because a post's text could otherwise manipulate the terminal."""
    return "".join(
        char
        if char == "\t" or (char >= " " and not "\x7f" <= char <= "\x9f")
        else ascii(char)[1:-1]
        for char in line
    )


def leaves(error: BaseException) -> Iterator[BaseException]:
    """Yield the errors in a group and its subgroups, or the error itself if it is not a group."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error


@contextmanager
def progress(output: Output, label: str) -> Iterator[Callable[[int, int], None]]:
    """
    Show the progress of long work on a terminal.

    Yields:
        A function that shows the number of completed items and the total number. If the `cli` extra
        is installed, it shows a progress bar; otherwise, it shows a line that it replaces each time
        it is called.
    """
    if output.as_json or not output.err.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda _done, _total: None
        return
    try:
        from rich.console import Console
        from rich.progress import Progress
    except ImportError:
        try:
            yield _for_each_percent(
                lambda done, total: _rewrite(output.err, f"{label}: {done} of {total}")
            )
        finally:
            # An error message must start on a new line.
            _rewrite(output.err, "")
        return
    with Progress(console=Console(file=output.err), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield _for_each_percent(lambda done, total: bar.update(task, completed=done, total=total))


def _for_each_percent(show: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """Return a function that calls *show* at most once for each percent of the work."""
    last = -1

    def call(done: int, total: int) -> None:
        nonlocal last
        percent = 100 * done // max(total, 1)
        if percent != last:
            last = percent
            show(done, total)

    return call


def _rewrite(terminal: TextIO, line: str) -> None:
    """Replace the current line of a terminal."""
    terminal.write(f"\r\x1b[K{line}")
    terminal.flush()
