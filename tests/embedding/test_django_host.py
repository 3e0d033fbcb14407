"""The Django example: users act at the desk in its transactions, and pages explain refusals."""

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
    """Set up Django with a new file, users, groups and a desk."""
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
    call_command("adopt_users", by="eva", stdout=io.StringIO())
    yield module
    module._local.sandbox.close()
    connections.close_all()
    sys.path.remove(str(HOST))


@pytest.fixture
def signed_in(office: Any) -> Callable[[str], Any]:
    """Return a function that signs in a user, with a client that checks CSRF tokens."""
    from django.test import Client

    def browser(name: str) -> Any:
        client = Client(enforce_csrf_checks=True)
        page = client.get("/sign-in")
        token = _token(page)
        response = client.post(
            "/sign-in", {"username": name, "password": "pw", "csrfmiddlewaretoken": token}
        )
        assert response.status_code == 302, response.content.decode()
        return client

    return browser


def _token(page: Any) -> str:
    match = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
    assert match
    return match[1]


def draft(client: Any, ticket: str, **changed: Any) -> str:
    """Draft a post, and return its address."""
    form = {**DRAFT, "ticket": ticket, **changed}
    form["csrfmiddlewaretoken"] = _token(client.get("/posts/new"))
    response = client.post("/posts/new", form)
    assert response.status_code == 302, response.content.decode()
    return str(response["location"])


def press(client: Any, address: str, name: str, *, seen: str | None = None, **form: str) -> Any:
    """Submit the form of a button on a post's page, or the same data without the button."""
    page = client.get(address)
    if seen is None:
        seen = seen_revision(page)
    form = {**form, "seen": seen, "csrfmiddlewaretoken": _token(page)}
    return client.post(f"{address}/{name}", form)


def seen_revision(page: Any) -> str:
    match = re.search(r'name="seen" value="([^"]+)"', page.content.decode())
    assert match, page.content.decode()
    return match[1]


def test_draft_to_published(office, signed_in, set_clock) -> None:
    """The pages are sufficient to take a post from draft to published."""
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.core.management import call_command

    ana, ben = signed_in("ana"), signed_in("ben")
    image = SimpleUploadedFile("tulips.png", PNG, "image/png")
    address = draft(ana, "T-story", image=image, alt="tulpen")
    page = ana.get(address).content.decode()
    assert "De lente is er &lt;b&gt;🌷&lt;/b&gt;" in page, "texts must be escaped"
    assert "for ticket T-story" in page
    assert press(ana, address, "submit").status_code == 302
    assert "is waiting for ben" in ana.get(address).content.decode()
    tasks = ben.get("/").content.decode()
    assert "<b>decide</b>" in tasks
    assert address in tasks
    before_decision = ben.get(address).content.decode()
    assert "Planned for 2026-04-07 09:30" in before_decision
    source = re.search(r'<img src="([^"]+)" alt="tulpen">', before_decision)
    assert b"".join(ben.get(source[1]).streaming_content) == PNG
    assert signed_in("zoe").get(source[1]).status_code == 404
    preview = ben.get(f"{address}/preview").content.decode()
    assert "data:image/png;base64," in preview
    assert "De lente is er &lt;b&gt;🌷&lt;/b&gt;" in preview
    assert signed_in("zoe").get(f"{address}/preview").status_code == 404
    assert press(ben, address, "approve").status_code == 302
    assert "scheduled" in ben.get(address).content.decode()
    set_clock(DUE)
    call_command("run_due", stdout=io.StringIO())
    assert "<h1>published</h1>" in ana.get(address).content.decode()
    assert {post.profile for post in office._local.sandbox.posts()} >= {"tulip-x", "tulip-mastodon"}
    month = ana.get("/calendar/2026/4")
    assert "De lente is er" in month.content.decode()
    assert month["content-type"].startswith("text/html")


