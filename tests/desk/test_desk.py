"""The desk as its users meet it."""

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
    NaiveDatetimeError,
    NotAllowedError,
    NotFoundError,
    StaleError,
)
from socialcollab.networks.sandbox.faults import InjectedFault
from socialcollab.organization import Organization
from socialcollab.stores import MemoryStore
from socialcollab.time import WallTime

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)


def test_the_walking_example(agency) -> None:
    ana, ben = agency.acting("ana", "ben")
    post = ana.draft(
        "De lente is er 🌷",
        profiles=["tulip-x", "tulip-mastodon"],
        planned_at=PLANNED,
        media=[Image.from_bytes(PNG, alt="Een veld tulpen")],
    )
    post = ana.submit(post)
    assert [item.kind for item in ben.to_do()] == ["decide"]
    assert [post.id for post in agency.desk.posts(workspace="tulip", state="in_review")] == [
        post.id
    ]
    (step,) = agency.desk.pending_steps(post)
    assert (str(step.key), step.asked) == ("house/edit", ("ben", "eva"))
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


def test_due_work_done_again_does_nothing_again(agency) -> None:
    post = agency.approved_post(profiles=["tulip-x"])
    agency.now = DUE
    agency.desk.run_due()
    agency.desk.run_due()
    agency.second_desk().run_due()
    assert len(agency.sandbox.posts()) == 1
    assert agency.desk.deliveries(post)[0].state == "published"


def test_two_edits_at_one_version_and_the_error_says_who_and_what(agency) -> None:
    ana, ben = agency.acting("ana", "ben")
    post = ana.draft("een", profiles=["tulip-x"])
    ben.edit(post, text="twee", tags=["offer"])
    with pytest.raises(StaleError, match="ben changed text, tags") as caught:
        ana.edit(post, text="drie")
    assert (caught.value.by, caught.value.changed) == ("ben", ("text", "tags"))
    assert agency.desk.post(post.id).text == "twee"


def test_a_bare_id_is_no_yes(agency) -> None:
    ana, ben = agency.acting("ana", "ben")
    post = ana.submit(ana.draft("een", profiles=["tulip-x"], planned_at=PLANNED))
    for command in (ben.approve, lambda one: ben.reject(one, "nee"), ben.schedule):
        with pytest.raises(TypeError, match="only an id"):
            command(post.id)
    assert ben.approve(post.id, revision=post.digest).state == "approved"


def test_naive_datetimes_are_refused_everywhere(agency) -> None:
    ana, eva = agency.acting("ana", "eva")
    naive = dt.datetime(2026, 4, 7, 9, 30)  # noqa: DTZ001  naive on purpose
    for make in (
        lambda: ana.draft("een", profiles=["tulip-x"], planned_at=naive),
        lambda: agency.desk.run_due(naive),
        lambda: agency.desk.calendar(naive, DUE),
        lambda: agency.desk.calendar(DUE, naive),
        lambda: eva.hold("tulip-x", reason="storm", until=naive),
    ):
        with pytest.raises(NaiveDatetimeError):
            make()


def test_local_times_that_do_not_exist_are_refused(agency) -> None:
    (ana,) = agency.acting("ana")
    with pytest.raises(InvalidValueError, match="does not exist"):
        ana.draft("een", profiles=["tulip-x"], planned_at="2027-03-28 02:30")


def test_a_hold_lists_what_was_under_way_and_resume_what_was_missed(open_agency) -> None:
    agency = open_agency(
        "memory", faults=(InjectedFault("lost_request", profile="tulip-mastodon"),)
    )
    post = agency.approved_post(profiles=["tulip-x", "tulip-mastodon"])
    other = agency.approved_post("later", profiles=["tulip-x"], at="2026-04-07 10:30")
    agency.now = DUE
    agency.desk.run_due()
    assert agency.desk.summary(post) == "unknown"
    (eva,) = agency.acting("eva")
    held = eva.hold({"workspace": "tulip"}, reason="storm")
    assert [one.split(".")[1] for one in held.under_way] == ["tulip-mastodon"]
    assert [one.split(".")[0] for one in held.waiting] == [other.id]
    assert agency.desk.summary(other) == "held"
    agency.now = DUE + dt.timedelta(hours=2)
    agency.desk.run_due()
    assert len([post for post in agency.sandbox.posts() if post.text == "later"]) == 0
    resumed = eva.resume(held)
    assert [one.split(".")[0] for one in resumed.missed] == [other.id]
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
def test_whatever_the_network_does_it_goes_out_once(open_agency, fault) -> None:
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


