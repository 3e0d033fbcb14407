"""Notebook cards for text lengths."""

from __future__ import annotations

from socialcollab.pages.badges import badge
from socialcollab.pages.markup import Html
from socialcollab.pages.notebook.cards import card, definitions, meter
from socialcollab.pages.notebook.registry import card_of, cells_of
from socialcollab.text import Length


@cells_of.register
def length_cells(length: Length) -> dict[str, str]:
    return {
        "length": f"{length.value} of {length.limit} {length.unit}",
        "bytes": f"{length.size_bytes} of {length.limit_bytes}" if length.limit_bytes else "",
        "fits": _badge(length),
    }


@card_of.register
def length_card(length: Length) -> Html:
    cells = length_cells(length)
    fits = cells.pop("fits")
    bar = meter(length.value, length.limit, "green" if length.fits else "red")
    return card("Length", bar, definitions(cells), badges=[fits])


def _badge(length: Length) -> Html:
    if length.fits:
        return badge("fits", "green")
    return badge(f"{length.over} too long" if length.over else "too long", "red")
