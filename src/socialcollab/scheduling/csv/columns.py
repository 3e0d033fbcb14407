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
    "zone",
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
# Hootsuite, HighLevel, Auto-PostIt, MagicSync, Postcron, Buffer, Ayrshare, PostFast and
# SocialPatra, and our own.
_NAMES: Final[Mapping[str, str]] = {
    **{name.replace("_", ""): name for name in FIELDS},
    **dict.fromkeys(
        (
            "profile",
            "profilename",
            "profileid",
            "profileids",
            "profiel",
            "profielen",
            "account",
            "accounts",
            "accountname",
            "accountid",
            "accountids",
            "socialaccount",
            "socialaccounts",
            "socialaccountid",
            "socialaccountids",
            "socialmediaid",
            "socialmediaids",
            "socialprofile",
            "channel",
            "channels",
            "channelid",
            "channelids",
            "platformid",
            "platformids",
            "kanaal",
            "kanalen",
        ),
        "profiles",
    ),
    **dict.fromkeys(("tz", "timezone", "tijdzone", "zeitzone"), "zone"),
    **dict.fromkeys(
        (
            "messagetext",
            "message",
            "content",
            "caption",
            "post",
            "posttext",
            "postcontent",
            "postcopy",
            "socialcopy",
            "tweet",
            "body",
            "copy",
            "tekst",
            "bericht",
            "texte",
            "texto",
        ),
        "text",
    ),
    **dict.fromkeys(("links", "url", "linkurl", "hyperlink", "destinationurl"), "link"),
    **dict.fromkeys(
        (
            "images",
            "imageurl",
            "imageurls",
            "mediaurl",
            "mediaurls",
            "mediapath",
            "mediapaths",
            "media",
            "picture",
            "pictures",
            "photo",
            "afbeelding",
            "afbeeldingen",
            "gifurl",
            "videourl",
            "videourls",
        ),
        "image",
    ),
    **dict.fromkeys(("alttext", "alttexts", "alts", "imagealt", "imagealttext"), "alt"),
    **dict.fromkeys(("tag", "labels", "hashtags"), "tags"),
    **dict.fromkeys(("campagne", "campaignname"), "campaign"),
    **dict.fromkeys(("lang", "taal", "locale"), "language"),
    **dict.fromkeys(("writer", "auteur"), "author"),
    **dict.fromkeys(("notes", "comment", "comments", "opmerking", "opmerkingen"), "note"),
    **dict.fromkeys(("id", "ref", "reference", "postid"), "external_id"),
}
# These columns contain networks in some files and profiles in others. They are read only if no
# other column contains the profiles.
_NETWORK_NAMES: Final = frozenset(
    ("platform", "platforms", "network", "networks", "socialnetwork", "socialnetworks")
)
# A column of dates, of times, or of both. `time` alone can also contain both.
_PURPOSE: Final = (
    r"(?:schedul(?:e|ed|ing)|publi(?:sh|shed|shing|cation|catie)|post(?:ed|ing)?|plaatsings?"
    r"|plan(?:ned|ning)?|send(?:ing)?|golive|live|due|release|launch|start|local)"
)
_DATE_NAME: Final = re.compile(rf"{_PURPOSE}*(?:date|day|datum|dag|fecha)")
_TIME_NAME: Final = re.compile(
    rf"{_PURPOSE}*(?:time|tijd|tijdstip|uur|uhrzeit|hora|heure)(?:24|24h|24hr|24hours?|hhmm)?"
)
_DATE_AND_TIME_NAME: Final = re.compile(
    rf"{_PURPOSE}*(?:date(?:and)?time|datum(?:en)?tijd)|{_PURPOSE}+(?:at|on|for)"
    r"|schedule|when|wanneer|postatspecifictime"
)
_DATE_PARTS: Final = frozenset(("year", "month", "day"))
# A time zone in a header, such as `Time (CET)` or `Date (Europe/Amsterdam)`.
_HEADER_ZONE: Final = re.compile(
    r"\(\s*((?:UTC|GMT)(?:\s*[-+].*)?|[A-Z]{1,4}T|[A-Z]\w+/[A-Z]\S+)\s*\)"
)
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
        unread: The headers of columns with networks, which are not read because another
            column contains the profiles.
        missing: The headers that the caller passed and that the file does not contain.
        order: The order of day and month in dates, if a header such as
            ``date (dd/mm/yyyy)`` specifies it.
        zone: The time zone in a header such as ``time (Europe/Amsterdam)``, as written.
    """

    fields: tuple[str, ...]
    names: tuple[str, ...]
    header: bool
    unknown: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    order: DateOrder | None = None
    zone: str = ""

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
    plain = [_plain(cell) for cell in first]
    fields = _fields(plain, named)
    if "text" in fields or ("image" in fields and "date" in fields):
        unused = [
            (cell, name)
            for cell, name, field in zip(first, plain, fields, strict=True)
            if not field and cell.strip() and name not in named
        ]
        has_profiles = "profiles" in fields
        return Columns(
            fields=fields,
            names=tuple(cell.strip() for cell in first),
            header=True,
            unknown=tuple(
                cell for cell, name in unused if not (has_profiles and name in _NETWORK_NAMES)
            ),
            unread=tuple(cell for cell, name in unused if has_profiles and name in _NETWORK_NAMES),
            missing=tuple(header for header in given or {} if _plain(header) not in plain),
            order=_order(first),
            zone=_zone(first, fields),
        )
    return _headerless(first)


def _fields(plain: Sequence[str], named: Mapping[str, str]) -> tuple[str, ...]:
    """Return the field of each column, given the plain headers and the fields that are given."""
    in_parts = set(plain) >= _DATE_PARTS
    fields = [
        named[name]
        if name in named
        else name
        if in_parts and name in _PARTS
        # Numbered columns, such as `image 2`, contain further values of the same field.
        else _NAMES.get(name) or _NAMES.get(name.rstrip("0123456789"), "")
        for name in plain
    ]
    timed = [index for index, field in enumerate(fields) if field in ("", "date", "time")]
    matching = {
        pattern: [
            index
            for index in timed
            if plain[index] not in named and pattern.fullmatch(plain[index])
        ]
        for pattern in (_DATE_NAME, _DATE_AND_TIME_NAME, _TIME_NAME)
    }
    for index in (*matching[_DATE_NAME], *matching[_DATE_AND_TIME_NAME]):
        fields[index] = "date"
    # A column of times contains the dates too if no other column does.
    dated = "date" in fields or "year" in fields
    for index in matching[_TIME_NAME]:
        fields[index] = "time" if dated else "date"
    if "profiles" not in fields:
        for index, name in enumerate(plain):
            if name in _NETWORK_NAMES and name not in named:
                fields[index] = "profiles"
    return tuple(fields)


def _zone(header: Sequence[str], fields: Sequence[str]) -> str:
    for cell, field in zip(header, fields, strict=True):
        match = _HEADER_ZONE.search(cell) if field in ("date", "time", "hour") else None
        if match:
            return match[1]
    return ""


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
