"""Cards and tables that display values in Jupyter and other notebooks."""

from socialcollab.pages.notebook import (  # noqa: F401  each registers the cards of one package
    content,
    organization,
    permissions,
    scheduling,
    text,
    verdicts,
    workflow,
)
from socialcollab.pages.notebook.cards import (
    card,
    definitions,
    excerpt,
    format_date,
    format_time,
    labelled,
    meter,
    nowrap,
    quote,
    rows_table,
)
from socialcollab.pages.notebook.registry import (
    NotebookHtml,
    card_of,
    cells_of,
    show,
    table_card,
)

__all__ = [
    "NotebookHtml",
    "card",
    "card_of",
    "cells_of",
    "definitions",
    "excerpt",
    "format_date",
    "format_time",
    "labelled",
    "meter",
    "nowrap",
    "quote",
    "rows_table",
    "show",
    "table_card",
]
