"""Erasure: all personal data of a member or a post are removed, and no other data."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import attrs
import pytest
from tests.desk.agency import DOCUMENT

from socialcollab.content import Image, LinkCard, Variant, Video
from socialcollab.desk import AsyncDesk, Desk
from socialcollab.desk.journal.encoding import EVENT_TYPES, event_data, event_parts
from socialcollab.desk.journal.streams import reducer
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError, StaleError
from socialcollab.networks.sandbox.network import Sandbox
from socialcollab.organization import Organization
from socialcollab.stores import FolderMedia, MemoryStore, SqliteStore, Store
from socialcollab.workflow.events.erasure import ERASED_TEXT

START = dt.datetime(2026, 4, 1, 8, tzinfo=dt.UTC)
NAME, MAIL, SLACK = "Ana Paardebloem", "ana.paardebloem@northwind.example", "U024BE7LH"
WORDS = ("Zeepaardje", "Kraanvogel", "Muizenstaartje", "Tureluur", "Wulp", "Grutto")
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
OTHER = PIXEL + b"another"


def document(*, name: str = NAME) -> Organization:
    people = f'[[members]]\nid = "ana"\nname = "{name}"\ncontact = {{ email = "{MAIL}", slack = "{SLACK}" }}'
    text = DOCUMENT.replace('[[members]]\nid = "ana"', people)
    return Organization.loads(
        text.replace('reason = "training first"', f'reason = "until {name} has trained him"')
    )


class Agency:
    """An agency whose member Ana has a name and contacts, with its media in a folder."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.now = START
        self.store = store
        self.media = FolderMedia(folder / "media")
        self.sandbox = Sandbox(
            folder / "out", clock=lambda: self.now, real_clock=lambda: self.now, durable=False
        )
        self.desk = Desk.create(
            store,
            document(),
            owner="eva",
            networks={"*": self.sandbox},
            media=self.media,
            clock=lambda: self.now,
            real_clock=lambda: self.now,
        )
        self.ana, self.ben, self.eva = (self.desk.acting_as(name) for name in ("ana", "ben", "eva"))

    @property
    def journal(self):
        return self.store.for_organization("northwind")

    def work_for_a_week(self) -> dict[str, str]:
        """Let Ana write, comment, cancel and make notes; return her posts, which are all finished."""
        ana, ben, eva = self.ana, self.ben, self.eva
        anas_post = ana.draft(
            WORDS[0],
            profiles=["tulip-x"],
            planned_at="2026-04-02 09:30",
            media=[Image.from_bytes(PIXEL, alt=WORDS[0]), Image.from_bytes(OTHER)],
            campaign="",
            external_id="anas_post",
        )
        anas_post = ana.edit(anas_post, text=f"{WORDS[0]} fliegt")
        anas_post = ben.approve(ana.submit(anas_post), note="mooi werk")
        bens_post = ben.draft(
            "van Ben",
            profiles=["tulip-x"],
            planned_at="2026-05-02 09:30",
            media=[Image.from_bytes(OTHER)],
            external_id="bens_post",
        )
        ana.comment(bens_post, WORDS[1])
        cancelled = ana.draft("weg ermee", profiles=["tulip-x"])
        ana.cancel(cancelled, reason=WORDS[2])
        ana.add_calendar_note("tulip", "2026-04-27", WORDS[3])
        hold = self.desk.acting_as("eva").hold("tulip-mastodon", reason="storing")
        eva.resume(hold)
        ana.add_absence("2026-07-01", "2026-07-15", reason=WORDS[4])
        eva.add_absence("2026-08-01", "2026-08-02", member="ana", reason=WORDS[5])
        self.now += dt.timedelta(days=2)
        self.desk.run_due()
        assert self.desk.deliveries(anas_post)[0].state.value == "published"
        return {"anas_post": anas_post.id, "bens_post": bens_post.id, "cancelled": cancelled.id}


