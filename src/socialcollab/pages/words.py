"""The fixed texts of pages, in every language of the library."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import did_you_mean

MONTHS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "en": (
            *("January", "February", "March", "April", "May", "June"),
            *("July", "August", "September", "October", "November", "December"),
        ),
        "nl": (
            *("januari", "februari", "maart", "april", "mei", "juni"),
            *("juli", "augustus", "september", "oktober", "november", "december"),
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
        "state.changes_requested": "changes requested",
        "state.rejected": "rejected",
        "state.approved": "approved",
        "state.cancelled": "cancelled",
        "state.expired": "expired",
        "state.scheduled": "scheduled",
        "state.waiting": "scheduled",
        "state.held": "on hold",
        "state.missed": "missed",
        "state.publishing": "publishing",
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
        "hold.open": "{on} from {start} until a member ends it",
        "hold.until": "{on} from {start} until {end}",
        "hold.ended": "{on} from {start} until {end}, ended automatically",
        "hold.ended_by": "{on} from {start} until {end}, ended by {by}",
        "ended": "{name} (ended)",
        "holiday": "Holiday",
        "note": "Note",
        "today": "today",
        "more": "{count} more",
        "entries": "{count} entries",
        "entry": "1 entry",
        "no_posts": "Nothing is planned this month.",
        "no_posts_week": "Nothing is planned this week.",
        "no_posts_period": "Nothing is planned in this period.",
        "week": "{period} (week {week})",
        "from": "from {time}",
        "until": "until {time}",
        "zone": "Times in {zone}",
        "pending_edit": "edit pending",
        "no_alt": "no alt text",
        "image": "Image {number}",
        "too_long": "{over} too long for {network}: the marked text does not fit.",
        "image_required": "{network} requires an image.",
        "media_required": "{network} requires an image or a video.",
        "in_reply_to": "In reply to {address}",
        "quoted": "The quoted post",
        "format.message": "Direct message",
        "format.reel": "Reel",
        "format.story": "Story",
        "visibility.unlisted": "Not listed in public timelines",
        "visibility.followers": "Visible to followers",
        "visibility.direct": "Visible to the mentioned accounts",
        "paid_partnership": "Paid partnership",
        "reply": "Reply",
        "repost": "Repost",
        "like": "Like",
        "comment": "Comment",
        "share": "Share",
        "send": "Send",
        "save": "Save",
        "permissions.title": "Permissions at {name}",
        "permissions.lede": "As of {at}",
        "permissions.member": "Member",
        "permissions.client": "client",
        "permissions.guest": "guest",
        "permissions.left": "left",
        "permissions.suspended": "suspended",
        "permissions.until": "until {until}",
        "permissions.on_duty": "on duty",
        "permissions.delegate_of": "delegate of {absent}",
        "permissions.forbidden": "may not {permission}",
        "permission.view": "view",
        "permission.draft": "draft",
        "permission.approve": "approve",
        "permission.publish": "publish",
        "level.none": "no access",
        "level.view": "can view",
        "level.draft": "can draft",
        "level.approve": "can approve",
        "level.publish": "can publish",
        "level.publish_and_approve": "can publish and approve",
    },
    "nl": {
        "state.draft": "concept",
        "state.in_review": "ter goedkeuring",
        "state.changes_requested": "wijzigingen gevraagd",
        "state.rejected": "afgekeurd",
        "state.approved": "goedgekeurd",
        "state.cancelled": "geannuleerd",
        "state.expired": "verlopen",
        "state.scheduled": "ingepland",
        "state.waiting": "ingepland",
        "state.held": "gepauzeerd",
        "state.missed": "gemist",
        "state.publishing": "wordt gepubliceerd",
        "state.published": "gepubliceerd",
        "state.partly_published": "deels gepubliceerd",
        "state.failed": "mislukt",
        "state.unknown": "onbekend",
        "state.removing": "wordt verwijderd",
        "state.removed": "verwijderd",
        "state.native_post": "elders geplaatst",
        "legend.states": "Status",
        "legend.profiles": "Profielen",
        "blackout": "Stilteperiode",
        "hold": "Publicatiestop",
        "hold.open": "{on} vanaf {start} tot iemand de publicatiestop beëindigt",
        "hold.until": "{on} van {start} tot {end}",
        "hold.ended": "{on} van {start} tot {end}, automatisch beëindigd",
        "hold.ended_by": "{on} van {start} tot {end}, beëindigd door {by}",
        "ended": "{name} (beëindigd)",
        "holiday": "Feestdag",
        "note": "Notitie",
        "today": "vandaag",
        "more": "nog {count}",
        "entries": "{count} plaatsingen",
        "entry": "1 plaatsing",
        "no_posts": "Er staat deze maand niets gepland.",
        "no_posts_week": "Er staat deze week niets gepland.",
        "no_posts_period": "Er staat in deze periode niets gepland.",
        "week": "{period} (week {week})",
        "from": "vanaf {time}",
        "until": "tot {time}",
        "zone": "Tijden in {zone}",
        "pending_edit": "wijziging nog niet geplaatst",
        "no_alt": "geen alt-tekst",
        "image": "Afbeelding {number}",
        "too_long": "{over} te lang voor {network}: de gemarkeerde tekst past er niet meer bij.",
        "image_required": "Voor {network} is een afbeelding nodig.",
        "media_required": "Voor {network} is een afbeelding of video nodig.",
        "in_reply_to": "Antwoord op {address}",
        "quoted": "Het geciteerde bericht",
        "format.message": "Privébericht",
        "format.reel": "Reel",
        "format.story": "Story",
        "visibility.unlisted": "Niet in openbare tijdlijnen",
        "visibility.followers": "Zichtbaar voor volgers",
        "visibility.direct": "Zichtbaar voor de vermelde accounts",
        "paid_partnership": "Betaald partnerschap",
        "reply": "Reageren",
        "repost": "Reposten",
        "like": "Leuk",
        "comment": "Reageren",
        "share": "Delen",
        "send": "Versturen",
        "save": "Bewaren",
        "permissions.title": "Rechten bij {name}",
        "permissions.lede": "Stand op {at}",
        "permissions.member": "Wie",
        "permissions.client": "klant",
        "permissions.guest": "gast",
        "permissions.left": "vertrokken",
        "permissions.suspended": "geblokkeerd",
        "permissions.until": "tot {until}",
        "permissions.on_duty": "heeft dienst",
        "permissions.delegate_of": "vervangt {absent}",
        "permissions.forbidden": "mag niet {permission}",
        "permission.view": "bekijken",
        "permission.draft": "opstellen",
        "permission.approve": "goedkeuren",
        "permission.publish": "publiceren",
        "level.none": "geen toegang",
        "level.view": "kan bekijken",
        "level.draft": "kan opstellen",
        "level.approve": "kan goedkeuren",
        "level.publish": "kan publiceren",
        "level.publish_and_approve": "kan publiceren en goedkeuren",
    },
}


def words(language: str) -> Mapping[str, str]:
    """
    Return the fixed texts of pages in *language*, by key.

    A region, such as "BE" in "nl-BE", is ignored.

    Raises:
        InvalidValueError: If pages are not available in *language*.
    """
    found = _WORDS.get(base_language(language))
    if found is None:
        hint = did_you_mean(
            language, _WORDS, before="; ", otherwise=f"choose {' or '.join(_WORDS)}"
        )
        raise InvalidValueError(
            f"pages are not available in `{language}`{hint}",
            value=language,
            expected=" or ".join(_WORDS),
        )
    return found


def base_language(tag: str) -> str:
    """
    Return the language of a language tag, without its region.

    >>> base_language("nl-BE")
    'nl'
    """
    return tag.partition("-")[0].lower()


def period_title(first: dt.date, last: dt.date, *, language: str = "en") -> str:
    """
    Return the title of a calendar: a month, a week with its number, or any other period.

    >>> period_title(dt.date(2026, 6, 1), dt.date(2026, 6, 30))
    'June 2026'
    >>> period_title(dt.date(2026, 6, 8), dt.date(2026, 6, 14))
    '8–14 June 2026 (week 24)'
    >>> period_title(dt.date(2026, 6, 20), dt.date(2026, 7, 5), language="nl")
    '20 juni – 5 juli 2026'

    Args:
        first: The first day.
        last: The last day (inclusive).
        language: "en" or "nl".

    Raises:
        InvalidValueError: If pages are not available in *language*.
    """
    labels, months = words(language), MONTHS[base_language(language)]
    month = f"{months[last.month - 1]} {last.year}"
    same_month = (first.year, first.month) == (last.year, last.month)
    if same_month and first.day == 1 and last.day == monthrange(last.year, last.month)[1]:
        return month
    if first == last:
        return f"{last.day} {month}"
    if same_month:
        title = f"{first.day}–{last.day} {month}"
    else:
        year = "" if first.year == last.year else f" {first.year}"
        title = f"{first.day} {months[first.month - 1]}{year} – {last.day} {month}"
    if first.weekday() == 0 and (last - first).days == 6:
        return labels["week"].format(period=title, week=first.isocalendar().week)
    return title
