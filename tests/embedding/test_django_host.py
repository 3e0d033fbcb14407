"""A Django host: its users act, its transactions hold the journal, its pages say why not."""

from __future__ import annotations

import datetime as dt
import io
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

django = pytest.importorskip("django", reason="the group `embedding` is not installed")

HOST = Path(__file__).resolve().parents[2] / "examples" / "django_host"
NOW = dt.datetime(2026, 4, 6, 10, tzinfo=dt.UTC)
DUE = dt.datetime(2026, 4, 7, 7, 31, tzinfo=dt.UTC)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
DRAFT = {
    "text": "De lente is er <b>🌷</b>",
    "profiles": ["tulip-x", "tulip-mastodon"],
    "planned_at": "2026-04-07T09:30",
    "ticket": "T-1",
}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Django, set up on a file of its own, with users, groups and a desk."""
    os.environ["OFFICE_HOME"] = str(tmp_path_factory.mktemp("office"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "office.settings"
    sys.path.insert(0, str(HOST))
    django.setup()
    from django.conf import settings
    from django.contrib.auth.models import Group, User
    from django.core.management import call_command
    from django.db import connections
    from office import desk as module

    settings.DESK_CLOCK = lambda: NOW
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    call_command("migrate", verbosity=0)
    User.objects.create_superuser("eva", password="pw", first_name="Eva")
    call_command("set_up_desk", owner="eva", stdout=io.StringIO())
    for name, group in (
        ("ana", "writers"),
        ("ben", "editors"),
        ("kim", "ads"),
        ("zoe", None),
    ):
        user = User.objects.create_user(name, password="pw")
        if group:
            user.groups.add(Group.objects.get(name=group))
    call_command("adopt_people", by="eva", stdout=io.StringIO())
    yield module
    module._kept.sandbox.close()
    connections.close_all()
    sys.path.remove(str(HOST))


@pytest.fixture
def signed_in(office: Any) -> Callable[[str], Any]:
    """Return a browser in which somebody has signed in, and whose forms need their token."""
    from django.test import Client

    def browser(name: str) -> Any:
        client = Client(enforce_csrf_checks=True)
        page = client.get("/sign-in")
        token = _token(page)
        answer = client.post(
            "/sign-in", {"username": name, "password": "pw", "csrfmiddlewaretoken": token}
        )
        assert answer.status_code == 302, answer.content.decode()
        return client

    return browser


def _token(page: Any) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
    assert found
    return found[1]


def drafted(client: Any, ticket: str, **changed: Any) -> str:
    form = {**DRAFT, "ticket": ticket, **changed}
    form["csrfmiddlewaretoken"] = _token(client.get("/posts/new"))
    answer = client.post("/posts/new", form)
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["location"])


def pressed(client: Any, place: str, name: str, *, seen: str | None = None, **form: str) -> Any:
    """Press a button of a post's page, or send what it would if there were one."""
    page = client.get(place)
    if seen is None:
        seen = seen_on(page)
    form = {**form, "seen": seen, "csrfmiddlewaretoken": _token(page)}
    return client.post(f"{place}/{name}", form)


def seen_on(page: Any) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', page.content.decode())
    assert found, page.content.decode()
    return found[1]


def test_a_post_goes_from_draft_to_published_by_pages_alone(office, signed_in, settings_of) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.core.management import call_command

    ana, ben = signed_in("ana"), signed_in("ben")
    picture = SimpleUploadedFile("tulips.png", PNG, "image/png")
    place = drafted(ana, "T-story", picture=picture, alt="tulpen")
    page = ana.get(place).content.decode()
    assert "De lente is er &lt;b&gt;🌷&lt;/b&gt;" in page, "texts are escaped"
    assert "for ticket T-story" in page
    assert pressed(ana, place, "submit").status_code == 302
    waiting = ben.get("/").content.decode()
    assert "<b>decide</b>" in waiting
    assert place in waiting
    assert pressed(ben, place, "approve").status_code == 302
    assert "scheduled" in ben.get(place).content.decode()
    settings_of(DUE)
    call_command("run_due", stdout=io.StringIO())
    assert "<h1>published</h1>" in ana.get(place).content.decode()
    assert {post.profile for post in office._kept.sandbox.posts()} >= {"tulip-x", "tulip-mastodon"}
    month = ana.get("/calendar/2026/4")
    assert "De lente is er" in month.content.decode()
    assert month["content-type"].startswith("text/html")


