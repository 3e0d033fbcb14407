"""The pages: what waits, a post, a draft, the calendar."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required, permission_required
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from office.desk import desk
from office.models import Boost, Brief
from socialcollab.content import Image
from socialcollab.desk import MemberDesk
from socialcollab.errors import InvalidValueError, NotAllowedError
from socialcollab.pages import CalendarEntry, CalendarNote, month_calendar, page, permissions_table

COMMANDS = {
    "submit": "Submit",
    "approve": "Approve",
    "request_changes": "Ask for changes",
    "schedule": "Schedule",
    "cancel": "Give up",
}


def acting(request: HttpRequest) -> MemberDesk:
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
    shown = acting(request).post_view(post_id)
    buttons = [
        {"name": name, "label": label, "verdict": shown.allowed_actions[name]}
        for name, label in COMMANDS.items()
    ]
    brief = Brief.objects.filter(post=post_id).first()
    may_boost = bool(shown.post.targets) and all(
        request.user.has_perm("desk.ads.boost", profile) for profile in shown.post.targets
    )
    told = {"page": shown, "buttons": buttons, "brief": brief, "may_boost": may_boost}
    return render(request, "office/post.html", told)


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
@require_POST
def boost(request: HttpRequest, post_id: str) -> HttpResponse:
    """Put money behind a post; an act of the office's own, on every profile that the post goes to."""
    me, here = acting(request).member, desk()
    targets = acting(request).post_view(post_id).post.targets
    if not targets:
        raise InvalidValueError("a post that goes nowhere cannot be boosted", value=post_id)
    questions = [(me, "ads.boost", profile) for profile in targets]
    for verdict in here.organization.access.check_batch(questions, at=here.engine.now()):
        if not verdict:
            raise NotAllowedError(verdict.for_viewer(me))
    Boost.objects.create(post=post_id, euros=int(request.POST["euros"]), by=request.user)
    return redirect("post", post_id)


@login_required
@permission_required("desk.manage_access", raise_exception=True)
@require_GET
def rights(_: HttpRequest) -> HttpResponse:
    """Show who may do what now, to those who may change it."""
    here = desk()
    table = permissions_table(here.organization, at=here.engine.now())
    return HttpResponse(page("Who may do what", table, lede=here.organization.id))


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
    notes = [
        CalendarNote(date=note.date, text=note.text) for note in here.calendar_notes(viewer=me)
    ]
    month_of_it = month_calendar(entries, year, month, notes=notes)
    return HttpResponse(page(f"{start:%B %Y}", month_of_it, lede="Tulip Airlines"))
