"""The elements of reports: headings, paragraphs, links, lists and tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from socialcollab.errors import InvalidValueError
from socialcollab.pages.markup import Html, escape, safe_file, safe_href


def heading(text: str, *, level: int = 2) -> Html:
    """Return a heading of level 2 or 3. Level 1 is the title of the page."""
    level = 3 if level > 2 else 2
    return Html(f'<h{level} class="wrap"><bdi>{escape(text)}</bdi></h{level}>')


def paragraph(text: str) -> Html:
    """Return a paragraph."""
    return Html(f'<p class="wrap" dir="auto">{escape(text)}</p>')


def link(url: str, text: str = "") -> Html:
    """
    Return a link to an http or https address. Any other *url* becomes plain text.

    >>> link("https://tulip.nl/", "Tulip")
    '<a href="https://tulip.nl/" rel="noopener noreferrer">Tulip</a>'
    """
    return _link(safe_href(url), text or url)


def file_link(file: str, text: str = "") -> Html:
    """
    Return a link to a file in the page's folder or one of its subfolders; see `safe_file`.

    >>> file_link("timeline-x.html", "Tulip on X")
    '<a href="timeline-x.html" rel="noopener noreferrer">Tulip on X</a>'
    """
    return _link(safe_file(file), text or file)


def file_tabs(tabs: Iterable[tuple[str, str]], current: str) -> Html:
    """
    Return links between pages that belong together.

    Args:
        tabs: The file and the label of each page. A label can be `Html`.
        current: The file of the page that contains the links; its label is not a link.
    """
    items = "".join(
        f'<li aria-current="page">{escape(label)}</li>'
        if file == current
        else f"<li>{file_link(file, label)}</li>"
        for file, label in tabs
    )
    return Html(f'<nav><ul class="tabs">{items}</ul></nav>')


def _link(href: str, text: str) -> Html:
    if not href:
        return escape(text)
    return Html(f'<a href="{escape(href)}" rel="noopener noreferrer">{escape(text)}</a>')


def bullet_list(items: Iterable[str]) -> Html:
    """Return a bullet list, or an empty string if there are no items."""
    lines = "".join(f"<li><bdi>{escape(item)}</bdi></li>" for item in items)
    return Html(f"<ul>{lines}</ul>" if lines else "")


def table(
    headers: Sequence[str], rows: Iterable[Sequence[str | int]], *, caption: str = ""
) -> Html:
    """
    Return a table. Columns of whole numbers are aligned to the right.

    On a narrow screen, a table with more than two columns shows each row as a list of cells, each
    preceded by its header.

    Raises:
        InvalidValueError: If the number of cells in a row differs from the number of headers.
    """
    lines = []
    numeric = [False] * len(headers)
    for number, row in enumerate(rows):
        if len(row) != len(headers):
            raise InvalidValueError(
                f"row {number} has {len(row)} cells, but there are {len(headers)} headers",
                value=len(row),
                expected=f"{len(headers)} cells",
            )
        numeric = [known or isinstance(cell, int) for known, cell in zip(numeric, row, strict=True)]
        cells = "".join(_cell(cell, header) for cell, header in zip(row, headers, strict=True))
        lines.append(f"<tr>{cells}</tr>")
    # The header of a column has the same alignment as its cells.
    header_cells = "".join(
        f'<th scope="col" class="num">{escape(header)}</th>'
        if right
        else f'<th scope="col">{escape(header)}</th>'
        for header, right in zip(headers, numeric, strict=True)
    )
    caption = f"<caption>{escape(caption)}</caption>" if caption else ""
    css_class = "data stacked" if len(headers) > 2 else "data"
    return Html(
        f'<div class="scroll"><table class="{css_class}">{caption}<thead><tr>{header_cells}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _cell(cell: str | int, header: str) -> str:
    number = ' class="num"' if isinstance(cell, int) else ""
    content = cell if isinstance(cell, int | Html) else f"<bdi>{escape(cell)}</bdi>"
    return f'<td{number} data-label="{escape(header)}">{content}</td>'