@pytest.fixture
def agency(tmp_path: Path) -> Iterator[Agency]:
    agency = Agency(MemoryStore(Desk.PROJECTIONS), tmp_path)
    yield agency
    agency.desk.close()
    agency.sandbox.close()


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[Agency]:
    store = SqliteStore(tmp_path / "desk.db", projections=Desk.PROJECTIONS, durable=False)
    agency = Agency(store, tmp_path)
    yield agency
    agency.desk.close()
    agency.sandbox.close()
    store.close()


def bytes_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.glob("desk.db*")))


def test_erased_from_disk(on_disk: Agency, tmp_path: Path) -> None:
    """After the erasure and `compact`, the database's files no longer contain the personal data."""
    posts = on_disk.work_for_a_week()
    on_disk.ben.comment(on_disk.desk.post_by_external_id("bens_post"), f"vraag het {NAME}")
    before = bytes_of(tmp_path)
    personal = (NAME, MAIL, SLACK, *WORDS)
    for word in personal:
        assert word.encode() in before, word
    report = on_disk.eva.erase(member="ana", reason=f"{NAME} vroeg erom")
    assert {f"post/{name}" for name in posts.values()} | {"organization", "runtime_state"} == set(
        report.streams
    )
    on_disk.desk.compact()
    after = bytes_of(tmp_path)
    for word in personal:
        assert word.encode() not in after, word
    assert b"mooi werk" in after, "the notes of others must stay"
    report = on_disk.desk.audit()
    assert report.clean
    assert report.erased >= 10
    assert on_disk.desk.reindex().changed == ()


def test_other_data_stays(agency: Agency) -> None:
    """All other data remain: states, other members' content and the history; the audit is clean."""
    posts = agency.work_for_a_week()
    anchor = agency.desk.audit().anchor
    digest = agency.desk.organization.digest
    agency.eva.erase(member="ana", reason="left")
    desk = agency.desk
    assert desk.audit(anchor=anchor).clean
    assert agency.journal.reindex(reducer).changed == ()
    organization = desk.organization
    assert organization.digest == digest
    ana = organization.members_by_id["ana"]
    assert (ana.id, ana.name, ana.contact) == ("ana", "", {})
    assert organization.forbids[0].reason == "until ana has trained him"
    anas_post = desk.post(posts["anas_post"])
    assert anas_post.erased
    assert (anas_post.text, anas_post.media, anas_post.salt) == (ERASED_TEXT, (), b"")
    assert (anas_post.author, anas_post.state.value, anas_post.targets) == (
        "ana",
        "approved",
        ("tulip-x",),
    )
    assert desk.deliveries(anas_post)[0].url
    bens_post = desk.post(posts["bens_post"])
    assert (bens_post.text, bens_post.erased) == ("van Ben", False)
    assert [comment.text for comment in bens_post.comments] == [ERASED_TEXT]
    assert bens_post.comments[0].by == "ana"
    history = desk.history(anas_post)
    assert [entry.type for entry in history].count("post.edited") == 1
    assert [e.data.note for e in history if e.type == "post.decided"] == ["mooi werk"]
    assert history[-1].type == "person.erased" or history[-2].type == "person.erased"
    assert [note.text for note in desk.calendar_notes()] == [ERASED_TEXT]
    assert [post.id for post in desk.posts(state="approved")] == [posts["anas_post"]]
    agency.ben.submit(bens_post)


def test_commands_on_erased_post(agency: Agency) -> None:
    """Every command on an erased post is refused, except a takedown."""
    post = agency.desk.post(agency.work_for_a_week()["anas_post"])
    agency.eva.erase(post=post, reason="a picture of a child")
    post = agency.desk.post(post.id)
    eva = agency.eva
    for refused in (
        lambda: eva.edit(post, text="x"),
        lambda: eva.approve(post),
        lambda: eva.submit(post),
        lambda: eva.schedule(post),
        lambda: eva.reschedule(post, "2026-05-01 10:00"),
        lambda: eva.comment(post, "x"),
        lambda: eva.cancel(post),
        lambda: eva.amend(post),
    ):
        with pytest.raises(NotAllowedError, match="erased"):
            refused()
    with pytest.raises(NotFoundError):
        agency.desk.acting_as("dirk").comment(post, "x")
    assert not any(
        verdict for name, verdict in eva.allowed_actions(post).items() if name != "take_down"
    )
    eva.take_down(post)
    agency.desk.run_due()
    assert agency.desk.deliveries(post)[0].state.value == "removed"
    assert agency.desk.audit().clean


