"""Threads of comments: replies, mentions and resolution."""

import pytest
from tests.desk.agency import in_review, refusal_code

from socialcollab.errors import InvalidValueError, NotFoundError


def test_threads(agency) -> None:
    """A reply belongs to the thread of the comment to which it replies."""
    ana, ben = agency.acting("ana", "ben")
    post = ben.comment(in_review(agency), "Which link?")
    post = ana.comment(post, "And which picture?")
    post = ana.comment(post, "The tour page.", reply_to=1)
    post = ben.comment(post, "Good.", reply_to=3)
    assert [[1, 3, 4], [2]] == [[comment.number for comment in thread] for thread in post.threads]
    assert [None, None, 1, 1] == [comment.reply_to for comment in post.comments]


def test_resolution(agency) -> None:
    """A thread is resolved as a whole, and a reply reopens it."""
    ana, ben = agency.acting("ana", "ben")
    post = ana.comment(ben.comment(in_review(agency), "Which link?"), "The tour page.", reply_to=1)
    post = ana.resolve_comment(post, 2)
    assert ["ana", None] == [comment.resolved_by for comment in post.comments]
    assert "comment_resolved" == refusal_code(lambda: ben.resolve_comment(post, 1))
    post = ben.comment(post, "Not yet.", reply_to=1)
    assert [None, None, None] == [comment.resolved_by for comment in post.comments]
    assert ["post.commented", "post.comment_resolved", "post.commented"] == [
        entry.type for entry in agency.desk.history(post)
    ][-3:]


def test_unknown_comment(agency) -> None:
    """Replying to or resolving an unknown comment raises an error."""
    ben = agency.desk.acting_as("ben")
    post = in_review(agency)
    for command in (
        lambda: ben.comment(post, "x", reply_to=1),
        lambda: ben.comment(post, "x", reply_to=0),
        lambda: ben.resolve_comment(post, -1),
    ):
        with pytest.raises(NotFoundError, match="comment"):
            command()
    with pytest.raises(InvalidValueError, match="reply_to"):
        ben.comment(post, "x", reply_to="1")


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("@ben, please look", ["ben"]),
        ("Thanks @ben.", ["ben"]),
        ("@Ben @ben and @eva", ["ben", "eva"]),
        ("(@eva)", ["eva"]),
        ("ask ben@example.org or ana@eva", []),
        ("@@ben @unknown @ana @dirk", []),
    ],
)
def test_mentions(agency, text, mentioned) -> None:
    """A mention of a member who can view the post notifies only that member."""
    post = agency.desk.acting_as("ana").comment(in_review(agency), text)
    assert mentioned == list(post.comments[-1].mentions)
    assert [("mentioned", name) for name in mentioned] == agency.notified("mentioned")
    assert [] == agency.notified("commented")


@pytest.mark.parametrize(
    ("text", "unmatched"),
    [
        ("@ben, please look", ()),
        ("@bne, please look", ("bne",)),
        ("@Bne. @bne @eva", ("bne",)),
        ("ask ben@example.org", ()),
        # These are the author and a member of another client.
        ("@ana @dirk", ("ana", "dirk")),
    ],
)
def test_unmatched_mentions(agency, text, unmatched) -> None:
    """A mention that notifies no member is recorded in the comment and in the history."""
    post = agency.desk.acting_as("ana").comment(in_review(agency), text)
    assert unmatched == post.comments[-1].unmatched_mentions
    shown = agency.desk.history(post)[-1].text()
    assert shown.endswith(")") == bool(unmatched)
    assert all(f"`{name}`" in shown for name in unmatched)


def test_mentioned_author(agency) -> None:
    """An author is notified only of a mention, and earlier participants of the comment."""
    ben, eva = agency.acting("ben", "eva")
    eva.comment(ben.comment(in_review(agency), "Hm."), "@ana, what do you think?")
    assert [("mentioned", "ana")] == agency.notified("mentioned")
    assert [("commented", "ana"), ("commented", "ben")] == agency.notified("commented")
    (text,) = [
        notification.text("nl")
        for notification in agency.desk.notifications(member="ana")
        if notification.kind == "mentioned"
    ]
    assert text.startswith("eva noemt je in een reactie op bericht")


def test_internal_threads(agency) -> None:
    """Clients can read and answer only shared threads; replies are as internal as their thread."""
    ana, noor = agency.acting("ana", "noor")
    post = ana.comment(in_review(agency), "Between us.")
    post = ana.comment(post, "For @noor.", internal=False)
    assert [("mentioned", "noor")] == agency.notified("mentioned")
    with pytest.raises(NotFoundError, match="comment"):
        noor.comment(post, "x", reply_to=1)
    with pytest.raises(NotFoundError, match="comment"):
        noor.resolve_comment(post, 1)
    seen = noor.comment(post, "Thanks.", reply_to=2)
    assert [2, 3] == [comment.number for comment in seen.comments]
    assert [[2, 3]] == [[comment.number for comment in thread] for thread in seen.threads]
    post = ana.comment(ana.comment(post, "Mine.", reply_to=1), "Ours.", reply_to=3)
    assert [True, False] == [comment.internal for comment in post.comments[-2:]]
    for number, internal in ((1, False), (2, True)):
        with pytest.raises(InvalidValueError, match=f"thread of comment {number}"):
            ana.comment(post, "x", reply_to=number, internal=internal)
    ana.resolve_comment(post, 1)
    assert "post.comment_resolved" not in [entry.type for entry in noor.post_view(post).history]


def test_internal_mention_of_client(agency) -> None:
    """An internal comment cannot mention a client, because the client could not see it."""
    ana = agency.desk.acting_as("ana")
    with pytest.raises(InvalidValueError, match="`noor`, who cannot see internal comments"):
        ana.comment(in_review(agency), "@noor, what do you think?")