@pytest.fixture
def settings_of(office: Any) -> Iterator[Callable[[dt.datetime], None]]:
    """Set the plan's clock, and set it back."""

    def at(now: dt.datetime) -> None:
        office.desk().engine.clock = lambda: now

    yield at
    at(NOW)


def test_a_refusal_is_a_page_with_reason_and_remedy(signed_in) -> None:
    ana, ben = signed_in("ana"), signed_in("ben")
    place = drafted(ana, "T-refused")
    page = ana.get(place)
    assert 'action="/posts/' in page.content.decode()
    assert "Approve: refused" in page.content.decode(), "what may not be done is told beforehand"
    pressed(ana, place, "submit")
    answer = pressed(ana, place, "approve", seen=seen_on(ben.get(place)))
    assert answer.status_code == 403
    said = answer.content.decode()
    assert "This may not be done" in said
    assert "authors do not decide on their own work" in said
    assert pressed(ben, place, "approve").status_code == 302


def test_what_changed_meanwhile_is_told_by_name(signed_in) -> None:
    ana, ben = signed_in("ana"), signed_in("ben")
    place = drafted(ana, "T-stale")
    pressed(ana, place, "submit")
    seen = seen_on(ben.get(place))
    from office.desk import desk

    post = desk().post(place.rpartition("/")[2])
    desk().acting_as("ana").edit(post, text="iets anders")
    answer = pressed(ben, place, "approve", seen=seen)
    assert answer.status_code == 409
    assert "ana changed text meanwhile" in answer.content.decode()
    assert pressed(ben, place, "approve").status_code == 302, "and then it is seen anew"


def test_what_may_not_be_viewed_is_not_there(signed_in) -> None:
    ana, zoe = signed_in("ana"), signed_in("zoe")
    place = drafted(ana, "T-hidden")
    seen = seen_on(ana.get(place))
    for path in (place, "/posts/no-such-post", "/calendar/2026/13"):
        assert zoe.get(path).status_code == 404
    token = _token(ana.get(place))
    zoe.cookies["csrftoken"] = ana.cookies["csrftoken"].value
    answer = zoe.post(f"{place}/approve", {"seen": seen, "csrfmiddlewaretoken": token})
    assert answer.status_code == 404
    assert "De lente" not in zoe.get("/calendar/2026/4").content.decode()
    assert zoe.get("/").status_code == 200


def test_nobody_acts_who_has_not_signed_in_and_no_form_goes_without_its_token(signed_in) -> None:
    from django.test import Client

    ana = signed_in("ana")
    place = drafted(ana, "T-csrf")
    stranger = Client(enforce_csrf_checks=True)
    for path in ("/", place, "/calendar/2026/4", "/posts/new"):
        assert stranger.get(path).status_code == 302, path
    before = seen_on(ana.get(place))
    assert ana.post(f"{place}/submit", {"seen": before}).status_code == 403
    assert seen_on(ana.get(place)) == before
    assert "submitted" not in ana.get(place).content.decode()


def test_a_draft_and_the_row_beside_it_stand_or_fall_together(office, signed_in) -> None:
    from office.models import Brief

    ana = signed_in("ana")
    drafted(ana, "T-once")
    events = len(office.desk().feed())
    form = {**DRAFT, "ticket": "T-once", "csrfmiddlewaretoken": _token(ana.get("/posts/new"))}
    answer = ana.post("/posts/new", form)
    assert answer.status_code == 409
    assert "has its post already" in answer.content.decode()
    assert len(office.desk().feed()) == events, "the draft was rolled back with the row"
    assert Brief.objects.filter(ticket="T-once").count() == 1
    assert office.desk().audit().clean