def test_erase_one_post(agency: Agency) -> None:
    """Erasing one post also erases its comments, but no other data."""
    posts = agency.work_for_a_week()
    agency.ben.comment(posts["anas_post"], "Tjiftjaf")
    report = agency.eva.erase(post=posts["anas_post"], reason="wish")
    assert report.streams == (f"post/{posts['anas_post']}",)
    [comment] = agency.desk.post(posts["anas_post"]).comments
    assert comment.text == ERASED_TEXT
    assert agency.desk.organization.members_by_id["ana"].name == NAME
    assert agency.desk.audit().clean


def test_takedown_reason(on_disk: Agency, tmp_path: Path) -> None:
    """Erasing a post also erases the reason of its takedown."""
    ana, ben, eva = on_disk.ana, on_disk.ben, on_disk.eva
    post = ana.draft("Zwaluw", profiles=["tulip-x"], planned_at="2026-04-02 09:30")
    ben.approve(ana.submit(post))
    on_disk.now = dt.datetime(2026, 4, 2, 8, tzinfo=dt.UTC)
    on_disk.desk.run_due()
    eva.take_down(post.id, reason="Tjiftjaf klaagde")
    on_disk.desk.run_due()
    [delivery] = on_disk.desk.deliveries(post.id)
    assert (f"delivery/{delivery.id}", f"post/{post.id}") == eva.erase(
        post=post, reason="wish"
    ).streams
    on_disk.desk.compact()
    assert b"Tjiftjaf" not in bytes_of(tmp_path)
    assert on_disk.desk.audit().clean
    assert on_disk.desk.reindex().changed == ()
    assert delivery == on_disk.desk.deliveries(post.id)[0]
    assert not eva.erase(post=post, reason="wish")


@pytest.mark.parametrize(
    "comment", ["vraag het\n{}", "vraag\t{}\n", "{}", '"{}"', "\\{}\\", "({})", "{},\x07{}"]
)
@pytest.mark.integration
def test_name_inside_text(on_disk: Agency, tmp_path: Path, comment: str) -> None:
    """The member's name is erased from texts by others, regardless of the characters around it."""
    on_disk.work_for_a_week()
    on_disk.ben.comment(on_disk.desk.post_by_external_id("bens_post"), comment.format(NAME, NAME))
    on_disk.eva.erase(member="ana", reason="left")
    on_disk.desk.compact()
    assert NAME.encode() not in bytes_of(tmp_path)


def test_name_with_quotes(tmp_path: Path) -> None:
    """A name that contains quotes is erased."""
    name = 'Ana "Paardje" Bloem'
    store = SqliteStore(tmp_path / "desk.db", projections=Desk.PROJECTIONS, durable=False)
    document = DOCUMENT.replace('id = "ana"', f"id = \"ana\"\nname = '{name}'", 1)
    document = document.replace('reason = "training first"', f"reason = 'until {name} is back'")
    with Desk.create(store, Organization.loads(document), owner="eva", clock=lambda: START) as desk:
        eva = desk.acting_as("eva")
        post = eva.draft("x", profiles=["tulip-x"])
        eva.comment(post, f"vraag het {name}")
        nameless = Organization.loads(document.replace(f"name = '{name}'", ""))
        eva.adopt(desk.propose(nameless), reason=f"{name} is weg")
        eva.erase(member="ana", reason="left")
        desk.compact()
        assert desk.audit().clean
    store.close()
    assert b"Paardje" not in bytes_of(tmp_path)