def test_the_next_slot_and_as_soon_as_approved(agency) -> None:
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


def test_a_hold_of_a_whole_workspace_takes_the_right_on_each_of_its_profiles(agency) -> None:
    """Ben may not hold Mastodon, and so not what stops Mastodon too."""
    ben, eva = agency.acting("ben", "eva")
    with pytest.raises(NotAllowedError, match="forbids `ben` to use `hold` on `tulip-mastodon`"):
        ben.hold({"workspace": "tulip"}, reason="storm")
    hold = eva.hold({"workspace": "tulip"}, reason="storm")
    with pytest.raises(NotAllowedError, match="forbids `ben` to use `hold` on `tulip-mastodon`"):
        ben.resume(hold)
    narrow = ben.hold({"workspace": "tulip", "network": "x"}, reason="storm")
    ben.resume(narrow)
    eva.resume(hold)


def test_half_a_surrogate_pair_names_nothing(agency) -> None:
    (eva,) = agency.acting("eva")
    half = "\ud800"
    for ask in (
        lambda: agency.desk.post(half),
        lambda: agency.desk.deliveries(half),
        lambda: agency.desk.reconcile(half),
        lambda: eva.comment(half, "hoi"),
        lambda: eva.remove_native_post("tulip-x", network_id=half),
    ):
        with pytest.raises(NotFoundError):
            ask()
    with pytest.raises(InvalidValueError, match="surrogate"):
        eva.add_native_post("tulip-x", network_id=half, at=agency.now)
    assert () == agency.store.for_organization("northwind").read(f"post/{half}")


