"""Match a spreadsheet's columns with a post's fields."""

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

# The column names used by the bulk composers of Sprout Social, Hootsuite, HighLevel, Auto-PostIt,
# MagicSync, Postcron, Buffer, Ayrshare, PostFast and SocialPatra, and common names in English and
# Dutch. Only the letters and digits of a name are compared. The names of our own fields are added
# below. The table in docs/how-to/import-a-spreadsheet.md lists the same names.
HEADINGS: Final[Mapping[str, str]] = {
    "profiles": "profile, profile name, profile id, profile ids, profiel, profielen, account,"
    " accounts, account name, account id, account ids, social account, social accounts,"
    " social account id, social account ids, social media id, social media ids, social profile,"
    " social profiles, channel, channels, channel id, channel ids, platform id, platform ids, page,"
    " pages, kanaal, kanalen, pagina",
    "zone": "tz, time zone, tijdzone, Zeitzone",
    "text": "message text, message, content, caption, post, post text, post content, post copy,"
    " social copy, tweet, body, copy, tekst, bericht, berichttekst, posttekst, inhoud, bijschrift,"
    " texte, texto",
    "link": "links, url, link url, hyperlink, destination url, landing page, landing page url,"
    " weblink, webadres, landingspagina",
    "image": "images, image url, image urls, image link, image file, media url, media urls,"
    " media path, media paths, media file, media files, media, picture, pictures, picture url, photo,"
    " photos, photo url, visual, visuals, afbeelding, afbeeldingen, foto, foto's, beeld, plaatje,"
    " gif url, video url, video urls",
    "alt": "alt text, alt texts, alts, image alt, image alt text, alternative text,"
    " image description, alt-tekst, alternatieve tekst, beeldbeschrijving",
    "tags": "tag, label, labels, hashtag, hashtags",
    "campaign": "campaign name, campagne, campagnenaam",
    "language": "lang, locale, taal",
    "author": "writer, auteur, schrijver",
    "note": "notes, comment, comments, remark, remarks, internal note, internal notes, opmerking,"
    " opmerkingen, aantekening, aantekeningen, notitie, notities, toelichting",
    "external_id": "id, ref, reference, post id, external reference, kenmerk, referentie",
}


def _plain(header: str) -> str:
    return re.sub(r"[^a-z0-9]", "", re.sub(r"\(.*?\)", "", header.lower()))


_NAMES: Final[Mapping[str, str]] = {
    **{_plain(field): field for field in FIELDS},
    **{_plain(name): field for field, names in HEADINGS.items() for name in names.split(",")},
}
# The column that `write_problems` adds. It is neither read nor reported as unknown.
PROBLEM: Final = "problem"
# These columns contain networks in some files and profiles in others. They are read only if no
# other column contains the profiles.
_NETWORK_NAMES: Final = frozenset(
    (
        *("platform", "platforms", "network", "networks", "socialnetwork", "socialnetworks"),
        *("socialmedia", "netwerk", "netwerken"),
    )
)
# A column of dates, of times, or of both. `time` alone can also contain both.
_PURPOSE: Final = (
    r"(?:schedul(?:e|ed|ing)|publi(?:sh|shed|shing|cation|catie)|post(?:ed|ing)?|plaatsings?"
    r"|plan(?:ned|ning)?|send(?:ing)?|golive|live|due|release|launch|start|local"
    r"|geplande?|inplannen|plaatsen|publiceren|publicatie)"
)
_DATE_NAME: Final = re.compile(rf"{_PURPOSE}*(?:date|day|datum|dag|fecha)")
_TIME_NAME: Final = re.compile(
    rf"{_PURPOSE}*(?:time|tijd|tijdstip|uur|uhrzeit|hora|heure)(?:24|24h|24hr|24hours?|hhmm)?"
)
_DATE_AND_TIME_NAME: Final = re.compile(
    rf"{_PURPOSE}*(?:(?:date|day)(?:and)?time|(?:datum|dag)(?:en)?tijd|moment)"
    rf"|{_PURPOSE}+(?:at|on|for|op)|schedule|when|wanneer|postatspecifictime"
)
# Next to a column of dates, such a column contains the day of the week.
_DAY_NAMES: Final = frozenset(("day", "dag"))
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
        missing: The headers that the caller passed but the file does not contain.
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
        """Return the positions of a field's columns."""
        return tuple(index for index, name in enumerate(self.fields) if name == field)


def find_columns(
    first: Sequence[str], *, given: Mapping[str, str] | Sequence[str] | None = None
) -> Columns | None:
    """
    Determine a file's columns from its first row.

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
            if not field and cell.strip() and name not in named and name != PROBLEM
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
    """Return the field of each column, based on the plain headers and the caller's fields."""
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
    dates = [*matching[_DATE_NAME], *matching[_DATE_AND_TIME_NAME]]
    for index in [index for index in dates if plain[index] not in _DAY_NAMES] or dates:
        fields[index] = "date"
    # A column of times also contains the dates if no other column does.
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