def mentions(report) -> list[tuple[str, str, tuple[str, ...], str]]:
    return [
        (one.stream.partition("/")[0], one.field, one.words, one.excerpt) for one in report.mentions
    ]


def test_mentions_by_others(agency: Agency) -> None:
    """Texts in which other members mention the person are listed but not erased."""
    posts = agency.work_for_a_week()
    ben, eva, ana = agency.ben, agency.eva, agency.ana
    bens_post = agency.desk.post(posts["bens_post"])
    ben.comment(bens_post, "@ana, kijk jij even?")
    ben.comment(bens_post, "banaan, Anaïs en paardebloemen")
    ben.comment(bens_post, f"vraag het {NAME}")  # erased, because it contains the full name
    ana.comment(bens_post, "ik ben ana")
    ben.edit(agency.desk.post(posts["bens_post"]), text="Met dank aan Paardebloem", campaign="")
    ben.edit(agency.desk.post(posts["bens_post"]), tags=["lente"])
    eva.add_calendar_note("tulip", "2026-04-28", "Ana naar de tandarts")
    expected = [
        # The erasure has replaced the full name with the id.
        ("post", "text", ("ana",), "@ana, kijk jij even?"),
        ("post", "content.text", ("Paardebloem",), "Met dank aan Paardebloem"),
        ("runtime_state", "text", ("Ana",), "Ana naar de tandarts"),
    ]
    plan = eva.erase(member="ana", reason="left", dry_run=True)
    assert plan.dry_run
    assert agency.desk.organization.members_by_id["ana"].name == NAME
    report = eva.erase(member="ana", reason="left")
    assert plan.streams == report.streams
    assert ("organization", "forbids[0].reason") in [one[:2] for one in mentions(plan)]
    assert mentions(report)[0] == (
        "organization",
        "forbids[0].reason",
        ("ana",),
        "until ana has trained him",
    )
    assert expected == mentions(report)[1:] == mentions(plan)[1:]
    assert "by ben on 2026-04-03: Met dank aan Paardebloem" in str(report)
    texts = [comment.text for comment in agency.desk.post(posts["bens_post"]).comments]
    assert "@ana, kijk jij even?" in texts
    again = eva.erase(member="ana", reason="left")
    assert not again
    # The name no longer exists in the journal, so only the id is searched for.
    assert [one.words for one in again.mentions] == [("ana",), ("ana",), ("Ana",)]


def test_external_ids(agency: Agency) -> None:
    """The report names posts by their external ids, which an erasure does not remove."""
    ana, ben, eva = agency.ana, agency.ben, agency.eva
    post = ana.draft("Hallo", profiles=["tulip-x"], external_id="W1")
    ben.comment(post, "@ana, kijk jij even?")
    ana.cancel(post)
    other = ana.draft("Hallo", profiles=["tulip-x"])
    ana.cancel(other)
    for dry_run in (True, False):
        report = eva.erase(member="ana", reason="left", dry_run=dry_run)
        assert {f"post/{post.id}": "W1"} == report.external_ids
        text = str(report)
        assert f"erased: post/{post.id} (W1)\n" in text
        assert f"erased: post/{other.id}\n" in text
        assert f"remains: post/{post.id} (W1), text, by ben on " in text
        assert "W1" in report._repr_html_()


def test_mentions_of_everyone_stay_private(agency: Agency) -> None:
    """A member without the permission to erase does not get a report either."""
    agency.work_for_a_week()
    with pytest.raises(NotAllowedError):
        agency.ben.erase(member="ana", reason="left", dry_run=True)
    with pytest.raises(InvalidValueError):
        agency.eva.erase(member="ana", reason=" ", dry_run=True)


