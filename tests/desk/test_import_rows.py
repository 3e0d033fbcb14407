"""Importing a spreadsheet: one outcome for each row, and no duplicate posts."""
# ruff: noqa: DTZ001  the rows contain local times

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.desk.agency import DOCUMENT
from tests.randomness import fewer_examples

from socialcollab.desk import Desk
from socialcollab.errors import InvalidValueError, NotAllowedError
from socialcollab.organization import Organization
from socialcollab.scheduling import SheetRow, read_csv
from socialcollab.stores import MemoryStore

NOW = dt.datetime(2026, 4, 1, 8, tzinfo=dt.UTC)

SHEET = """external_id,profiles,date,time,text,link,image,alt,tags,campaign,language,note
W1,tulip-x;tulip-mastodon,2026-04-07,09:30,Een,https://tulip.example,,,spring,,nl,Check de link
W2,tulip-x,2026-04-08,09:30,Twee,,a.png,Een tulp,,,nl,
W3,tulip-y,2026-04-09,09:30,Drie,,,,,,,
W4,tulip-x,,,Vier,,b.png,,,,,
"""
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 32


def rows_of(text: str, **options) -> tuple[SheetRow, ...]:
    sheet = read_csv(text.encode(), **options)
    assert not sheet.problems
    return sheet.rows


def statuses(report) -> list[str]:
    return [outcome.status for outcome in report.outcomes]


def test_import(agency) -> None:
    """Each row is drafted with all of its cells or refused with a reason."""
    (ana,) = agency.acting("ana")
    report = ana.import_rows(rows_of(SHEET), images={"a.png": PNG})
    assert statuses(report) == ["drafted", "drafted", "refused", "refused"]
    first, second = report.posts
    assert first.targets == ("tulip-mastodon", "tulip-x")
    assert first.planned_at.instant == dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
    assert (first.content.links, first.content.tags) == (("https://tulip.example",), ("spring",))
    assert [comment.text for comment in first.comments] == ["Check de link"]
    assert [(image.name, image.alt) for image in second.media] == [("a.png", "Een tulp")]
    texts = [outcome.text() for outcome in report.refused]
    assert "row 4: `W3` was not imported" in texts[0]
    assert "did you mean `tulip-x`?" in texts[0]
    assert "the image `b.png` was not supplied" in texts[1]
    assert report.refused[0].text("nl").startswith("rij 4: `W3` is niet geïmporteerd")
    agency.check_journal()


def test_row_without_profile(agency) -> None:
    """A row without a profile or workspace is refused, and the error shows how to supply them."""
    (ana,) = agency.acting("ana")
    rows = rows_of("text\nZon!\n")
    (refused,) = ana.import_rows(rows).refused
    assert "add a `profiles` column to the sheet, or pass `profiles=[...]`" in refused.text()
    (refused,) = ana.import_rows(rows, profiles=["tulip"]).refused
    assert "`tulip` is a workspace; name its profiles, such as `tulip-" in refused.text()
    assert statuses(ana.import_rows(rows, workspace="tulip")) == ["drafted"]
    with pytest.raises(InvalidValueError, match=r"pass `profiles=\[...\]`, or `workspace=...`"):
        ana.draft("Zon!")


def test_dry_run(agency) -> None:
    """A dry run returns the same outcomes as the import, and writes nothing."""
    (ana,) = agency.acting("ana")
    before = agency.desk.feed()[-1].position
    dry = ana.import_rows(rows_of(SHEET), images={"a.png": PNG}, dry_run=True)
    assert agency.desk.feed()[-1].position == before
    assert agency.desk.posts() == ()
    assert dry.outcomes[0].text() == "row 2: `W1` would be drafted"
    real = ana.import_rows(rows_of(SHEET), images={"a.png": PNG})
    assert statuses(dry) == statuses(real)
    again = ana.import_rows(rows_of(SHEET), images={"a.png": PNG}, dry_run=True)
    assert statuses(again) == ["unchanged", "unchanged", "refused", "refused"]


