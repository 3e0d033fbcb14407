"""Look up the card and the table row of a value by its class."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Mapping
from functools import singledispatch
from typing import TYPE_CHECKING, TypeVar

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.pages.badges import Badge
from socialcollab.pages.markup import Html
from socialcollab.pages.notebook.cards import card, definitions, rows_table

if TYPE_CHECKING:
    from functools import _SingleDispatchCallable

T = TypeVar("T")


@singledispatch
def card_of(value: object) -> Html:
    """
    Return the card of a value, as a notebook shows it.

    `card_of.register` adds the card of another class. A class without a card of its own gets one
    that shows the cells of its table row; see `cells_of`.

    Raises:
        InvalidValueError: If neither a card nor a row is registered for the class of *value*.
    """
    registered = _registered(card_of, value)
    if registered is not None:
        return registered(value)
    cells = cells_of(value)
    return card(
        _title(type(value)),
        definitions({name: cell for name, cell in cells.items() if not isinstance(cell, Badge)}),
        badges=[cell for cell in cells.values() if isinstance(cell, Badge)],
    )


@singledispatch
def cells_of(value: object) -> Mapping[str, str]:
    """
    Return the row of a value in the table that `show` makes: headers with their cells.

    `cells_of.register` adds the row of another class:

    >>> import attrs
    >>> from socialcollab.pages.notebook import card_of, cells_of, show
    >>> @attrs.frozen
    ... class Budget:
    ...     euros: int
    >>> @cells_of.register
    ... def budget_cells(budget: Budget) -> dict[str, str]:
    ...     return {"euros": str(budget.euros)}
    >>> "250" in show([Budget(250)]).html, "250" in card_of(Budget(250))
    (True, True)

    Raises:
        InvalidValueError: If no row is registered for the class of *value*.
    """
    registered = _registered(cells_of, value)
    if registered is None:
        name = type(value).__name__
        raise InvalidValueError(
            f"notebooks have no table row for values of class `{name}`; register one with `cells_of.register`",
            value=name,
            expected="a value such as a post, a delivery or a verdict",
        )
    return registered(value)


def _registered(
    function: _SingleDispatchCallable[T], value: object
) -> Callable[[object], T] | None:
    """Return what is registered for *value*, after the import of the module that registers it."""
    cls = type(value)
    # Packages above `pages` register their cards in a module of their own, which no other import
    # loads: without this, the first card of an `AuditReport` or a `ToDo` would not be found.
    module = getattr(cls, "_cards_module", "")
    if module:
        importlib.import_module(module)
    registered = function.dispatch(cls)
    return None if registered is function.dispatch(object) else registered


def _title(cls: type) -> str:
    """Return the name of a class as words: "Permission change" for `PermissionChange`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", cls.__name__).capitalize()


@attrs.frozen
class NotebookHtml:
    """
    HTML that a notebook displays.

    Attributes:
        html: The HTML.
    """

    html: Html = attrs.field(repr=False)

    def _repr_html_(self) -> str:
        return self.html


def show(values: Iterable[object], *, title: str = "") -> NotebookHtml:
    """
    Show several values as one table in a notebook, such as the history of a post.

    Args:
        values: Values of one class.
        title: The title of the table; the name of their class by default.

    Raises:
        InvalidValueError: If the values belong to several classes, or to one without table rows.
    """
    return NotebookHtml(table_card(values, title=title))


def table_card(values: Iterable[object], *, title: str = "") -> Html:
    """Return a card that holds a table of *values*; see `show`."""
    values = list(values)
    classes = {type(value) for value in values}
    if len(classes) > 1:
        class_names = sorted(cls.__name__ for cls in classes)
        raise InvalidValueError(
            f"values of several classes do not fit into one table: {', '.join(class_names)}",
            value=class_names,
            expected="values of one class",
        )
    rows = [cells_of(value) for value in values]
    names = dict.fromkeys(name for row in rows for name in row)
    headers = [name for name in names if any(row.get(name) for row in rows)]
    body = rows_table(headers, [[row.get(name, "") for name in headers] for row in rows])
    count = str(len(values) or "none")
    return card(title or "".join(map(_title, classes)) or "Nothing", body, aside=count)