def test_unfinished_post(agency: Agency) -> None:
    """An erasure is refused while one of the posts is unfinished; the refusal names the posts."""
    agency.work_for_a_week()
    ana, ben, eva = agency.ana, agency.ben, agency.eva
    open_post = ana.draft(
        "nog bezig", profiles=["tulip-x"], planned_at="2026-04-20 10:00", external_id="W7"
    )
    before = agency.journal.read_all(limit=10_000)
    with pytest.raises(NotAllowedError, match="W7") as caught:
        eva.erase(member="ana", reason="left")
    assert "anas_post" not in str(caught.value)
    with pytest.raises(NotAllowedError, match="W7"):
        eva.erase(post=open_post, reason="left")
    open_post = ben.approve(ana.submit(open_post))
    assert open_post.state.value == "approved"
    with pytest.raises(NotAllowedError, match="W7"):
        eva.erase(member="ana", reason="left")
    # An approved post that has no delivery can still be scheduled.
    open_post = ana.unschedule(open_post)
    with pytest.raises(NotAllowedError, match="W7"):
        eva.erase(member="ana", reason="left")
    assert agency.journal.read_all(limit=10_000)[: len(before)] == before
    ana.cancel(open_post)
    assert eva.erase(member="ana", reason="left")


def test_progress(agency: Agency) -> None:
    """An erasure reports its progress; a refused erasure does not search the journal."""
    ana, eva = agency.desk.acting_as("ana"), agency.desk.acting_as("eva")
    post = ana.draft("Lente", profiles=["tulip-x"])
    calls: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        calls.append((done, total))

    with pytest.raises(NotAllowedError):
        eva.erase(member="ana", reason="asked for it", progress=progress)
    assert calls == []
    ana.cancel(post)
    events = len(agency.desk.feed(limit=10_000))
    eva.erase(member="ana", reason="asked for it", progress=progress)
    later = len(agency.desk.feed(limit=10_000))
    assert calls == [(events, 2 * events), (2 * later, 2 * later)]


def test_invalid_erasure(agency: Agency) -> None:
    """An erasure needs the permission `erase`, a reason, and either a known member or a known post."""
    posts = agency.work_for_a_week()
    for refused in (
        lambda: agency.ben.erase(member="ana", reason="x"),
        lambda: agency.ana.erase(member="ana", reason="x"),
        lambda: agency.ben.erase(post=posts["anas_post"], reason="x"),
    ):
        with pytest.raises(NotAllowedError, match="`erase` on"):
            refused()
    with pytest.raises(NotFoundError):
        agency.desk.acting_as("dirk").erase(post=posts["anas_post"], reason="x")
    for wrong in ({}, {"member": "ana", "post": posts["anas_post"]}):
        with pytest.raises(InvalidValueError):
            agency.eva.erase(reason="x", **wrong)
    with pytest.raises(InvalidValueError):
        agency.eva.erase(member="ana", reason=" ")
    with pytest.raises(NotFoundError):
        agency.eva.erase(member="nobody", reason="x")
    with pytest.raises(NotFoundError):
        agency.eva.erase(post="nothing", reason="x")
    assert agency.desk.audit().erased == 0


def test_erase_twice(agency: Agency) -> None:
    """Erasing a member a second time changes nothing."""
    agency.work_for_a_week()
    assert agency.eva.erase(member="ana", reason="left")
    events = agency.journal.read_all(limit=10_000)
    assert not agency.eva.erase(member="ana", reason="left")
    assert agency.journal.read_all(limit=10_000) == events


