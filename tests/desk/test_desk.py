"""The desk from a user's point of view: one post from draft to published, and refusals."""

from __future__ import annotations

import datetime as dt
import re
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from tests.desk.agency import DOCUMENT, DUE, PLANNED

from socialcollab.content import Image
from socialcollab.desk import PROJECTIONS, Desk
from socialcollab.errors import (
    InvalidValueError,
    NotAllowedError,
    NotFoundError,
    StaleError,
)
from socialcollab.networks.sandbox.faults import InjectedFault
from socialcollab.organization import Organization
from socialcollab.stores import MemoryStore
from socialcollab.time import WallTime

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)


def test_draft_to_published(agency) -> None:
    """A post is drafted, submitted, approved and published, and every query shows the result."""
    ana, ben = agency.acting("ana", "ben")
    post = ana.draft(
        "De lente is er 🌷",
        profiles=["tulip-x", "tulip-mastodon"],
        planned_at=PLANNED,
        media=[Image.from_bytes(PNG, alt="Een veld tulpen")],
    )
    post = ana.submit(post)
    assert [item.kind for item in ben.to_do()] == ["decide"]
    assert agency.desk.posts(workspace="tulip", state="in_review") == (post,)
    (step,) = agency.desk.pending_steps(post)
    assert (str(step.key), step.reviewers) == ("editorial/edit", ("ben", "eva"))
    post = ben.approve(post)
    assert post.state == "approved"
    assert agency.desk.summary(post) == "scheduled"
    agency.now = DUE
    assert agency.desk.run_due(agency.now).count("published") == 2
    assert all(delivery.url for delivery in agency.desk.deliveries(post))
    assert {post.text for post in agency.sandbox.posts()} == {"De lente is er 🌷"}
    assert agency.desk.summary(post) == "published"
    assert ben.to_do() == ()
    types = [entry.type for entry in agency.desk.history(post)]
    assert types[:4] == ["post.drafted", "post.submitted", "post.decided", "post.approved"]
    assert types.count("delivery.send_started") == types.count("delivery.published") == 2
    agency.check_journal()


def test_due_work_is_idempotent(agency) -> None:
    """Repeating the due work, on the same desk or on another desk, sends nothing twice."""
    post = agency.approved_post(profiles=["tulip-x"])
    agency.now = DUE
    agency.desk.run_due()
    agency.desk.run_due()
    agency.second_desk().run_due()
    assert len(agency.sandbox.posts()) == 1
    assert agency.desk.deliveries(post)[0].state == "published"


def test_stale_edit(agency) -> None:
    """An edit that conflicts with a later revision is refused, and the error describes both."""
    ana, ben = agency.acting("ana", "ben")
    post = ana.draft("een", profiles=["tulip-x"])
    ben.edit(post, text="twee", tags=["offer"])
    with pytest.raises(StaleError, match="edited by ben, and the two edits conflict") as caught:
        ana.edit(post, text="drie")
    assert (caught.value.by, caught.value.changed) == ("ben", ("text", "tags"))
    assert agency.desk.post(post.id).text == "twee"


def test_decision_needs_revision(agency) -> None:
    """A decision on a bare id is refused; an id with a revision is accepted."""
    ana, ben = agency.acting("ana", "ben")
    post = ana.submit(ana.draft("een", profiles=["tulip-x"], planned_at=PLANNED))
    for command in (ben.approve, lambda post: ben.reject(post, "nee"), ben.schedule):
        with pytest.raises(InvalidValueError, match="only the id of a post"):
            command(post.id)
    assert ben.approve(post.id, revision=post.digest).state == "approved"


