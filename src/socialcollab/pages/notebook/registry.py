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
    Return the card that a notebook displays for a value.

    `card_of.register` registers the card of another class. If no card is registered for a class,
    its card shows the cells of its table row; see `cells_of`.

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
    Return the table row of a value for `show`, as a mapping from headers to cells.

    `cells_of.register` registers the table row of another class:

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
    """Return the function that is registered for *value*, importing its module if necessary."""
    cls = type(value)
    # Packages that depend on `pages` register their cards in a separate module, which nothing else
    # imports. Without this import, the card of an `AuditReport` or a `ToDo` would not be found.
    module = getattr(cls, "_cards_module", "")
    if module:
        importlib.import_module(module)
    registered = function.dispatch(cls)
    return None if registered is function.dispatch(object) else registered


def _title(cls: type) -> str:
    """Return the name of a class as words, such as "Permission change" for `PermissionChange`."""
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
    Show several values, such as the history of a post, as one table in a notebook.

    Args:
        values: Values of the same class.
        title: The title of the table; the name of the class by default.

    Raises:
        InvalidValueError: If the values have different classes, or if no table row is registered
            for their class.
    """
    return NotebookHtml(table_card(values, title=title))


def table_card(values: Iterable[object], *, title: str = "") -> Html:
    """Return a card with a table of *values*; see `show`."""
    values = list(values)
    classes = {type(value) for value in values}
    if len(classes) > 1:
        class_names = sorted(cls.__name__ for cls in classes)
        raise InvalidValueError(
            f"a table cannot contain values of different classes: {', '.join(class_names)}",
            value=class_names,
            expected="values of the same class",
        )
    rows = [cells_of(value) for value in values]
    names = dict.fromkeys(name for row in rows for name in row)
    headers = [name for name in names if any(row.get(name) for row in rows)]
    body = rows_table(headers, [[row.get(name, "") for name in headers] for row in rows])
    count = str(len(values) or "none")
    return card(title or "".join(map(_title, classes)) or "Nothing", body, aside=count)
