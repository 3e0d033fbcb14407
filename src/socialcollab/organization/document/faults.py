"""Everything that is wrong with a document, gathered to be said at once."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import attrs

from socialcollab.errors import FaultError, SocialCollabError
from socialcollab.identifiers import nearest

MOST_FAULTS: Final = 1000
"""After so many faults the rest of a document is not read."""

_MOST_COMPARED: Final = 200_000
_LONGEST_NAME: Final = 100
_MOST_LISTED: Final = 8


class TooManyFaultsError(SocialCollabError):
    """Ends the reading of a document that is nothing but faults; never leaves this room."""


def said(value: object) -> str:
    """
    Return a value as a message may show it, however hostile it is.

    >>> said("ana"), said(10**5000), said({})
    ('`ana`', 'a huge number', 'a table')
    """
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int) and value.bit_length() > 256:
        return "a huge number"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, str):
        return f"`{shown(value)}`"
    return f"`{repr(value) if isinstance(value, bytes) else str(value):.{_LONGEST_NAME}}`"


def shown(text: str) -> str:
    """Return *text* short and printable."""
    short = text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}..."
    return short if short.isprintable() else repr(short)[1:-1]


@attrs.define
class Faults:
    """
    The faults found so far.

    Attributes:
        found: In the order they were found.
    """

    found: list[FaultError] = attrs.field(factory=list)
    _compared: int = 0

    def add(self, place: str, problem: str, suggestion: str = "", value: object = None) -> None:
        """
        Note one fault.

        Raises:
            TooManyFaultsError: If there are more than anyone will read.
        """
        self.found.append(
            FaultError(place=place, problem=problem, suggestion=suggestion, value=value)
        )
        if len(self.found) >= MOST_FAULTS:
            self.found.append(
                FaultError(
                    place="",
                    problem=f"there are more than {MOST_FAULTS} faults; the rest was not read",
                )
            )
            raise TooManyFaultsError

    def unknown(
        self, place: str, what: str, name: str, known: Collection[str], *, few: bool = False
    ) -> None:
        """Note a name that leads nowhere, with the nearest that leads somewhere."""
        self.add(place, f"unknown {what} `{shown(name)}`", self.hint(name, known, few=few), name)

    def hint(
        self, name: str, known: Collection[str], *, few: bool = False, listing: bool = True
    ) -> str:
        """
        Suggest the nearest name; none is better than a document that takes minutes.

        Where none is near, some names are listed (all with *few*, none without
        *listing*).
        """
        self._compared += len(known)
        if self._compared > _MOST_COMPARED:
            return ""
        near = nearest(name[:_LONGEST_NAME], known)
        if near:
            return f"did you mean `{near}`?"
        if not listing:
            return ""
        if not known:
            return "there is none yet"
        shown_names = list(known) if few else sorted(known)[:_MOST_LISTED]
        more = "" if len(shown_names) == len(known) else ", ..."
        return f"use one of {', '.join(shown_names)}{more}"

    def raise_all(self) -> None:
        """
        Raise what was found, together; nothing if nothing was.

        Raises:
            ExceptionGroup: Of `FaultError`.
        """
        if self.found:
            count = len(self.found)
            raise ExceptionGroup(
                f"the document has {count} fault{'' if count == 1 else 's'}", self.found
            )