def test_concurrent_erasures(on_disk: Agency) -> None:
    """Erasures of two members, or of the same member, can run concurrently."""
    on_disk.work_for_a_week()
    on_disk.ben.comment(on_disk.desk.post_by_external_id("anas_post"), "Tjiftjaf")
    on_disk.eva.adopt(
        on_disk.desk.propose(
            attrs.evolve(
                on_disk.desk.organization,
                members=[
                    attrs.evolve(member, name="Ben Scholekster") if member.id == "ben" else member
                    for member in on_disk.desk.organization.members
                ],
            )
        ),
        reason="names",
    )
    post = on_disk.ben.draft("weg", profiles=["tulip-x"])
    on_disk.ben.cancel(post)
    on_disk.eva.cancel(on_disk.desk.post_by_external_id("bens_post"))
    gate = threading.Barrier(4)
    errors: list[Exception] = []

    def run(member: str) -> None:
        desk = Desk.open(on_disk.store, clock=lambda: on_disk.now)
        gate.wait()
        try:
            desk.acting_as("eva").erase(member=member, reason="left")
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [
        threading.Thread(target=run, args=(member,)) for member in ("ana", "ben", "ana", "ben")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert errors == []
    assert on_disk.desk.audit().clean
    on_disk.desk.compact()
    text = bytes_of(Path(on_disk.store.connections.name).parent)
    for word in (NAME, MAIL, "Scholekster", "Tjiftjaf", *WORDS):
        assert word.encode() not in text, word


def test_as_of_after_erasure(agency: Agency) -> None:
    """`as_of` still returns past documents and permissions, without the erased name."""
    first = agency.desk.organization.digest
    agency.now += dt.timedelta(days=1)
    without_forbid = attrs.evolve(document(name="Ana Vermeer-Paardebloem"), forbids=())
    agency.eva.adopt(agency.desk.propose(without_forbid), reason=f"{NAME} heeft hem opgeleid")
    agency.now += dt.timedelta(days=1)
    agency.eva.erase(member="ana", reason="left")
    for at, digest, may_hold in (
        (START, first, False),
        (agency.now, without_forbid.digest, True),
    ):
        then = agency.desk.as_of(at)
        assert (then.digest, then.organization.digest) == (digest, digest)
        assert then.organization.members_by_id["ana"].name == ""
        assert bool(then.access.check("ben", "hold", "tulip-mastodon", at=at)) is may_hold
    feed = agency.journal.read_all(limit=10_000)
    assert "Paardebloem" not in str(
        [event.personal for event in feed if event.stream == "organization"]
    )
    agency.eva.erase(member="noor", reason="left")
    assert agency.desk.as_of(START).organization.digest == first


def test_proposal_from_before_erasure(agency: Agency) -> None:
    """A proposal from before an erasure is stale, because it would restore the name."""
    proposal = agency.desk.propose(attrs.evolve(document(), forbids=()))
    agency.eva.erase(member="ana", reason="left")
    with pytest.raises(StaleError, match="eva"):
        agency.eva.adopt(proposal, reason="x")


def test_media_deletion(agency: Agency) -> None:
    """Due work deletes the erased post's images, except those that other posts use."""
    posts = agency.work_for_a_week()
    [own, shared] = agency.desk.post(posts["anas_post"]).media
    agency.eva.erase(member="ana", reason="left")
    assert agency.media.size(own.digest)
    assert agency.desk.post(posts["anas_post"]).leftover_media == tuple(
        sorted([own.digest, shared.digest])
    )
    assert f"post/{posts['anas_post']}" in agency.desk.run_due().worked
    with pytest.raises(NotFoundError):
        agency.media.size(own.digest)
    assert agency.media.size(shared.digest) == len(OTHER)
    assert agency.desk.post(posts["anas_post"]).leftover_media == ()
    assert agency.desk.run_due().worked == ()
    assert agency.desk.audit().clean


def test_deletion_of_all_media(agency: Agency) -> None:
    """The media of variants, covers and link cards of all revisions are deleted too."""
    images = [Image.from_bytes(PIXEL + bytes([number])) for number in range(4)]
    video = Video.from_stream(
        BytesIO(bytes.fromhex("00000018") + b"ftypmp42" + bytes(12)), cover=images[0]
    )
    card = LinkCard(url="https://tulip.nl", title="De lente", image=images[1])
    post = agency.ana.draft(
        "Lente", profiles=["tulip-x"], card=card, variants=[Variant("tulip-x", media=[video])]
    )
    own = Variant("tulip-x", media=[images[2]])
    agency.ana.cancel(agency.ana.edit(post, card=None, variants=[own], media=[images[3]]))
    digests = [one.digest for one in (*images, video)]
    assert all(agency.media.size(digest) for digest in digests)
    agency.eva.erase(post=post, reason="left")
    assert agency.desk.post(post.id).leftover_media == tuple(sorted(digests))
    agency.desk.run_due()
    for digest in digests:
        with pytest.raises(NotFoundError):
            agency.media.size(digest)


def test_crash_during_media_deletion(agency: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a crash between deleting an image and recording that, due work finishes the deletion."""
    posts = agency.work_for_a_week()
    [own, shared] = agency.desk.post(posts["anas_post"]).media
    agency.eva.erase(member="ana", reason="left")
    delete = type(agency.media).delete
    calls: list[str] = []

    def failing(self: FolderMedia, digest: str) -> None:
        delete(self, digest)
        calls.append(digest)
        raise KeyboardInterrupt

    monkeypatch.setattr(type(agency.media), "delete", failing)
    with pytest.raises(KeyboardInterrupt):
        agency.desk.run_due()
    assert calls == [own.digest]
    monkeypatch.undo()
    agency.now += dt.timedelta(minutes=5)
    agency.desk.run_due()
    assert agency.desk.post(posts["anas_post"]).leftover_media == ()
    assert agency.media.size(shared.digest)


def test_crash_before_commit(on_disk: Agency) -> None:
    """After a crash before the commit, nothing is erased, and the erasure can be repeated."""
    on_disk.work_for_a_week()
    with on_disk.store.connections.connection() as raw:
        raw.execute(
            "CREATE TRIGGER fault BEFORE UPDATE ON socialcollab_counters"
            " BEGIN SELECT RAISE(ABORT, 'the disk is worn out'); END"
        )
    before = on_disk.journal.read_all(limit=10_000)
    with pytest.raises(Exception, match="worn out"):
        on_disk.eva.erase(member="ana", reason="left")
    assert on_disk.journal.read_all(limit=10_000) == before
    with on_disk.store.connections.connection() as raw:
        raw.execute("DROP TRIGGER fault")
    on_disk.eva.erase(member="ana", reason="left")
    assert on_disk.desk.audit().clean


def test_personal_fields_are_erasable(tool) -> None:
    """
    Every event can be read after its personal fields have been erased.
    """
    from types import SimpleNamespace

    checked = 0
    for name, cls in EVENT_TYPES.items():
        body, personal = event_parts(tool.example(cls))
        if not personal:
            continue
        stored = SimpleNamespace(
            type=name,
            schema=1,
            body=body,
            personal={},
            erased=frozenset(personal),
            stream="x",
            version=1,
            position=1,
        )
        event_data(stored)
        checked += 1
    assert checked > 10


@pytest.fixture
def tool() -> object:
    import importlib.util

    path = Path(__file__).parents[2] / "tools" / "golden_journals.py"
    spec = importlib.util.spec_from_file_location("golden_journals", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_async_desk(tmp_path: Path) -> None:
    """An async desk can erase and compact."""

    async def run() -> None:
        store = SqliteStore(tmp_path / "desk.db", projections=Desk.PROJECTIONS, durable=False)
        desk = await AsyncDesk.create(store, document(), owner="eva", clock=lambda: START)
        ana, eva = await desk.acting_as("ana"), await desk.acting_as("eva")
        post = await ana.draft(WORDS[0], profiles=["tulip-x"])
        await ana.cancel(post)
        assert await eva.erase(member="ana", reason="left")
        await desk.compact()
        assert (await desk.post(post.id)).erased
        assert (await desk.audit()).clean
        assert (await desk.reindex()).changed == ()
        await desk.close()
        store.close()

    asyncio.run(run())
    text = bytes_of(tmp_path)
    assert NAME.encode() not in text
    assert WORDS[0].encode() not in text