def test_forms_of_times(agency) -> None:
    """Times can be strings, datetimes, wall times and, where it makes sense, dates."""
    ana, eva = agency.acting("ana", "eva")
    local = dt.datetime(2026, 4, 7, 9, 30)  # noqa: DTZ001  a local time
    wall_time = WallTime(local=local, zone="Europe/Amsterdam")
    for form in (PLANNED, local, DUE, wall_time):
        post = ana.draft("een", profiles=["tulip-x"], planned_at=form)
        assert DUE == post.planned_at.instant
        assert [post.id] == [
            entry.post for entry in agency.desk.calendar(form, "2026-04-08").entries()
        ]
        ana.cancel(post)
        hold = eva.hold("tulip-x", reason="storm", until=form)
        assert [DUE] == [one.until for one in agency.desk.holds()]
        eva.resume(hold)
    ana.draft("twee", profiles=["tulip-x"], planned_at=PLANNED)
    calendar = agency.desk.calendar(dt.date(2026, 4, 7), "2026-04-08 00:00")
    assert {DUE} == {entry.at for entry in calendar.entries()}
    for refused in (
        lambda: ana.draft("een", profiles=["tulip-x"], planned_at=5),
        lambda: ana.draft("een", profiles=["tulip-x"], planned_at=dt.date(2026, 4, 7)),
        lambda: eva.hold("tulip-x", reason="storm", until="tomorrow"),
        lambda: agency.desk.run_due(local),
        lambda: agency.desk.run_due("2026-04-07 09:30"),
    ):
        with pytest.raises(InvalidValueError):
            refused()


def test_skipped_local_time(agency) -> None:
    """A local time that a clock change skips is refused."""
    (ana,) = agency.acting("ana")
    with pytest.raises(InvalidValueError, match="does not exist"):
        ana.draft("een", profiles=["tulip-x"], planned_at="2027-03-28 02:30")


def test_hold_and_resume(open_agency) -> None:
    """A hold lists stopped deliveries and deliveries under way; `resume` lists late deliveries."""
    agency = open_agency(
        "memory", faults=(InjectedFault("lost_request", profile="tulip-mastodon"),)
    )
    post = agency.approved_post(profiles=["tulip-x", "tulip-mastodon"])
    other = agency.approved_post("later", profiles=["tulip-x"], at="2026-04-07 10:30")
    agency.now = DUE
    agency.desk.run_due()
    assert agency.desk.summary(post) == "unknown"
    (eva,) = agency.acting("eva")
    hold = eva.hold({"workspace": "tulip"}, reason="storm")
    assert [name.split(".")[1] for name in hold.under_way] == ["tulip-mastodon"]
    assert [name.split(".")[0] for name in hold.waiting] == [other.id]
    assert agency.desk.summary(other) == "held"
    agency.now = DUE + dt.timedelta(hours=2)
    agency.desk.run_due()
    assert len([post for post in agency.sandbox.posts() if post.text == "later"]) == 0
    resumed = eva.resume(hold)
    assert [name.split(".")[0] for name in resumed.missed] == [other.id]
    assert agency.desk.summary(other) == "missed"
    assert "triage" in {item.kind for item in agency.acting("ana")[0].to_do()}
    agency.desk.run_due()
    assert agency.desk.summary(other) == "missed"
    eva.schedule(other, at="2026-04-08 09:30")
    agency.now = dt.datetime(2026, 4, 8, 7, 30, tzinfo=dt.UTC)
    agency.desk.run_due()
    assert agency.desk.summary(other) == "published"
    agency.check_journal()


@pytest.mark.parametrize(
    "fault", ["lost_answer", "lost_request", "rate_limited", "server_error", "unauthorized"]
)
def test_faults_publish_once(open_agency, fault) -> None:
    """After any fault of the network, the post is published exactly once."""
    agency = open_agency("memory", faults=(InjectedFault(fault),))
    post = agency.approved_post(profiles=["tulip-x"])
    agency.now = DUE
    for _ in range(8):
        agency.desk.run_due()
        agency.now += dt.timedelta(minutes=10)
        for hold in agency.desk.holds():
            assert hold.by == "system:publisher"
            agency.acting("eva")[0].resume(hold.id)
    if agency.desk.summary(post) == "missed":
        agency.acting("eva")[0].schedule(agency.desk.post(post.id), at="2026-04-08 09:30")
        agency.now = dt.datetime(2026, 4, 8, 7, 30, tzinfo=dt.UTC)
        agency.desk.run_due()
    assert agency.desk.summary(post) == "published"
    assert len(agency.sandbox.posts()) == 1
    agency.check_journal()


