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
        "inbox.no_text": "No text",
        "inbox.owner": "Owner: {name}",
        "inbox.no_owner": "no owner",
        "inbox.empty": "No conversations.",
        "inbox.summary": "Conversations: {count}. Waiting for an answer: {waiting}.",
        "inbox.customer": "Customer",
        "inbox.profile": "Profile",
        "inbox.case": "Case",
        "inbox.hand_off": "offered to {name}, not accepted yet",
        "inbox.offered": "Handoff",
        "inbox.until": "Returns",
        "inbox.recycled": "A message arrived long after this conversation was resolved. It may be a new matter: split it off, or keep it together.",
        "inbox.reopen_case": "The customer wrote again after the case was resolved. Reopen the case if it is about the same matter.",
        "inbox.opened": "Opened",
        "inbox.conversations": "Conversations",
        "inbox.notes": "Notes",
        "inbox.accountable": "Accountable",
        "inbox.state.open": "open",
        "inbox.state.waiting": "waiting for the customer",
        "inbox.state.on_hold": "on hold",
        "inbox.state.resolved": "resolved",
        "inbox.priority.urgent": "urgent",
        "inbox.priority.high": "high priority",
        "inbox.priority.low": "low priority",
        "inbox.waits": "waiting for {time}",
        "inbox.due": "due in {time}",
        "inbox.late": "late by {time}",
        "inbox.days": "{count} d",
        "inbox.hours": "{count} h",
        "inbox.minutes": "{count} min",
        "inbox.no_messages": "No messages.",
        "inbox.internal_note": "internal note",
        "inbox.external_note": "note, visible to the client",
        "inbox.us": "Our account",
        "inbox.unknown": "Unknown author",
        "inbox.hidden": "hidden",
        "inbox.deleted": "deleted",
        "inbox.edited": "edited {count} times",
        "inbox.file": "File {number}",
        "inbox.on_network": "open",
        "inbox.replies": "Replies",
        "inbox.reply.draft": "draft",
        "inbox.reply.leaving": "being sent",
        "inbox.reply.proposed": "waits for approval",
        "inbox.reply.published": "published",
        "inbox.reply.reserved": "about to be sent",
        "inbox.reply.stopped": "stopped: look again",
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
        "inbox.no_text": "Geen tekst",
        "inbox.owner": "Verantwoordelijk: {name}",
        "inbox.no_owner": "aan niemand toegewezen",
        "inbox.empty": "Geen gesprekken.",
        "inbox.summary": "Gesprekken: {count}. Wachten op antwoord: {waiting}.",
        "inbox.customer": "Klant",
        "inbox.profile": "Profiel",
        "inbox.case": "Zaak",
        "inbox.hand_off": "aangeboden aan {name}, nog niet aanvaard",
        "inbox.offered": "Overdracht",
        "inbox.until": "Komt terug",
        "inbox.recycled": "Er kwam een bericht binnen lang nadat dit gesprek was afgesloten. Misschien gaat het om iets nieuws: splits het af of houd het bij elkaar.",
        "inbox.reopen_case": "De klant schreef opnieuw nadat de zaak was afgesloten. Heropen de zaak als het om hetzelfde gaat.",
        "inbox.opened": "Geopend",
        "inbox.conversations": "Gesprekken",
        "inbox.notes": "Notities",
        "inbox.accountable": "Aanspreekbaar",
        "inbox.state.open": "open",
        "inbox.state.waiting": "wacht op de klant",
        "inbox.state.on_hold": "uitgesteld",
        "inbox.state.resolved": "afgesloten",
        "inbox.priority.urgent": "dringend",
        "inbox.priority.high": "hoge prioriteit",
        "inbox.priority.low": "lage prioriteit",
        "inbox.waits": "wacht al {time}",
        "inbox.due": "binnen {time}",
        "inbox.late": "{time} te laat",
        "inbox.days": "{count} d",
        "inbox.hours": "{count} u",
        "inbox.minutes": "{count} min",
        "inbox.no_messages": "Geen berichten.",
        "inbox.internal_note": "interne notitie",
        "inbox.external_note": "notitie, zichtbaar voor de klant",
        "inbox.us": "Ons account",
        "inbox.unknown": "Onbekende afzender",
        "inbox.hidden": "verborgen",
        "inbox.deleted": "verwijderd",
        "inbox.edited": "{count} keer bewerkt",
        "inbox.file": "Bestand {number}",
        "inbox.on_network": "openen",
        "inbox.replies": "Antwoorden",
        "inbox.reply.draft": "concept",
        "inbox.reply.leaving": "wordt verstuurd",
        "inbox.reply.proposed": "wacht op goedkeuring",
        "inbox.reply.published": "gepubliceerd",
        "inbox.reply.reserved": "wordt zo verstuurd",
        "inbox.reply.stopped": "tegengehouden: kijk opnieuw",
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
