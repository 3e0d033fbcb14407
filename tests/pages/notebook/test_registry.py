"""The lookup of cards and table rows by class."""

from __future__ import annotations

import subprocess
import sys

import attrs
import pytest

from socialcollab._notebook import NotebookMixin
from socialcollab.errors import InvalidValueError
from socialcollab.pages import badge
from socialcollab.pages.notebook import card_of, cells_of, show
from socialcollab.text import measure
from socialcollab.verdicts import Verdict


@attrs.frozen
class Budget(NotebookMixin):
    euros: int


@attrs.frozen
class MonthlyBudget(Budget):
    pass


@cells_of.register
def budget_cells(budget: Budget) -> dict[str, str]:
    return {"euros": str(budget.euros), "state": badge("spent", "red")}


def test_several_classes() -> None:
    """A table contains values of one class."""
    with pytest.raises(InvalidValueError, match="Length, Verdict"):
        show([measure("x", "a"), Verdict.yes()])


def test_unregistered_class() -> None:
    """A value whose class has no table row is rejected, and the error contains the class name."""
    for function in (card_of, cells_of, lambda value: show([value])):
        with pytest.raises(InvalidValueError, match="no table row for values of class `int`"):
            function(1)


def test_own_class() -> None:
    """A registered table row also defines the cards of the class and its subclasses."""
    assert "<dd><bdi>250</bdi></dd>" in Budget(250)._repr_html_()
    assert "<b>Monthly budget</b>" + badge("spent", "red") in MonthlyBudget(250)._repr_html_()
    assert "250" in show([Budget(250)]).html
    assert not hasattr(Budget(250), "__dict__")


def test_columns() -> None:
    """A table has a column for each header with at least one value, in the order of the cells."""
    html = show([measure("x", "a"), measure("bluesky", "a")]).html
    assert html.index(">length<") < html.index(">bytes<") < html.index(">fits<")
    assert ">bytes<" not in show([measure("x", "a")]).html


PROGRAM = """
import sys
import {module}
assert not [name for name in sys.modules if name.startswith("socialcollab.pages")]
from {module} import {name} as Value
assert "_repr_html_" in dir(Value)
"""


@pytest.mark.integration
@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("socialcollab.desk", "PostView"),
        ("socialcollab.stores", "AuditReport"),
        ("socialcollab.organization", "Organization"),
    ],
)
def test_values_do_not_load_pages(module: str, name: str) -> None:
    """Importing a value class loads no HTML."""
    program = PROGRAM.format(module=module, name=name)
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.integration
def test_card_of_a_store_without_a_desk() -> None:
    """The card of a report is found although nothing has imported the module that registers it."""
    program = (
        "from socialcollab.stores import AuditReport, Anchor\n"
        "anchor = Anchor(position=0, hash='')\n"
        "report = AuditReport(findings=(), anchor=anchor, events=0, streams=0)\n"
        "assert 'Audit' in report._repr_html_()\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
