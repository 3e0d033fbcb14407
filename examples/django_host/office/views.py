"""The pages: what waits, a post, a draft, the calendar."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from office.desk import desk
from office.models import Brief
from socialcollab.content import Image
from socialcollab.desk import Acting
from socialcollab.pages import CalendarEntry, CalendarNote, month_calendar, page

COMMANDS = {
    "submit": "Submit",
    "approve": "Approve",
    "request_changes": "Ask for changes",
    "schedule": "Schedule",
    "cancel": "Give up",
}


def acting(request: HttpRequest) -> Acting:
    """Return the desk as whoever has signed in uses it."""
    return desk().acting_as(request.user.get_username())


@login_required
@require_GET
def to_do(request: HttpRequest) -> HttpResponse:
    return render(request, "office/to_do.html", {"items": acting(request).to_do()})


@login_required
@require_http_methods(["GET", "POST"])
def draft(request: HttpRequest) -> HttpResponse:
    """Draft a post, and note what it was asked for with, in one transaction."""
    me = acting(request)
    now = desk().engine.now()
    allowed = desk().organization.access.profiles(me.member, "draft", at=now)
    if request.method == "GET":
        return render(request, "office/draft.html", {"profiles": allowed})
    pictures = [
        Image.from_bytes(picture.read(), alt=request.POST.get("alt", ""))
        for picture in request.FILES.getlist("picture")
    ]
    post = me.draft(
        request.POST["text"],
        profiles=request.POST.getlist("profiles"),
        planned_at=request.POST.get("planned_at", "").replace("T", " ") or None,
        media=pictures,
    )
    try:
        with transaction.atomic():
            Brief.objects.create(post=post.id, ticket=request.POST["ticket"], asked_by=request.user)
    except IntegrityError:
        # The draft goes with it: both are rows of one transaction.
        transaction.set_rollback(True)
        told = {"profiles": allowed, "problem": "that ticket has its post already"}
        return render(request, "office/draft.html", told, status=409)
    return redirect("post", post.id)


@login_required
@require_GET
def post(request: HttpRequest, post_id: str) -> HttpResponse:
    """Show a post, with what may be done now; and for what may not, why."""
    shown = acting(request).page(post_id)
    buttons = [
        {"name": name, "label": label, "verdict": shown.actions[name]}
        for name, label in COMMANDS.items()
    ]
    brief = Brief.objects.filter(post=post_id).first()
    return render(request, "office/post.html", {"page": shown, "buttons": buttons, "brief": brief})


@login_required
@require_POST
def command(request: HttpRequest, post_id: str, name: str) -> HttpResponse:
    """Carry out one command; the form says which revision it was about."""
    me, seen, note = acting(request), request.POST["seen"], request.POST.get("note", "")
    if name == "submit":
        me.submit(post_id, revision=seen)
    elif name == "approve":
        me.approve(post_id, revision=seen, note=note)
    elif name == "request_changes":
        me.request_changes(post_id, note, revision=seen)
    elif name == "schedule":
        me.schedule(post_id, revision=seen)
    elif name == "cancel":
        me.cancel(post_id, reason=note)
    else:
        raise Http404
    return redirect("post", post_id)


@login_required
@require_GET
def calendar(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """Show a month of what whoever has signed in may view."""
    if not (1 <= month <= 12 and 2000 <= year <= 2100):
        raise Http404
    me, here = acting(request).member, desk()
    zone = ZoneInfo(here.organization.zone_of("tulip"))
    start = dt.datetime(year, month, 1, tzinfo=zone)
    end = dt.datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
    profiles = here.organization.profiles_by_id
    entries = [
        CalendarEntry(
            at=entry.at.astimezone(zone),
            title=entry.title,
            profile=profiles[entry.profile].handle,
            network=profiles[entry.profile].network,
            state=entry.state,
        )
        for entry in here.calendar(start, end, viewer=me).entries()
    ]
    notes = [CalendarNote(on=note.on, text=note.text) for note in here.notes(viewer=me)]
    month_of_it = month_calendar(entries, year, month, notes=notes)
    return HttpResponse(page(f"{start:%B %Y}", month_of_it, lede="Tulip Airlines"))