@pytest.fixture
def set_clock(office: Any) -> Iterator[Callable[[dt.datetime], None]]:
    """Return a function that sets the desk's clock until the end of the test."""

    def at(now: dt.datetime) -> None:
        office.open_desk().engine.clock = lambda: now

    yield at
    at(NOW)


def test_refusal(signed_in) -> None:
    """A refusal is a page with the reasons, which the post's page already shows in advance."""
    ana, ben = signed_in("ana"), signed_in("ben")
    address = draft(ana, "T-refused")
    page = ana.get(address)
    assert 'action="/posts/' in page.content.decode()
    assert "Approve: refused" in page.content.decode(), "the page must explain it in advance"
    press(ana, address, "submit")
    response = press(ana, address, "approve", seen=seen_revision(ben.get(address)))
    assert response.status_code == 403
    text = response.content.decode()
    assert "You cannot do this" in text
    assert "authors cannot decide on their own work" in text
    assert press(ben, address, "approve").status_code == 302


def test_stale_form(signed_in) -> None:
    """A form for an outdated revision is refused, and the page names the member who changed it."""
    ana, ben = signed_in("ana"), signed_in("ben")
    address = draft(ana, "T-stale")
    press(ana, address, "submit")
    seen = seen_revision(ben.get(address))
    from office.desk import open_desk

    post = open_desk().post(address.rpartition("/")[2])
    open_desk().acting_as("ana").edit(post, text="iets anders")
    response = press(ben, address, "approve", seen=seen)
    assert response.status_code == 409
    assert "ana has changed text" in response.content.decode()
    assert press(ben, address, "approve").status_code == 302


def test_hidden_post(signed_in) -> None:
    """Requests for hidden posts get the same response as requests for unknown posts."""
    ana, zoe = signed_in("ana"), signed_in("zoe")
    address = draft(ana, "T-hidden")
    seen = seen_revision(ana.get(address))
    for path in (address, "/posts/no-such-post", "/calendar/2026/13"):
        assert zoe.get(path).status_code == 404
    token = _token(ana.get(address))
    zoe.cookies["csrftoken"] = ana.cookies["csrftoken"].value
    response = zoe.post(f"{address}/approve", {"seen": seen, "csrfmiddlewaretoken": token})
    assert response.status_code == 404
    assert "De lente" not in zoe.get("/calendar/2026/4").content.decode()
    assert zoe.get("/").status_code == 200


def test_authentication_and_tokens(signed_in) -> None:
    """Pages need a signed-in user, and forms their token."""
    from django.test import Client

    ana = signed_in("ana")
    address = draft(ana, "T-csrf")
    stranger = Client(enforce_csrf_checks=True)
    for path in ("/", address, "/calendar/2026/4", "/posts/new"):
        assert stranger.get(path).status_code == 302, path
    before = seen_revision(ana.get(address))
    assert ana.post(f"{address}/submit", {"seen": before}).status_code == 403
    assert seen_revision(ana.get(address)) == before
    assert "submitted" not in ana.get(address).content.decode()


def test_one_transaction(office, signed_in) -> None:
    """If the application's row cannot be stored, the draft is rolled back."""
    from office.models import Brief

    ana = signed_in("ana")
    draft(ana, "T-once")
    events = len(office.open_desk().feed())
    form = {**DRAFT, "ticket": "T-once", "csrfmiddlewaretoken": _token(ana.get("/posts/new"))}
    response = ana.post("/posts/new", form)
    assert response.status_code == 409
    assert "there is already a post for this ticket" in response.content.decode()
    assert len(office.open_desk().feed()) == events, "the draft must be rolled back"
    assert Brief.objects.filter(ticket="T-once").count() == 1
    assert office.open_desk().audit().clean


def test_invalid_input(office, signed_in) -> None:
    """Invalid input results in an explanation."""
    ana = signed_in("ana")
    form = {**DRAFT, "ticket": "T-x", "planned_at": "2026-03-29T02:30"}
    form["csrfmiddlewaretoken"] = _token(ana.get("/posts/new"))
    response = ana.post("/posts/new", form)
    assert response.status_code == 400
    assert "02:30" in response.content.decode()