def test_repeated(agency) -> None:
    """A repeated import drafts nothing twice, with or without external ids."""
    (ana,) = agency.acting("ana")
    plain = "text,profiles,date\nEen,tulip-x,2026-04-07 09:30\nEen,tulip-x,2026-04-08 09:30\n"
    for expected in (["drafted", "drafted"], ["unchanged", "unchanged"]):
        assert expected == statuses(ana.import_rows(rows_of(plain)))
    for _ in range(2):
        report = ana.import_rows(rows_of(SHEET), images={"a.png": PNG})
    assert report.outcomes[0].text() == "row 2: `W1` already exists"
    assert len(agency.desk.posts()) == 4
    assert len(agency.desk.post_by_external_id("W1").comments) == 1
    agency.check_journal()


@pytest.mark.parametrize("dry_run", [True, False])
def test_equal_rows(agency, dry_run) -> None:
    """Equal rows of one sheet are one post, and an external id belongs to one row."""
    (ana,) = agency.acting("ana")
    equal = "text,profiles,date\nEen,tulip-x,2026-04-07 09:30\nEen,tulip-x,2026-04-07 09:30\n"
    report = ana.import_rows(rows_of(equal), dry_run=dry_run)
    assert statuses(report) == ["drafted", "unchanged"]
    same = "id,text,profiles\nW1,Een,tulip-x\nW1,Twee,tulip-x\n"
    report = ana.import_rows(rows_of(same), dry_run=dry_run)
    assert statuses(report) == ["drafted", "refused"]
    assert "row 2 also has the external id `W1`" in report.refused[0].text()


@fewer_examples()
@given(
    st.lists(
        st.builds(
            SheetRow,
            number=st.integers(2, 9),
            profiles=st.sampled_from([("tulip-x",), ("tulip-mastodon", "tulip-x"), ("dike-y",)]),
            local=st.sampled_from([None, dt.datetime(2026, 4, 7, 9), dt.datetime(2026, 4, 8, 9)]),
            zone=st.sampled_from(["", "UTC"]),
            text=st.sampled_from(["een", "twee", "drie"]),
            external_id=st.sampled_from(["", "", "W1", "W2"]),
            author=st.sampled_from(["", "", "ana", "ben"]),
        ),
        max_size=8,
    )
)
def test_any_sheet_repeated(rows) -> None:
    """A dry run predicts the import, and importing a sheet again drafts nothing."""
    with Desk.create(
        MemoryStore(), Organization.loads(DOCUMENT), owner="eva", clock=lambda: NOW
    ) as desk:
        ana = desk.acting_as("ana")
        dry = ana.import_rows(rows, dry_run=True)
        first = ana.import_rows(rows)
        count = len(desk.posts())
        assert first.count("drafted") == count
        assert len(first.outcomes) == len(rows)
        again = ana.import_rows(rows)
        assert len(desk.posts()) == count
        assert again.count("drafted") == 0
        assert [one.status == "refused" for one in dry.outcomes] == [
            one.status == "refused" for one in first.outcomes
        ]
        assert desk.audit().clean


