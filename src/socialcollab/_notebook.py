"""The hook by which notebooks show the values of every package."""

from __future__ import annotations

from typing import ClassVar


class NotebookMixin:
    """
    A base class for values that a notebook shows as a card.

    `_cards_module` names the module whose import registers the card. Only packages above
    `pages` override it, because `pages` cannot import their classes.
    """

    # Without empty slots here, slotted subclasses would get a `__dict__` all the same.
    __slots__ = ()

    _cards_module: ClassVar[str] = "socialcollab.pages.notebook"

    def _repr_html_(self) -> str:
        """Return the value's card as HTML; notebooks call this method."""
        # Values stand below `pages`: importing it at the top would be a circle, and would load
        # every card into programs that show none.
        from socialcollab.pages.notebook import card_of  # noqa: PLC0415

        return card_of(self)