def test_submit_timing(agency) -> None:
    """A post can be submitted for the next free slot, or as soon as it is approved."""
    ana, ben = agency.acting("ana", "ben")
    first, second = (
        ben.approve(ana.submit(ana.draft(text, profiles=["tulip-x"]), at="next slot"))
        for text in ("een", "twee")
    )
    times = [agency.desk.deliveries(post)[0].at.local.isoformat() for post in (first, second)]
    assert times == ["2026-04-02T09:30:00", "2026-04-03T09:30:00"]
    soon = ben.approve(ana.submit(ana.draft("nu", profiles=["tulip-x"]), at="as soon as approved"))
    agency.desk.run_due()
    assert agency.desk.summary(soon) == "published"


def test_hold_needs_permission_on_every_profile(agency) -> None:
    """Placing or ending a hold on a workspace requires the permission on each of its profiles."""
    ben, eva = agency.acting("ben", "eva")
    with pytest.raises(NotAllowedError, match="forbids `ben` to use `hold` on `tulip-mastodon`"):
        ben.hold({"workspace": "tulip"}, reason="storm")
    hold = eva.hold({"workspace": "tulip"}, reason="storm")
    with pytest.raises(NotAllowedError, match="forbids `ben` to use `hold` on `tulip-mastodon`"):
        ben.resume(hold)
    narrow = ben.hold({"workspace": "tulip", "network": "x"}, reason="storm")
    ben.resume(narrow)
    eva.resume(hold)


def test_lone_surrogate(agency) -> None:
    """An id with a lone surrogate is never found, and commands reject it."""
    (eva,) = agency.acting("eva")
    half = "\ud800"
    for query in (
        lambda: agency.desk.post(half),
        lambda: agency.desk.deliveries(half),
        lambda: agency.desk.reconcile(half),
    ):
        with pytest.raises(NotFoundError):
            query()
    for command in (
        lambda: eva.comment(half, "hoi"),
        lambda: eva.remove_native_post("tulip-x", network_id=half),
    ):
        with pytest.raises(InvalidValueError, match="lone surrogate at position 0"):
            command()
    with pytest.raises(InvalidValueError, match="surrogate"):
        eva.add_native_post("tulip-x", network_id=half, at=agency.now)
    assert () == agency.store.for_organization("northwind").read(f"post/{half}")


def test_other_client_sees_nothing(agency) -> None:
    """A client cannot see another client's posts, reasons, suggestions, tasks or notes."""
    post = agency.approved_post(profiles=["tulip-x"])
    (eva,) = agency.acting("eva")
    hold = eva.hold({"workspace": "tulip"}, reason="storm")
    (dirk,) = agency.acting("dirk")
    messages: list[str] = []
    attempts = [
        lambda: dirk.comment(post, "hoi"),
        lambda: dirk.edit(post, text="van mij"),
        lambda: dirk.approve(post),
        lambda: dirk.cancel(post),
        lambda: dirk.reschedule(post, "2026-04-09 10:00"),
        lambda: dirk.allowed_actions(post),
        lambda: dirk.resume(hold),
        lambda: dirk.hold({"workspace": "*", "network": "x"}, reason="x"),
        lambda: dirk.hold({"workspace": "tulpi"}, reason="x"),
        lambda: dirk.add_calendar_note("tulip", "2026-04-09", "x"),
        lambda: dirk.draft("x", profiles=["tulip-xx"]),
        lambda: dirk.draft("x", profiles=["dike-x", "tulip-x"]),
        lambda: dirk.draft("x", profiles=["tulip-x"]),
        lambda: dirk.draft("x", workspace="tulip"),
    ]
    for attempt in attempts:
        with pytest.raises((NotFoundError, NotAllowedError)) as caught:
            attempt()
        messages.append(str(caught.value))
        verdict = getattr(caught.value, "verdict", None)
        if verdict is not None:
            messages.append(verdict.explain("nl"))
    for text in messages:
        for secret in ("tulip-mastodon", "ana", "ben", "lente", "storm", "did you mean"):
            assert not re.search(rf"\b{secret}\b", text), text
    assert dirk.to_do() == ()
    start, end = DUE - dt.timedelta(days=7), DUE + dt.timedelta(days=7)
    assert len(agency.desk.calendar(start, end, viewer="noor").entries()) == 1
    assert agency.desk.calendar(start, end, viewer="dirk").entries() == ()
    assert len(agency.desk.calendar(start, end, viewer="ana").entries()) == 1


