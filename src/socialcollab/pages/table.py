"""Tables, badges and paragraphs, of which reports are made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import get_args

from socialcollab.errors import InvalidValueError
from socialcollab.showing import Html, Tone, escape


def badge(text: str, tone: Tone = "grey") -> Html:
    """
    Return a small label.

    >>> badge("approved", "green")
    '<span class="badge t-green">approved</span>'

    Raises:
        InvalidValueError: If there is no such tone.
    """
    if tone not in get_args(Tone):
        raise InvalidValueError(f"there is no tone `{tone}`", value=tone, expected="a tone")
    return Html(f'<span class="badge t-{tone}">{escape(text)}</span>')


def heading(text: str, *, level: int = 2) -> Html:
    """Return a heading of level 2 or 3; the page's title is level 1."""
    level = 3 if level > 2 else 2
    return Html(f'<h{level} class="wrap"><bdi>{escape(text)}</bdi></h{level}>')


def paragraph(text: str) -> Html:
    """Return a paragraph."""
    return Html(f'<p class="wrap" dir="auto">{escape(text)}</p>')


def join(parts: Iterable[str]) -> Html:
    """Put parts one below the other; plain strings are escaped."""
    return Html("\n".join(escape(part) for part in parts))


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[str | int]],
    *,
    caption: str = "",
) -> Html:
    """
    Return a table; whole numbers stand to the right.

    Raises:
        InvalidValueError: If a row has more or fewer cells than there are headers.
    """
    lines = []
    numeric = [False] * len(headers)
    for number, row in enumerate(rows):
        if len(row) != len(headers):
            raise InvalidValueError(
                f"row {number} has {len(row)} cells for {len(headers)} headers",
                value=len(row),
                expected=f"{len(headers)} cells",
            )
        numeric = [known or isinstance(cell, int) for known, cell in zip(numeric, row, strict=True)]
        lines.append(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>")
    # A heading stands where the numbers below it stand.
    top = "".join(
        f'<th scope="col" class="{"num" if right else "said"}">{escape(header)}</th>'
        for header, right in zip(headers, numeric, strict=True)
    )
    said = f"<caption>{escape(caption)}</caption>" if caption else ""
    return Html(
        f'<div class="scroll"><table class="data">{said}<thead><tr>{top}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _cell(cell: str | int) -> str:
    if isinstance(cell, Html):
        return f"<td>{cell}</td>"
    if isinstance(cell, int):
        return f'<td class="num">{cell}</td>'
    return f"<td><bdi>{escape(cell)}</bdi></td>"
