"""The pages of the application: to-do list, drafts, posts, permissions and calendar."""

from __future__ import annotations

import base64
import datetime as dt
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required, permission_required
from django.db import IntegrityError, transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from office.desk import open_desk, open_media
from office.models import Boost, Brief
from socialcollab.content import Attachment, Image, PostContent
from socialcollab.desk import MemberDesk
from socialcollab.errors import InvalidValueError, NotAllowedError
from socialcollab.pages import (
    CalendarEntry,
    CalendarNote,
    month_calendar,
    page,
    permissions_table,
    post_preview,
    preview_grid,
)

# Larger images would make the page slow.
MOST_EMBEDDED_BYTES = 1_000_000
BUTTONS = {
    "submit": "Submit",
    "approve": "Approve",
    "request_changes": "Request changes",
    "schedule": "Schedule",
    "cancel": "Cancel",
}


def member_desk(request: HttpRequest) -> MemberDesk:
    """Return the desk for the signed-in user."""
    return open_desk().acting_as(request.user.get_username())


@login_required
@require_GET
def to_do(request: HttpRequest) -> HttpResponse:
    return render(request, "office/to_do.html", {"items": member_desk(request).to_do()})


@login_required
@require_http_methods(["GET", "POST"])
def draft(request: HttpRequest) -> HttpResponse:
    """Draft a post, and store its ticket in the same transaction."""
    desk, me = open_desk(), member_desk(request)
    profiles = desk.organization.access.profiles(me.member, "draft", at=desk.engine.now())
    if request.method == "GET":
        return render(request, "office/draft.html", {"profiles": profiles})
    post = me.draft(
        request.POST["text"],
        profiles=request.POST.getlist("profiles"),
        planned_at=request.POST.get("planned_at", "").replace("T", " ") or None,
        media=[
            Image.from_bytes(image.read(), alt=request.POST.get("alt", ""))
            for image in request.FILES.getlist("image")
        ],
    )
    try:
        with transaction.atomic():
            Brief.objects.create(post=post.id, ticket=request.POST["ticket"], asked_by=request.user)
    except IntegrityError:
        # This also rolls back the draft, because it is in the same transaction.
        transaction.set_rollback(True)
        context = {"profiles": profiles, "problem": "there is already a post for this ticket"}
        return render(request, "office/draft.html", context, status=409)
    return redirect("post", post.id)


@login_required
@require_GET
def post(request: HttpRequest, post_id: str) -> HttpResponse:
    """Show a post, the commands that the user can perform, and why other commands are refused."""
    view = member_desk(request).post_view(post_id)
    context = {
        "view": view,
        "texts": _texts_by_profiles(view.post.content),
        "buttons": [
            {"name": name, "label": label, "verdict": view.allowed_actions[name]}
            for name, label in BUTTONS.items()
        ],
        "brief": Brief.objects.filter(post=post_id).first(),
        "can_boost": bool(view.post.targets)
        and all(request.user.has_perm("desk.ads.boost", name) for name in view.post.targets),
    }
    return render(request, "office/post.html", context)


def _texts_by_profiles(content: PostContent) -> list[tuple[str, tuple[str, ...]]]:
    """Return the texts of a post, with the profiles on which each is published."""
    profiles: dict[tuple[str, ...], list[str]] = {}
    for profile in content.targets or ("",):
        profiles.setdefault(content.texts_for(profile), []).append(profile)
    return [(", ".join(names), texts) for texts, names in profiles.items()]


@login_required
@require_GET
def preview(request: HttpRequest, post_id: str) -> HttpResponse:
    """Show how a post will look on each of its profiles."""
    content = member_desk(request).post_view(post_id).post.content
    profiles = open_desk().organization.profiles_by_id
    return HttpResponse(
        page(
            "Preview",
            preview_grid(
                post_preview(content, profiles[name], source=_embedded)
                for name in content.targets
                if name in profiles
            ),
        )
    )


def _embedded(media: Attachment) -> str:
    """Return an image as part of the page; an empty string for a video or a large image."""
    if not media.media_type.startswith("image/") or media.size_bytes > MOST_EMBEDDED_BYTES:
        return ""
    with open_media().open(media.digest) as file:
        return f"data:{media.media_type};base64,{base64.b64encode(file.read()).decode()}"


@login_required
@require_GET
def image(request: HttpRequest, post_id: str, digest: str) -> HttpResponse:
    """Show an image of a post to a user who may view the post."""
    for media in member_desk(request).post_view(post_id).post.content.all_media:
        if media.digest == digest:
            return FileResponse(open_media().open(digest), content_type=media.media_type)
    raise Http404


@login_required
@require_POST
def command(request: HttpRequest, post_id: str, name: str) -> HttpResponse:
    """Perform a command on the revision that the form showed."""
    me, seen, note = member_desk(request), request.POST["seen"], request.POST.get("note", "")
    if name == "submit":
        me.submit(post_id, revision=seen)
    elif name == "approve":
        me.approve(post_id, revision=seen, note=note)
    elif name == "request_changes":
        me.request_changes(post_id, note, revision=seen)
    elif name == "schedule":
        me.schedule(post_id, revision=seen)
    elif name == "cancel":
        me.cancel(post_id, revision=seen, reason=note)
    else:
        raise Http404
    return redirect("post", post_id)


@login_required
@require_POST
def boost(request: HttpRequest, post_id: str) -> HttpResponse:
    """Spend money on promoting a post, which requires permission on each of its profiles."""
    desk, me = open_desk(), member_desk(request)
    targets = me.post_view(post_id).post.targets
    if not targets:
        raise InvalidValueError("a post without profiles cannot be boosted", value=post_id)
    questions = [(me.member, "ads.boost", profile) for profile in targets]
    for verdict in desk.organization.access.check_batch(questions, at=desk.engine.now()):
        if not verdict:
            raise NotAllowedError(verdict.for_viewer(me.member))
    Boost.objects.create(post=post_id, euros=int(request.POST["euros"]), by=request.user)
    return redirect("post", post_id)


@login_required
@permission_required("desk.manage_access", raise_exception=True)
@require_GET
def permissions(_: HttpRequest) -> HttpResponse:
    """Show all permissions to users who manage access."""
    desk = open_desk()
    table = permissions_table(desk.organization, at=desk.engine.now())
    return HttpResponse(page("Permissions", table, lede=desk.organization.id))


@login_required
@require_GET
def calendar(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """Show all posts in a month that the user may view."""
    if not (1 <= month <= 12 and 2000 <= year <= 2100):
        raise Http404
    desk, viewer = open_desk(), request.user.get_username()
    zone = ZoneInfo(desk.organization.zone_of("tulip"))
    start = dt.datetime(year, month, 1, tzinfo=zone)
    end = dt.datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
    profiles = desk.organization.profiles_by_id
    entries = [
        CalendarEntry(
            at=entry.at.astimezone(zone),
            title=entry.title,
            profile=profiles[entry.profile].handle,
            network=profiles[entry.profile].network,
            state=entry.state,
        )
        for entry in desk.calendar(start, end, viewer=viewer).entries()
    ]
    notes = [
        CalendarNote(date=note.date, text=note.text) for note in desk.calendar_notes(viewer=viewer)
    ]
    body = month_calendar(entries, year, month, notes=notes)
    return HttpResponse(page(f"{start:%B %Y}", body, lede="Tulip Airlines"))