@pytest.mark.integration
def test_allowed_actions_match_commands(open_agency) -> None:
    """`allowed_actions` agrees with the results of the actual commands."""
    agency = open_agency("memory")
    (ana,) = agency.acting("ana")
    post = ana.draft("een", profiles=["tulip-x"], planned_at=PLANNED)
    commands = {
        "edit": lambda member, p: member.edit(p, text=p.text + "!"),
        "comment": lambda member, p: member.comment(p, "?"),
        "submit": lambda member, p: member.submit(p),
        "approve": lambda member, p: member.approve(p),
        "request_changes": lambda member, p: member.request_changes(p, "n"),
        "reject": lambda member, p: member.reject(p, "n"),
        "withdraw": lambda member, p: member.withdraw(p),
        "schedule": lambda member, p: member.schedule(p),
        "unschedule": lambda member, p: member.unschedule(p),
        "reschedule": lambda member, p: member.reschedule(p, "2026-04-09 11:00"),
        "publish_now": lambda member, p: member.publish_now(p),
        "bypass": lambda member, p: member.bypass(p, reason="?"),
        "cancel": lambda member, p: member.cancel(p),
        "take_down": lambda member, p: member.take_down(p),
        "amend": lambda member, p: member.amend(p),
        "waive": lambda member, p: member.waive(p, "-", reason="?"),
    }
    path = [("ana", "submit"), ("ben", "approve"), ("ana", "unschedule"), ("ana", "schedule"),
            ("ana", "edit"), ("ben", "request_changes"), ("ana", "cancel")]  # fmt: skip
    for member, name in path:
        client = ("noor",) if agency.desk.post(post.id).state != "draft" else ()
        for other_member in ("ana", "ben", "eva", *client):
            acting = agency.desk.acting_as(other_member)
            verdicts = acting.allowed_actions(post)
            assert set(commands) == set(verdicts)
            for other, verdict in verdicts.items():
                if not verdict:
                    with pytest.raises(NotAllowedError) as caught:
                        commands[other](acting, agency.desk.post(post.id))
                    assert caught.value.verdict == verdict, (other_member, other)
        acting = agency.desk.acting_as(member)
        assert acting.allowed_actions(post)[name], (member, name)
        post = commands[name](acting, agency.desk.post(post.id))


