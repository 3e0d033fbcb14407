"""Posts, decisions and comments as visible to clients and guests."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.desk.agency import DOCUMENT, DUE, PLANNED

from socialcollab.errors import NotFoundError
from socialcollab.workflow import commands as cm

WEEK = (DUE - dt.timedelta(days=7), DUE + dt.timedelta(days=7))


def clients_see(agency, stage: str) -> None:
    lead = 'id = "tulip"\n'
    assert lead in DOCUMENT
    agency.adopt(DOCUMENT.replace(lead, f'{lead}clients_see = "{stage}"\n', 1))


@pytest.mark.parametrize(
    ("stage", "seen"),
    [
        ("submitted", (False, True, True)),
        ("all", (True, True, True)),
        # Noor has `approve`, so she sees posts in review in any case.
        ("scheduled", (False, True, True)),
    ],
)
def test_stages(agency, stage, seen) -> None:
    """A client sees a post as soon as it reaches the stage that the workspace defines."""
    if stage != "submitted":
        clients_see(agency, stage)
    ana, ben, noor = agency.acting("ana", "ben", "noor")
    post = ana.draft("idea", profiles=["tulip-x"], planned_at=PLANNED)
    found = []
    for step in (lambda p: p, ana.submit, ben.approve):
        post = step(post)
        entries = agency.desk.calendar(*WEEK, viewer="noor").entries()
        try:
            noor.post_view(post)
        except NotFoundError:
            found.append(False)
        else:
            found.append(True)
        assert found[-1] == bool(entries)
        assert agency.desk.calendar(*WEEK, viewer="ana").entries()
    assert seen == tuple(found)


def test_hidden_draft_has_no_commands(agency) -> None:
    """A command on a hidden draft raises the same error as a command on an unknown post."""
    ana, noor = agency.acting("ana", "noor")
    post = ana.draft("idea", profiles=["tulip-x"])
    for command in (
        lambda: noor.comment(post, "x"),
        lambda: noor.approve(post),
        lambda: noor.allowed_actions(post),
    ):
        with pytest.raises(NotFoundError, match=f"no post `{post.id}`"):
            command()
    assert [] == list(agency.desk.notifications(member="noor"))


def test_withdrawn_post(agency) -> None:
    """A post that is withdrawn becomes a draft again, which clients do not see."""
    ana, noor = agency.acting("ana", "noor")
    post = ana.submit(ana.draft("idea", profiles=["tulip-x"], planned_at=PLANNED))
    assert noor.post_view(post)
    ana.withdraw(post)
    with pytest.raises(NotFoundError):
        noor.post_view(post)


def test_notes_and_history(agency) -> None:
    """A client sees neither internal notes and comments nor content from before the submission."""
    ana, ben, noor = agency.acting("ana", "ben", "noor")
    post = ana.edit(ana.draft("SECRET first idea", profiles=["tulip-x"]), text="SECRET second idea")
    post = ana.submit(ana.reschedule(ana.edit(post, text="Good text"), PLANNED))
    post = ben.request_changes(post, "SECRET the client will hate this")
    post = ana.submit(ana.edit(post, text="Better text"))
    ana.comment(post, "SECRET comment")
    post = ben.approve(post, note="for everyone", internal=False)
    view = noor.post_view(post)
    shown = f"{view} {[entry.data for entry in view.history]}"
    assert "SECRET" not in shown
    assert ["", "for everyone"] == [decision.note for decision in view.decisions]
    staff_view = ben.post_view(post)
    assert "SECRET the client" in f"{staff_view.decisions}"
    assert "SECRET first idea" in f"{[entry.data for entry in staff_view.history]}"
    for snapshot in noor.do(cm.Comment(post=post.id, text="thanks")).values():
        assert "SECRET" not in str(snapshot)