def test_update(agency) -> None:
    """A row that differs from its post is reported, and updates the post only on request."""
    (ana,) = agency.acting("ana")
    ana.import_rows(rows_of(SHEET), images={"a.png": PNG})
    changed = SHEET.replace("Een,https", "Anders,https").replace("07,09:30", "07,10:00")
    report = ana.import_rows(rows_of(changed), images={"a.png": PNG})
    assert statuses(report)[:2] == ["differs", "unchanged"]
    assert report.outcomes[0].changes == ("text", "planned_at")
    assert "was not updated, although the row differs (text, planned_at)" in (
        report.outcomes[0].text()
    )
    dry = ana.import_rows(rows_of(changed), images={"a.png": PNG}, update=True, dry_run=True)
    assert agency.desk.post_by_external_id("W1").text == "Een"
    report = ana.import_rows(rows_of(changed), images={"a.png": PNG}, update=True)
    assert statuses(dry)[:2] == statuses(report)[:2] == ["updated", "unchanged"]
    post = agency.desk.post_by_external_id("W1")
    assert (post.text, post.planned_at.local.hour, len(post.revisions)) == ("Anders", 10, 2)
    assert post.content.links == ("https://tulip.example",)
    new = rows_of("id,profiles,text,image\nW2,tulip-x,Twee,c.png\n")
    report = ana.import_rows(new, images={"c.png": PNG + b"1"}, update=True)
    assert report.outcomes[0].changes == ("media",)
    assert report.posts[0].media[0].name == "c.png"
    # Empty cells do not clear values of the post.
    assert report.posts[0].planned_at is not None
    agency.check_journal()


def test_changed_since(agency) -> None:
    """A row without an external id finds its post even if it was moved or edited since."""
    (ana,) = agency.acting("ana")
    sheet = "profiles,date,time,text\n" + "".join(
        f"tulip-x,2026-04-0{day},09:30,{text}\n"
        for day, text in ((7, "Een"), (8, "Twee"), (9, "Een"))
    )
    first, second, third = ana.import_rows(rows_of(sheet)).posts
    moved = ana.reschedule(first, "2026-04-10 09:30")
    ana.edit(second, text="Twee!")
    ana.edit(third, tags=["spring"])
    for options in ({}, {"update": True}, {"dry_run": True}):
        report = ana.import_rows(rows_of(sheet), **options)
        assert statuses(report) == ["unchanged"] * 3
        assert [post.id for post in report.posts] == [first.id, second.id, third.id]
    assert agency.desk.post(first.id).planned_at == moved.planned_at
    corrected = ana.import_rows(rows_of(sheet.replace("Twee", "Drie")))
    assert statuses(corrected) == ["unchanged", "drafted", "unchanged"]


def test_author(agency) -> None:
    """A row by another author is refused, because that author could approve it."""
    ben, eva = agency.acting("ben", "eva")
    rows = rows_of("author,profiles,text\nben,tulip-x,a\neva,tulip-x,b\nbn,tulip-x,c\n")
    report = ben.import_rows(rows)
    assert statuses(report) == ["drafted", "refused", "refused"]
    assert "the author is `eva`, not `ben`; import the row as its author" in (
        report.outcomes[1].text()
    )
    assert statuses(eva.import_rows(rows)) == ["refused", "drafted", "refused"]


def test_names_of_profiles(agency) -> None:
    """Rows can name networks, or no profile at all."""
    (ana,) = agency.acting("ana")
    rows = rows_of("post,platforms\na,twitter\n")
    report = ana.import_rows(rows, profiles={"twitter": "tulip-x"})
    assert report.posts[0].targets == ("tulip-x",)
    report = ana.import_rows(rows_of("text\nb\n"), profiles=["tulip-x"])
    assert report.posts[0].targets == ("tulip-x",)
    report = ana.import_rows(rows_of("text\nc\n"), workspace="tulip")
    assert report.posts[0].targets == ()
    assert statuses(ana.import_rows(rows_of("text\nd\n"))) == ["refused"]


def test_zone_of_row(agency) -> None:
    """A row with its own time zone is planned at that instant."""
    (ana,) = agency.acting("ana")
    text = "text,profiles,date,zone\na,tulip-x,2026-04-07 03:30,America/New_York\n"
    (post,) = ana.import_rows(rows_of(text)).posts
    assert (post.planned_at.zone, post.planned_at.local.hour) == ("Europe/Amsterdam", 9)