def test_what_a_person_types_wrong_is_told(office, signed_in) -> None:
    ana = signed_in("ana")
    form = {**DRAFT, "ticket": "T-x", "planned_at": "2026-03-29T02:30"}
    form["csrfmiddlewaretoken"] = _token(ana.get("/posts/new"))
    answer = ana.post("/posts/new", form)
    assert answer.status_code == 400
    assert "02:30" in answer.content.decode()


def test_a_user_who_leaves_acts_no_more(office, signed_in) -> None:
    from django.contrib.auth.models import Group, User
    from django.core.management import call_command

    tom = User.objects.create_user("tom", password="pw")
    tom.groups.add(Group.objects.get(name="writers"))
    quiet = {"stdout": io.StringIO()}
    call_command("adopt_people", by="eva", **quiet)
    browser = signed_in("tom")
    drafted(browser, "T-tom")
    tom.groups.clear()
    call_command("adopt_people", by="eva", reason="tom left", **quiet)
    form = {**DRAFT, "ticket": "T-tom-2", "csrfmiddlewaretoken": _token(browser.get("/posts/new"))}
    assert browser.post("/posts/new", form).status_code in {403, 404}
    entries = [entry for entry in office.desk().feed() if entry.type == "organization.adopted"]
    assert len(entries) >= 2


def test_django_asks_the_desk_for_permissions(office) -> None:
    from django.contrib.auth import get_user_model
    from office.backends import DeskBackend

    users = {user.username: user for user in get_user_model().objects.all()}
    assert users["ben"].has_perm("desk.approve", "tulip-x")
    assert not users["ana"].has_perm("desk.approve", "tulip-x")
    assert not users["ben"].has_perm("desk.approve"), "which is to ask about everywhere"
    assert not users["zoe"].has_perm("desk.view", "tulip-x")
    assert users["kim"].get_all_permissions("tulip-x") >= {"desk.ads.boost", "desk.view"}
    assert {"ben", "eva"} == {
        user.username for user in DeskBackend().with_perm("desk.approve", "tulip-x")
    }
    assert not DeskBackend().with_perm("auth.add_user", "tulip-x")
    assert not users["ana"].has_perm("auth.add_user")
    users["ben"].is_active = False
    assert not users["ben"].has_perm("desk.approve", "tulip-x")
    assert users["ben"].get_all_permissions("tulip-x") == set()


def test_whoever_stands_in_is_asked_in_django_too(office) -> None:
    from django.contrib.auth import get_user_model

    ana = get_user_model().objects.get(username="ana")
    ben = office.desk().acting_as("ben")
    absence = ben.add_absence("2026-04-06", "2026-04-08", delegate="ana")
    try:
        assert ana.has_perm("desk.approve", "tulip-x")
    finally:
        office.desk().acting_as("eva").end_absence(absence.id)


def test_an_act_of_the_offices_own_rests_on_the_same_rules(office, signed_in) -> None:
    from office.models import Boost

    ana, kim = signed_in("ana"), signed_in("kim")
    place = drafted(ana, "T-boost", profiles=["tulip-x"])
    assert "Boost" in kim.get(place).content.decode()
    assert "Boost" not in ana.get(place).content.decode()
    assert pressed(kim, place, "boost", seen="", euros="50").status_code == 302
    assert [str(one) for one in Boost.objects.all()] == [
        f"50 euros behind {place.rpartition('/')[2]}"
    ]
    refused = pressed(ana, place, "boost", seen="", euros="50")
    assert refused.status_code == 403
    assert "ads.boost" in refused.content.decode()
    both = drafted(ana, "T-both")
    token = _token(kim.get(place))
    answer = kim.post(f"{both}/boost", {"euros": "5", "csrfmiddlewaretoken": token})
    assert answer.status_code in (403, 404), "there is no budget on Mastodon"
    assert Boost.objects.count() == 1


def test_rights_are_shown_to_those_who_may_change_them(signed_in) -> None:
    shown = signed_in("eva").get("/rights")
    assert shown.status_code == 200
    assert "tulip-mastodon" in shown.content.decode()
    assert "kim" in shown.content.decode()
    assert signed_in("ben").get("/rights").status_code == 403