def test_user_leaves_group(office, signed_in) -> None:
    """A user who leaves their group loses its permissions with the next adoption."""
    from django.contrib.auth.models import Group, User
    from django.core.management import call_command

    tom = User.objects.create_user("tom", password="pw")
    tom.groups.add(Group.objects.get(name="writers"))
    options = {"stdout": io.StringIO()}
    call_command("adopt_users", by="eva", **options)
    browser = signed_in("tom")
    draft(browser, "T-tom")
    tom.groups.clear()
    call_command("adopt_users", by="eva", reason="tom left", **options)
    form = {**DRAFT, "ticket": "T-tom-2", "csrfmiddlewaretoken": _token(browser.get("/posts/new"))}
    assert browser.post("/posts/new", form).status_code in {403, 404}
    entries = [entry for entry in office.open_desk().feed() if entry.type == "organization.adopted"]
    assert len(entries) >= 2


def test_odd_user_name(office) -> None:
    """A user whose name is not an identifier does not prevent the adoption of the others."""
    from django.contrib.auth.models import User
    from django.core.management import call_command

    odd = User.objects.create_user("Zoë Smith", password="pw")
    User.objects.create_user("nia", password="pw")
    call_command("adopt_users", by="eva", stdout=io.StringIO())
    members = {member.id for member in office.open_desk().organization.members}
    assert "nia" in members
    assert "Zoë Smith" not in members
    odd.delete()


def test_permission_backend(office) -> None:
    """Django's permission checks are answered by the desk."""
    from django.contrib.auth import get_user_model
    from office.backends import DeskBackend

    users = {user.username: user for user in get_user_model().objects.all()}
    assert users["ben"].has_perm("desk.approve", "tulip-x")
    assert not users["ana"].has_perm("desk.approve", "tulip-x")
    assert not users["ben"].has_perm("desk.approve"), "without an object it means everywhere"
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


def test_delegate(office) -> None:
    """A delegate also has the permissions in Django."""
    from django.contrib.auth import get_user_model

    ana = get_user_model().objects.get(username="ana")
    ben = office.open_desk().acting_as("ben")
    absence = ben.add_absence("2026-04-06", "2026-04-08", delegate="ana")
    try:
        assert ana.has_perm("desk.approve", "tulip-x")
    finally:
        office.open_desk().acting_as("eva").end_absence(absence.id)


def test_own_permission(office, signed_in) -> None:
    """The application's own command follows the rules of the desk."""
    from office.models import Boost

    ana, kim = signed_in("ana"), signed_in("kim")
    address = draft(ana, "T-boost", profiles=["tulip-x"])
    assert "Boost" in kim.get(address).content.decode()
    assert "Boost" not in ana.get(address).content.decode()
    assert press(kim, address, "boost", seen="", euros="50").status_code == 302
    assert [str(boost) for boost in Boost.objects.all()] == [
        f"50 euros for {address.rpartition('/')[2]}"
    ]
    refused = press(ana, address, "boost", seen="", euros="50")
    assert refused.status_code == 403
    assert "ads.boost" in refused.content.decode()
    both = draft(ana, "T-both")
    token = _token(kim.get(address))
    response = kim.post(f"{both}/boost", {"euros": "5", "csrfmiddlewaretoken": token})
    assert response.status_code in (403, 404), "the permission is only for X"
    assert Boost.objects.count() == 1


def test_permissions_page(signed_in) -> None:
    """Only users who manage access see the table of permissions."""
    table = signed_in("eva").get("/permissions")
    assert table.status_code == 200
    assert "tulip-mastodon" in table.content.decode()
    assert "kim" in table.content.decode()
    assert signed_in("ben").get("/permissions").status_code == 403