def test_two_desks_on_one_file(open_agency) -> None:
    """Two desks that work on one file at the same time publish each post once, as approved."""
    agency = open_agency("sqlite")
    (ana,) = agency.acting("ana")
    posts = [
        ana.submit(ana.draft(f"post {number}", profiles=["tulip-x"], planned_at=PLANNED))
        for number in range(6)
    ]
    desks = (agency.desk, agency.second_desk())
    errors: list[BaseException] = []
    start = threading.Barrier(2)

    def work(desk: Desk, member: str) -> None:
        try:
            start.wait(10)
            acting = desk.acting_as(member)
            for post in posts:
                with suppress(NotAllowedError, StaleError):
                    acting.approve(post)
                with suppress(NotAllowedError, StaleError):
                    acting.edit(post, text=f"{post.text} by {member}")
        except BaseException as error:  # noqa: BLE001  the test shows it
            errors.append(error)

    def in_two_threads(target, *args) -> None:
        threads = [
            threading.Thread(target=target, args=(desk, *arguments))
            for desk, arguments in zip(desks, args, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not errors, errors

    in_two_threads(work, ("ben",), ("eva",))
    for post in posts:
        current = agency.desk.post(post.id)
        # One of the two edits succeeded, and its author cannot decide on it; the other edit was
        # stale.
        assert len(current.revisions) == 2
        if current.state == "in_review":
            reviewer = {"ben": "eva", "eva": "ben"}[current.revision.author]
            agency.desk.acting_as(reviewer).approve(current)
    agency.now = DUE

    def run(desk: Desk, name: str) -> None:
        try:
            start.wait(10)
            for _ in range(3):
                desk.run_due(agency.now, worker=name, lease_s=0.000001)
        except BaseException as error:  # noqa: BLE001  the test shows it
            errors.append(error)

    in_two_threads(run, ("one",), ("two",))
    for _ in range(3):
        agency.now += dt.timedelta(minutes=5)
        agency.desk.run_due()
    assert sorted(post.text for post in agency.sandbox.posts()) == sorted(
        agency.desk.post(post.id).text for post in posts
    )
    agency.check_journal()


def test_owner(open_agency) -> None:
    """The owner of a new desk needs every permission, and a store has one desk per organization."""
    agency = open_agency("memory")
    with pytest.raises(NotAllowedError, match="ana"):
        Desk.create(MemoryStore(projections=Desk.PROJECTIONS), agency.organization, owner="ana")
    with pytest.raises(InvalidValueError, match="already"):
        Desk.create(agency.store, agency.organization, owner="eva")


def test_acting_as_non_member(agency) -> None:
    """Only a member can act."""
    with pytest.raises(NotFoundError, match="anna"):
        agency.desk.acting_as("anna")


def test_external_id_is_unique(agency) -> None:
    """An external id belongs to only one post."""
    (ana,) = agency.acting("ana")
    post = ana.draft("een", profiles=["tulip-x"], external_id="row-7")
    with pytest.raises(InvalidValueError, match="row-7"):
        ana.draft("twee", profiles=["tulip-x"], external_id="row-7")
    assert agency.desk.post_by_external_id("row-7") == post


def test_taken_external_id_hides_post(agency) -> None:
    """The error about an external id in use names the post only if the member can view it."""
    ana, tom = agency.acting("ana", "tom")
    post = tom.draft("geheim", profiles=["dike-x"], external_id="row-7")
    with pytest.raises(InvalidValueError, match="already belongs to another post") as refused:
        ana.draft("twee", profiles=["tulip-x"], external_id="row-7")
    assert post.id not in str(refused.value)
    with pytest.raises(InvalidValueError, match=post.id):
        tom.draft("twee", profiles=["dike-x"], external_id="row-7")


def test_reopen(open_agency) -> None:
    """A desk that is opened again has the same posts and the same document."""
    agency = open_agency("sqlite")
    post = agency.approved_post(profiles=["tulip-x"])
    again = agency.second_desk()
    assert again.post(post.id) == agency.desk.post(post.id)
    assert isinstance(again.organization, Organization)
    assert again.organization.digest == agency.organization.digest


def test_calendar_notes_of_viewer() -> None:
    """`calendar_notes` shows a viewer the notes of their own workspaces."""
    clock = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
    week = Path(__file__).resolve().parents[2] / "examples" / "agency_week"
    desk = Desk.create(
        MemoryStore(PROJECTIONS),
        Organization.load(week / "agency.toml"),
        owner="eva",
        clock=lambda: clock,
    )
    eva = desk.acting_as("eva")
    eva.add_calendar_note("tulip", "2026-06-03", "strike")
    eva.add_calendar_note("van-dam", "2026-06-03", "secret model")
    assert ["strike"] == [note.text for note in desk.calendar_notes(viewer="noor")]
    assert ["strike"] == [note.text for note in desk.calendar_notes(workspace="tulip")]
    assert () == desk.calendar_notes(viewer="noor", workspace="van-dam")
    assert len(desk.calendar_notes()) == 2


@pytest.mark.parametrize("time", [dt.date(2026, 4, 7), 5, object()])
def test_invalid_planned_time(agency, time) -> None:
    """An invalid planned time is refused, and the error shows a valid form."""
    (ana,) = agency.acting("ana")
    with pytest.raises(InvalidValueError, match="is not a time; write a time such as"):
        ana.draft("Lente", profiles=["tulip-x"], planned_at=time)


def test_nul_in_text(agency) -> None:
    """A text with a NUL character is refused."""
    (ana,) = agency.acting("ana")
    with pytest.raises(InvalidValueError, match="NUL character at position 4"):
        ana.draft("Lent\0e", profiles=["tulip-x"])


def test_repeated_local_time(agency) -> None:
    """The second occurrence of a local time can be chosen: 02:30 on 25 October 2026 is repeated."""
    (ana,) = agency.acting("ana")
    second = WallTime(local="2026-10-25 02:30", zone="Europe/Amsterdam", repeated="second")
    post = ana.draft("Nacht", profiles=["tulip-x"], planned_at=second)
    assert dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC) == post.planned_at.instant


def test_concurrent_create(open_agency) -> None:
    """If several threads create a desk concurrently, one succeeds and all others get an error."""
    agency = open_agency("sqlite")
    start = threading.Barrier(4)
    results = []

    def create() -> None:
        start.wait()
        try:
            Desk.create(agency.store, other, owner="eva", clock=agency.clock)
        except InvalidValueError as error:
            results.append(str(error))
        else:
            results.append("created")

    text = DOCUMENT.replace('id = "northwind"', 'id = "southwind"')
    other = Organization.loads(text)
    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ["created"] == [
        result for result in results if "already has a desk in this store; open it" not in result
    ]
    assert len(results) == 4


def test_single_words(agency) -> None:
    """A tag, label, link or profile can be given as one string instead of a list."""
    (ana,) = agency.acting("ana")
    post = ana.draft(
        "Actie",
        profiles="tulip-mastodon",
        planned_at=PLANNED,
        tags="offer",
        labels="prices",
        links="https://tulip.example",
    )
    assert (("offer",), ("prices",)) == (post.content.tags, post.content.labels)
    assert ("https://tulip.example",) == post.content.links
    post = ana.edit(post, tags="spring")
    assert ("spring",) == post.content.tags
    post = ana.submit(ana.edit(post, tags="offer"))
    assert {"edit", "client"} == {step.key.step for step in agency.desk.pending_steps(post)}


def test_unknown_filter(agency) -> None:
    """`posts` raises an error for an unknown state or workspace instead of returning nothing."""
    with pytest.raises(InvalidValueError, match="did you mean `approved`"):
        agency.desk.posts(state="aproved")
    with pytest.raises(InvalidValueError, match="`published` is not a stored state"):
        agency.desk.posts(state=("draft", "published"))
    with pytest.raises(NotFoundError, match="did you mean `tulip`"):
        agency.desk.posts(workspace="tulp")
    assert () == agency.desk.posts(workspace="tulip", state=("draft", "approved"))


def test_workspace_instead_of_profile(agency) -> None:
    """A workspace in place of a profile results in a suggestion if the member can view it."""
    ana, eva, dirk = agency.acting("ana", "eva", "dirk")
    write = re.escape('`tulip` is a workspace; write {"workspace": "tulip"}')
    for command in (
        lambda on: eva.hold(on, reason="storm"),
        lambda on: eva.grant(
            to="member:tom", permissions="view", on=on, until="2027-01-01", reason="cover"
        ),
    ):
        with pytest.raises(NotFoundError, match=f"there is no profile `tulip`; {write}"):
            command("tulip")
        with pytest.raises(NotFoundError, match=re.escape('write {"profile": "tulip-x"}')):
            command({"workspace": "tulip-x"})
    name = "`tulip` is a workspace; name its profiles, such as `tulip-mastodon`, `tulip-x`"
    with pytest.raises(NotFoundError, match=name):
        ana.draft("Zon!", profiles=["tulip"])
    with pytest.raises(NotFoundError, match=name):
        ana.edit(ana.draft("Zon!", profiles=["tulip-x"]), profiles=["tulip"])
    with pytest.raises(NotFoundError, match=name):
        ana.add_native_post("tulip", network_id="1", at="2026-04-01 09:00")
    with pytest.raises(NotFoundError, match=r"there is no profile `tulip`$"):
        dirk.draft("Zon!", profiles=["tulip"])


def test_invalid_note_date(agency) -> None:
    """A calendar note on an invalid date is refused."""
    (eva,) = agency.acting("eva")
    with pytest.raises(InvalidValueError, match="3 maart"):
        eva.add_calendar_note("tulip", "3 maart", "King's Day")