def test_one_clients_work_never_shows_in_anothers(agency) -> None:
    """Not as a post, a reason, a suggestion, a to-do, a note's place or an entry of the calendar."""
    post = agency.approved_post(profiles=["tulip-x"])
    (eva,) = agency.acting("eva")
    hold = eva.hold({"workspace": "tulip"}, reason="storm")
    (dirk,) = agency.acting("dirk")
    said: list[str] = []
    tries = [
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
    for attempt in tries:
        with pytest.raises((NotFoundError, NotAllowedError)) as caught:
            attempt()
        said.append(str(caught.value))
        verdict = getattr(caught.value, "verdict", None)
        if verdict is not None:
            said.append(verdict.explain("nl"))
    for text in said:
        for secret in ("tulip-mastodon", "ana", "ben", "lente", "storm", "did you mean"):
            assert not re.search(rf"\b{secret}\b", text), text
    assert dirk.to_do() == ()
    start, end = DUE - dt.timedelta(days=7), DUE + dt.timedelta(days=7)
    assert len(agency.desk.calendar(start, end, viewer="noor").entries()) == 1
    assert agency.desk.calendar(start, end, viewer="dirk").entries() == ()
    assert len(agency.desk.calendar(start, end, viewer="ana").entries()) == 1


def test_actions_agree_with_what_the_commands_then_do(open_agency) -> None:
    """A yes is a command that works; a no is the refusal that it meets."""
    agency = open_agency("memory")
    (ana,) = agency.acting("ana")
    post = ana.draft("een", profiles=["tulip-x"], planned_at=PLANNED)
    ways = {
        "edit": lambda who, p: who.edit(p, text=p.text + "!"),
        "comment": lambda who, p: who.comment(p, "?"),
        "submit": lambda who, p: who.submit(p),
        "approve": lambda who, p: who.approve(p),
        "request_changes": lambda who, p: who.request_changes(p, "n"),
        "reject": lambda who, p: who.reject(p, "n"),
        "withdraw": lambda who, p: who.withdraw(p),
        "schedule": lambda who, p: who.schedule(p),
        "unschedule": lambda who, p: who.unschedule(p),
        "reschedule": lambda who, p: who.reschedule(p, "2026-04-09 11:00"),
        "cancel": lambda who, p: who.cancel(p),
        "take_down": lambda who, p: who.take_down(p),
        "amend": lambda who, p: who.amend(p),
        "waive": lambda who, p: who.waive(p, "-", reason="?"),
    }
    path = [("ana", "submit"), ("ben", "approve"), ("ana", "unschedule"), ("ana", "schedule"),
            ("ana", "edit"), ("ben", "request_changes"), ("ana", "cancel")]  # fmt: skip
    for who, name in path:
        for person in ("ana", "ben", "eva", "noor"):
            acting = agency.acting(person)[0]
            verdicts = acting.allowed_actions(post)
            assert set(ways) == set(verdicts)
            for other, verdict in verdicts.items():
                if not verdict:
                    with pytest.raises(NotAllowedError) as caught:
                        ways[other](acting, agency.desk.post(post.id))
                    assert caught.value.verdict == verdict, (person, other)
        acting = agency.acting(who)[0]
        assert acting.allowed_actions(post)[name], (who, name)
        post = ways[name](acting, agency.desk.post(post.id))


def test_two_desks_on_one_file_do_nothing_twice(open_agency) -> None:
    """Two threads approve, edit and run due work at once; each post goes out once, as approved."""
    agency = open_agency("sqlite")
    (ana,) = agency.acting("ana")
    posts = [
        ana.submit(ana.draft(f"post {number}", profiles=["tulip-x"], planned_at=PLANNED))
        for number in range(6)
    ]
    desks = (agency.desk, agency.second_desk())
    errors: list[BaseException] = []
    start = threading.Barrier(2)

    def work(desk: Desk, person: str) -> None:
        try:
            start.wait(10)
            acting = desk.acting_as(person)
            for post in posts:
                with suppress(NotAllowedError, StaleError):
                    acting.approve(post)
                with suppress(NotAllowedError, StaleError):
                    acting.edit(post, text=f"{post.text} by {person}")
        except BaseException as error:  # noqa: BLE001  shown by the test
            errors.append(error)

    def both(target, *args) -> None:
        threads = [
            threading.Thread(target=target, args=(desk, *more))
            for desk, more in zip(desks, args, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not errors, errors

    both(work, ("ben",), ("eva",))
    for post in posts:
        now = agency.desk.post(post.id)
        # One of the two edits won; the other saw an older revision. Its author may not decide.
        assert len(now.revisions) == 2
        if now.state == "in_review":
            other = {"ben": "eva", "eva": "ben"}[now.revision.author]
            agency.acting(other)[0].approve(now)
    agency.now = DUE

    def run(desk: Desk, name: str) -> None:
        try:
            start.wait(10)
            for _ in range(3):
                desk.run_due(agency.now, worker=name, lease_s=0.000001)
        except BaseException as error:  # noqa: BLE001  shown by the test
            errors.append(error)

    both(run, ("one",), ("two",))
    for _ in range(3):
        agency.now += dt.timedelta(minutes=5)
        agency.desk.run_due()
    assert sorted(post.text for post in agency.sandbox.posts()) == sorted(
        agency.desk.post(post.id).text for post in posts
    )
    agency.check_journal()


def test_an_owner_has_to_hold_everything_everywhere(open_agency) -> None:
    from socialcollab.stores import MemoryStore

    agency = open_agency("memory")
    with pytest.raises(NotAllowedError, match="ana"):
        Desk.create(MemoryStore(projections=Desk.PROJECTIONS), agency.organization, owner="ana")
    with pytest.raises(InvalidValueError, match="already"):
        Desk.create(agency.store, agency.organization, owner="eva")


def test_who_is_no_member_cannot_act(agency) -> None:
    with pytest.raises(NotFoundError, match="anna"):
        agency.desk.acting_as("anna")


def test_a_ref_is_used_once(agency) -> None:
    (ana,) = agency.acting("ana")
    post = ana.draft("een", profiles=["tulip-x"], external_id="row-7")
    with pytest.raises(InvalidValueError, match="row-7"):
        ana.draft("twee", profiles=["tulip-x"], external_id="row-7")
    found = agency.desk.post_by_external_id("row-7")
    assert found is not None
    assert found.id == post.id


def test_a_ref_that_is_taken_names_no_post_that_one_may_not_view(agency) -> None:
    ana, tom = agency.acting("ana", "tom")
    post = tom.draft("geheim", profiles=["dike-x"], external_id="row-7")
    with pytest.raises(InvalidValueError, match="another post already") as refused:
        ana.draft("twee", profiles=["tulip-x"], external_id="row-7")
    assert post.id not in str(refused.value)
    with pytest.raises(InvalidValueError, match=post.id):
        tom.draft("twee", profiles=["dike-x"], external_id="row-7")


def test_a_desk_opens_where_it_was_left(open_agency) -> None:
    agency = open_agency("sqlite")
    post = agency.approved_post(profiles=["tulip-x"])
    again = agency.second_desk()
    assert again.post(post.id) == agency.desk.post(post.id)
    assert isinstance(again.organization, Organization)
    assert again.organization.digest == agency.organization.digest


def test_a_viewer_sees_the_notes_of_their_own_workspace_alone() -> None:
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
def test_what_is_no_time_is_refused_by_name(agency, time) -> None:
    (ana,) = agency.acting("ana")
    with pytest.raises(InvalidValueError, match="is not a time; write one such as"):
        ana.draft("Lente", profiles=["tulip-x"], planned_at=time)


def test_a_text_with_a_nul_is_refused(agency) -> None:
    (ana,) = agency.acting("ana")
    with pytest.raises(InvalidValueError, match="NUL character at 4"):
        ana.draft("Lent\0e", profiles=["tulip-x"])


def test_the_second_of_two_equal_hours_can_be_meant(agency) -> None:
    """02:30 happens twice on 25 October 2026 in Amsterdam."""
    (ana,) = agency.acting("ana")
    second = WallTime(local="2026-10-25 02:30", zone="Europe/Amsterdam", repeated="second")
    post = ana.draft("Nacht", profiles=["tulip-x"], planned_at=second)
    assert dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC) == post.planned_at.instant


def test_of_two_who_create_a_desk_at_once_the_second_is_told_to_open_it(open_agency) -> None:
    agency = open_agency("sqlite")
    start = threading.Barrier(4)
    said = []

    def create() -> None:
        start.wait()
        try:
            Desk.create(agency.store, other, owner="eva", clock=agency.clock)
        except InvalidValueError as error:
            said.append(str(error))
        else:
            said.append("created")

    text = DOCUMENT.replace('id = "northwind"', 'id = "southwind"')
    other = Organization.loads(text)
    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ["created"] == [
        one for one in said if "has a desk in this store already; open it" not in one
    ]
    assert len(said) == 4


def test_one_tag_given_as_a_word_is_one_tag_and_brings_its_steps(agency) -> None:
    (ana,) = agency.acting("ana")
    post = ana.draft(
        "Actie",
        profiles="tulip-x",
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


def test_asking_for_what_does_not_exist_is_no_empty_answer(agency) -> None:
    with pytest.raises(InvalidValueError, match="did you mean `approved`"):
        agency.desk.posts(state="aproved")
    with pytest.raises(InvalidValueError, match="`published` is not a stored state"):
        agency.desk.posts(state=("draft", "published"))
    with pytest.raises(NotFoundError, match="did you mean `tulip`"):
        agency.desk.posts(workspace="tulp")
    assert () == agency.desk.posts(workspace="tulip", state=("draft", "approved"))


def test_a_note_on_no_date_is_refused_by_name(agency) -> None:
    (eva,) = agency.acting("eva")
    with pytest.raises(InvalidValueError, match="3 maart"):
        eva.add_calendar_note("tulip", "3 maart", "King's Day")