def test_permissions(agency) -> None:
    """Members can import only posts that they may draft; errors reveal no other posts."""
    ana, dirk, noor = agency.acting("ana", "dirk", "noor")
    rows = rows_of("id,text,profiles\nW1,Een,tulip-x\n")
    (outcome,) = noor.import_rows(rows).outcomes
    assert isinstance(outcome.error, NotAllowedError)
    assert "`noor`" in outcome.text("nl")
    ana.import_rows(rows)
    (outcome,) = dirk.import_rows(rows_of("id,text,profiles\nW1,Een,dike-x\n")).outcomes
    assert "already belongs to another post" in outcome.text()
    assert outcome.post is None


def test_wrong_rows(agency) -> None:
    """Values other than rows are refused."""
    (ana,) = agency.acting("ana")
    with pytest.raises(InvalidValueError, match="not a row"):
        ana.import_rows([{"text": "a"}])
    with pytest.raises(InvalidValueError):
        ana.import_rows("text")


CLASHING = """external_id,profiles,date,time,text
W1,tulip-x,2026-04-07,09:30,Eerste bericht
W2,tulip-x,2026-04-07,09:30,Tweede bericht
W3,tulip-x;tulip-mastodon,2026-04-08,09:30,Derde bericht
W4,tulip-x,,,Nog geen tijd
"""


@pytest.mark.parametrize("dry_run", [True, False])
def test_clashes_of_rows(agency, dry_run) -> None:
    """The report contains the clashes of rows with one another and with the calendar."""
    ana, ben = agency.acting("ana", "ben")
    ben.draft("Al gepland", profiles=["tulip-mastodon"], planned_at="2026-04-08 09:30")
    report = ana.import_rows(rows_of(CLASHING), dry_run=dry_run)
    assert statuses(report) == ["drafted"] * 4
    first, second, third, last = report.outcomes
    verb = "would be" if dry_run else "was"
    assert first.text() == (
        f"row 2: `W1` {verb} drafted; note that `tulip-x` already has “Tweede bericht”"
        " at 2026-04-07 09:30"
    )
    assert "“Eerste bericht”" in second.text("nl")
    assert "; let op: `tulip-x` heeft al" in second.text("nl")
    assert [clash.profile for clash in third.clashes] == ["tulip-mastodon"]
    assert "“Al gepland”" in third.text()
    assert last.clashes == ()
    again = ana.import_rows(rows_of(CLASHING), dry_run=dry_run)
    assert bool(again.outcomes[0].clashes) == dry_run


def test_clashes_of_updated_row(agency) -> None:
    """A row that moves its post clashes at the new time but not at the old time."""
    (ana,) = agency.acting("ana")
    ana.import_rows(rows_of(CLASHING.replace("04-07,09:30,Tweede", "04-09,09:30,Tweede")))
    moved = CLASHING.replace("04-07,09:30,Eerste", "04-09,09:30,Eerste").replace(
        "04-07,09:30,Tweede", "04-09,09:30,Tweede"
    )
    for dry_run in (True, False):
        report = ana.import_rows(rows_of(moved), update=True, dry_run=dry_run)
        assert statuses(report) == ["updated", *["unchanged"] * 3]
        (clash,) = report.outcomes[0].clashes
        assert (clash.kind, clash.at.day) == ("same_slot", 9)


def test_hidden_posts_do_not_clash(agency) -> None:
    """The clashes of an import do not reveal posts that the member cannot view."""
    eva, dirk = agency.acting("eva", "dirk")
    eva.draft("Geheim", profiles=["dike-x"], planned_at="2026-04-07 09:30")
    sheet = "profiles,date,time,text\ndike-x,2026-04-07,09:30,Zon\n"
    (outcome,) = dirk.import_rows(rows_of(sheet), dry_run=True).outcomes
    assert (outcome.status, outcome.clashes) == ("drafted", ())
    (outcome,) = eva.import_rows(rows_of(sheet), dry_run=True).outcomes
    assert [clash.kind for clash in outcome.clashes] == ["same_slot"]
