"""Match the columns of a spreadsheet with the fields of a post."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import did_you_mean
from socialcollab.time import DateOrder

FIELDS: Final = (
    "profiles",
    "date",
    "time",
    "text",
    "link",
    "image",
    "alt",
    "tags",
    "campaign",
    "language",
    "author",
    "note",
    "external_id",
)
_PARTS: Final = ("year", "month", "day", "hour", "minute")

# The column names that bulk composers use, reduced to letters and digits: those of Sprout Social,
# Hootsuite, HighLevel, Auto-PostIt, MagicSync, Postcron and Buffer, and our own.
_NAMES: Final[Mapping[str, str]] = {
    **{name.replace("_", ""): name for name in FIELDS},
    **dict.fromkeys(
        ("profile", "account", "accounts", "channel", "channels", "platform"), "profiles"
    ),
    **dict.fromkeys(
        (
            "datetime",
            "dateandtime",
            "postatspecifictime",
            "scheduledtime",
            "scheduleddate",
            "scheduledat",
            "plannedat",
            "publishdate",
            "postingtime",
            "datum",
        ),
        "date",
    ),
    **dict.fromkeys(("time24hr", "tijd"), "time"),
    **dict.fromkeys(
        (
            "messagetext",
            "message",
            "content",
            "caption",
            "post",
            "posttext",
            "body",
            "copy",
            "tekst",
        ),
        "text",
    ),
    **dict.fromkeys(("url", "linkurl"), "link"),
    **dict.fromkeys(
        (
            "images",
            "imageurl",
            "imageurls",
            "mediaurl",
            "mediaurls",
            "media",
            "picture",
            "afbeelding",
        ),
        "image",
    ),
    **dict.fromkeys(("gifurl", "videourl", "videourls"), "image"),
    **dict.fromkeys(("alttext", "alttexts", "alts", "imagealt"), "alt"),
    **dict.fromkeys(("tag", "labels", "hashtags"), "tags"),
    **dict.fromkeys(("lang", "taal", "locale"), "language"),
    **dict.fromkeys(("writer", "auteur"), "author"),
    **dict.fromkeys(("notes", "comment", "comments"), "note"),
    **dict.fromkeys(("id", "ref", "reference"), "external_id"),
}
_DATE_TIME = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}[ T][0-9]{1,2}:[0-9]{2}.*")


@attrs.frozen(kw_only=True)
class Columns:
    """
    The columns of a spreadsheet.

    Attributes:
        fields: The field of each column; an empty string for an unknown column.
        names: The name that problems use for each column: its header or its field.
        header: Whether the first row is a header.
        unknown: The headers that do not match any field.
        order: The order of day and month in dates, if a header such as
            ``date (dd/mm/yyyy)`` specifies it.
    """

    fields: tuple[str, ...]
    names: tuple[str, ...]
    header: bool
    unknown: tuple[str, ...] = ()
    order: DateOrder | None = None

    def at(self, field: str) -> tuple[int, ...]:
        """Return the positions of the columns of a field."""
        return tuple(index for index, name in enumerate(self.fields) if name == field)


def _plain(header: str) -> str:
    return re.sub(r"[^a-z0-9]", "", re.sub(r"\(.*?\)", "", header.lower()))


def find_columns(
    first: Sequence[str], *, given: Mapping[str, str] | Sequence[str] | None = None
) -> Columns | None:
    """
    Determine the columns of a file from its first row.

    Args:
        first: The first row.
        given: A mapping from headers to fields, which takes precedence over the
            known names. For a file without a header: the field of each column, where
            an empty string means that the column is ignored.

    Returns:
        The columns, or None if no column contains the text.

    Raises:
        InvalidValueError: If *given* contains an unknown field.
    """
    if given is not None and not isinstance(given, Mapping):
        fields = tuple(_field(name) for name in given)
        return Columns(fields=fields, names=fields, header=False)
    named = {_plain(header): _field(name) for header, name in (given or {}).items()}
    fields = tuple(named.get(_plain(cell)) or _NAMES.get(_plain(cell), "") for cell in first)
    if "text" in fields or ("image" in fields and "date" in fields):
        unknown = tuple(
            cell for cell, name in zip(first, fields, strict=True) if not name and cell.strip()
        )
        return Columns(
            fields=fields,
            names=tuple(cell.strip() for cell in first),
            header=True,
            unknown=unknown,
            order=_order(first),
        )
    return _headerless(first)


def _field(name: str) -> str:
    if name in FIELDS or name in _PARTS or not name:
        return name
    hint = did_you_mean(name, FIELDS, otherwise=f"use one of {', '.join(FIELDS)}")
    raise InvalidValueError(
        f"a spreadsheet has no field `{name}`; {hint}", value=name, expected=hint
    )


def _headerless(first: Sequence[str]) -> Columns | None:
    cells = [cell.strip() for cell in first]
    # Postcron exports the text, the date in five columns, the image and the link.
    if len(cells) >= 6 and all(cell.isascii() and cell.isdigit() for cell in cells[1:6]):
        fields = ("text", *_PARTS, "image", "link")[: len(cells)]
        return Columns(fields=fields, names=fields, header=False)
    # Hootsuite exports the date and time in one column, then the text and the link.
    if len(cells) >= 2 and _DATE_TIME.fullmatch(cells[0]):
        fields = ("date", "text", "link", "image")[: len(cells)]
        return Columns(fields=fields, names=fields, header=False)
    return None


def _order(header: Sequence[str]) -> DateOrder | None:
    text = " ".join(header).lower()
    if re.search(r"\bd{1,2}[-/.]m{1,2}[-/.]y", text):
        return "dmy"
    return "mdy" if re.search(r"\bm{1,2}[-/.]d{1,2}[-/.]y", text) else None
