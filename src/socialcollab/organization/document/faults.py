"""A document's faults, which are collected and raised together."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal

import attrs

from socialcollab.errors import FaultError, SocialCollabError
from socialcollab.identifiers import nearest

MOST_FAULTS: Final = 1000
"""The number of faults after which reading of the document stops."""

_MOST_COMPARED: Final = 200_000
_LONGEST_NAME: Final = 100
_MOST_LISTED: Final = 8


class TooManyFaultsError(SocialCollabError):
    """A document with too many faults; the error stops the reader, and the loader catches it."""


def quoted(value: object) -> str:
    """
    Return a document value in the form used in messages, whatever its type and size.

    >>> quoted("ana"), quoted(10**5000), quoted({})
    ('`ana`', 'a huge number', 'a table')
    """
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    # Python refuses to print an integer with more than 4300 digits.
    if isinstance(value, int) and value.bit_length() > 256:
        return "a huge number"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, str):
        return f"`{printable(value)}`"
    return f"`{repr(value) if isinstance(value, bytes) else str(value):.{_LONGEST_NAME}}`"


def printable(text: str) -> str:
    """Return *text*, truncated to a suitable length, with control characters escaped."""
    short = text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}..."
    return short if short.isprintable() else repr(short)[1:-1]


@attrs.define
class Faults:
    """
    A document's faults.

    Attributes:
        found: The faults found so far, in the order in which they were found.
    """

    found: list[FaultError] = attrs.field(factory=list)
    _compared: int = 0

    def add(self, place: str, problem: str, suggestion: str = "", value: object = None) -> None:
        """
        Add a fault.

        Raises:
            TooManyFaultsError: If there are `MOST_FAULTS` faults.
        """
        self.found.append(
            FaultError(place=place, problem=problem, suggestion=suggestion, value=value)
        )
        if len(self.found) >= MOST_FAULTS:
            self.found.append(
                FaultError(
                    place="",
                    problem=f"there are more than {MOST_FAULTS} faults;"
                    " the rest of the document was not read",
                )
            )
            raise TooManyFaultsError

    def add_unknown(
        self, place: str, kind: str, name: str, known: Collection[str], *, list_all: bool = False
    ) -> None:
        """Add a fault for a name that does not exist, and suggest a known name."""
        suggestion = self.suggest(name, known, otherwise="list all" if list_all else "list some")
        if kind == "network" and suggestion.startswith("use one of"):
            suggestion += ", or install the package of the network"
        self.add(place, f"unknown {kind} `{printable(name)}`", suggestion, name)

    def suggest(
        self,
        name: str,
        known: Collection[str],
        *,
        otherwise: Literal["list all", "list some", "nothing"] = "list some",
    ) -> str:
        """
        Return a suggestion with the known name nearest to *name*.

        Args:
            name: The unknown name in the document.
            known: The names that may have been intended.
            otherwise: What to suggest if no known name is similar.
        """
        # Comparing names is slow: a document with thousands of wrong names would take minutes.
        # After a certain number of comparisons, faults are therefore added without a suggestion.
        self._compared += len(known)
        if self._compared > _MOST_COMPARED:
            return ""
        near = nearest(name[:_LONGEST_NAME], known)
        if near:
            return f"did you mean `{near}`?"
        if otherwise == "nothing":
            return ""
        if not known:
            return "the document defines none"
        listed = list(known) if otherwise == "list all" else sorted(known)[:_MOST_LISTED]
        return f"use one of {', '.join(listed)}{'' if len(listed) == len(known) else ', ...'}"

    def raise_all(self) -> None:
        """
        Raise all faults together, if there are any.

        Raises:
            ExceptionGroup: With one `FaultError` for each fault.
        """
        if self.found:
            count = len(self.found)
            raise ExceptionGroup(
                f"the document has {count} fault{'' if count == 1 else 's'}", self.found
            )
