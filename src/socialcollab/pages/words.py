"""What pages say by themselves, in each language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import did_you_mean

MONTHS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "en": (
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ),
        "nl": (
            "januari",
            "februari",
            "maart",
            "april",
            "mei",
            "juni",
            "juli",
            "augustus",
            "september",
            "oktober",
            "november",
            "december",
        ),
    }
)
WEEKDAYS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        "nl": ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
    }
)
LANGUAGES: Final = tuple(MONTHS)

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "state.draft": "draft",
        "state.in_review": "in review",
        "state.changes_requested": "changes asked",
        "state.rejected": "rejected",
        "state.approved": "approved",
        "state.cancelled": "cancelled",
        "state.expired": "expired",
        "state.scheduled": "scheduled",
        "state.waiting": "scheduled",
        "state.held": "on hold",
        "state.missed": "missed",
        "state.publishing": "going out",
        "state.published": "published",
        "state.partly_published": "partly published",
        "state.failed": "failed",
        "state.unknown": "unknown",
        "state.removing": "being removed",
        "state.removed": "removed",
        "state.native_post": "posted elsewhere",
        "legend.states": "States",
        "legend.profiles": "Profiles",
        "blackout": "Blackout",
        "hold": "Hold",
        "holiday": "Holiday",
        "note": "Note",
        "today": "today",
        "more": "{count} more",
        "entries": "{count} entries",
        "entry": "1 entry",
        "no_posts": "Nothing is planned this month.",
        "no_alt": "no description",
        "image": "Image {number}",
        "cut": "{over} too long for {network}: what is marked would not go out.",
        "link_card": "Link",
        "no_image": "{network} takes no post without an image.",
        "reply": "Reply",
        "repost": "Repost",
        "like": "Like",
        "comment": "Comment",
        "share": "Share",
        "send": "Send",
        "save": "Save",
        "rights.member": "Who",
        "rights.nothing": "nothing",
        "rights.sees": "sees",
        "rights.drafts": "drafts",
        "rights.approves": "approves",
        "rights.publishes": "publishes",
        "rights.publishes_approves": "publishes and approves",
        "rights.barred": "not {permission}",
        "rights.until": "until {until}",
        "permissions.on_duty": "on duty",
        "rights.stands_in": "for {absent}",
        "rights.client": "client",
        "rights.guest": "guest",
        "rights.left": "left",
        "rights.suspended": "suspended",
        "rights.lede": "Who may do what at {at}.",
        "rights.title": "Rights of {name}",
    },
    "nl": {
        "state.draft": "concept",
        "state.in_review": "ter goedkeuring",
        "state.changes_requested": "aanpassen",
        "state.rejected": "afgewezen",
        "state.approved": "goedgekeurd",
        "state.cancelled": "geannuleerd",
        "state.expired": "verlopen",
        "state.scheduled": "ingepland",
        "state.waiting": "ingepland",
        "state.held": "aangehouden",
        "state.missed": "gemist",
        "state.publishing": "gaat uit",
        "state.published": "geplaatst",
        "state.partly_published": "deels geplaatst",
        "state.failed": "mislukt",
        "state.unknown": "onbekend",
        "state.removing": "wordt verwijderd",
        "state.removed": "verwijderd",
        "state.native_post": "elders geplaatst",
        "legend.states": "Status",
        "legend.profiles": "Profielen",
        "blackout": "Stilte",
        "hold": "Stop",
        "holiday": "Feestdag",
        "note": "Notitie",
        "today": "vandaag",
        "more": "nog {count}",
        "entries": "{count} plaatsingen",
        "entry": "1 plaatsing",
        "no_posts": "Deze maand staat er niets gepland.",
        "no_alt": "geen beschrijving",
        "image": "Afbeelding {number}",
        "cut": "{over} te lang voor {network}: wat gemarkeerd is gaat niet mee.",
        "link_card": "Link",
        "no_image": "{network} neemt geen bericht zonder afbeelding aan.",
        "reply": "Reageer",
        "repost": "Deel opnieuw",
        "like": "Vind ik leuk",
        "comment": "Reageer",
        "share": "Deel",
        "send": "Stuur",
        "save": "Bewaar",
        "rights.member": "Wie",
        "rights.nothing": "niets",
        "rights.sees": "kijkt mee",
        "rights.drafts": "schrijft",
        "rights.approves": "keurt goed",
        "rights.publishes": "plaatst",
        "rights.publishes_approves": "plaatst en keurt goed",
        "rights.barred": "geen {permission}",
        "rights.until": "tot {until}",
        "permissions.on_duty": "heeft dienst",
        "rights.stands_in": "voor {absent}",
        "rights.client": "klant",
        "rights.guest": "gast",
        "rights.left": "vertrokken",
        "rights.suspended": "geschorst",
        "rights.lede": "Wie wat mag op {at}.",
        "rights.title": "Rechten van {name}",
    },
}


def words(language: str) -> Mapping[str, str]:
    """
    Return what pages say in *language*; "nl-BE" is Dutch.

    Raises:
        InvalidValueError: If there is no such language here.
    """
    found = _WORDS.get(language.partition("-")[0].lower())
    if found is None:
        hint = did_you_mean(
            language, _WORDS, before="; ", otherwise=f"there are {', '.join(_WORDS)}"
        )
        raise InvalidValueError(
            f"there are no pages in `{language}`{hint}",
            value=language,
            expected=" or ".join(_WORDS),
        )
    return found
