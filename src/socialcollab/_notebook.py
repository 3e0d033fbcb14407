"""The hook through which notebooks display values from every package."""

from __future__ import annotations

from typing import ClassVar


class NotebookMixin:
    """
    A base class for values that a notebook shows as a card.

    `_cards_module` names the module that registers the card when it is imported. Only
    packages above `pages` override it, because `pages` cannot import their classes.
    """

    # Without empty slots here, slotted subclasses would still get a `__dict__`.
    __slots__ = ()

    _cards_module: ClassVar[str] = "socialcollab.pages.notebook"

    def _repr_html_(self) -> str:
        """Return the value's card as HTML, for notebooks."""
        # The packages that define these values are imported by `pages`. Importing `pages` at the
        # top would create an import cycle, and would load every card even in programs that display
        # none.
        from socialcollab.pages.notebook import card_of  # noqa: PLC0415

        return card_of(self)
