"""Two members edit one post: their edits are merged, or the second one is refused with a conflict."""

from __future__ import annotations

import copy
import pickle

import attrs
import pytest
from tests.desk.agency import PLANNED

from socialcollab.collisions import EditConflictError, resolve
from socialcollab.content import Image, Post
from socialcollab.desk import MergedPost
from socialcollab.errors import InvalidValueError, NotAllowedError, StaleError

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
BASE = "De tulpen bloeien vanaf maandag in het park"


def conflict(agency, *, text: str = "drie") -> tuple[Post, EditConflictError]:
    """A post of which ana saw "een" and ben has stored "twee", and the error of ana's edit."""
    ana, ben = agency.acting("ana", "ben")
    post = ana.draft("een", profiles=["tulip-x"])
    ben.edit(post, text="twee")
    with pytest.raises(EditConflictError) as caught:
        ana.edit(post, text=text, tags=["offer"])
    return post, caught.value


@pytest.mark.parametrize("by_id", [False, True])
def test_disjoint_edits_are_merged(agency, *, by_id: bool) -> None:
    """Edits of different words are merged, and the answer says what the other member changed."""
    ana, ben = agency.acting("ana", "ben")
    post = ana.draft(BASE, profiles=["tulip-x"])
    ben.edit(post, text=BASE.replace("maandag", "dinsdag"), tags=["offer"])
    args = (post.id,) if by_id else (post,)
    options = {"revision": post.digest} if by_id else {}
    merged = ana.edit(*args, text=BASE.replace("De", "Alle"), **options)
    assert merged.text == "Alle tulpen bloeien vanaf dinsdag in het park"
    assert merged.content.tags == ("offer",)
    assert isinstance(merged, MergedPost)
    assert (merged.merged_with, merged.merged_fields) == (("ben",), ("text", "tags"))
    stored = agency.desk.post(post.id)
    assert merged == stored
    assert stored == merged
    assert type(stored) is Post
    assert [revision.author for revision in stored.revisions] == ["ana", "ben", "ana"]
    agency.check_journal()


def test_fresh_edit_is_not_merged(agency) -> None:
    """An edit of the current revision answers a plain post."""
    [ana] = agency.acting("ana")
    post = ana.draft("een", profiles=["tulip-x"])
    assert type(ana.edit(post, text="twee")) is Post


def test_unchanged_fields_do_not_revert(agency) -> None:
    """An edit by id changes only its own arguments of the revision that its author saw."""
    ana, ben = agency.acting("ana", "ben")
    post = ana.draft("een", profiles=["tulip-x"])
    ben.edit(post, text="twee")
    merged = ana.edit(post.id, revision=post.digest, tags=["offer"])
    assert (merged.text, merged.content.tags) == ("twee", ("offer",))


def test_same_edit_twice_stores_one_revision(agency) -> None:
    """If both members made the same change, the second answer says so, and nothing is stored."""
    ana, ben = agency.acting("ana", "ben")
    post = ana.draft("een", profiles=["tulip-x"])
    ben.edit(post, text="twee")
    merged = ana.edit(post, text="twee")
    assert isinstance(merged, MergedPost)
    assert merged.merged_with == ("ben",)
    assert len(agency.desk.post(post.id).revisions) == 2


def test_conflict_carries_both_sides(agency) -> None:
    """A refused edit stores nothing, and its error carries everything that either member typed."""
    post, error = conflict(agency)
    assert (error.base.text, error.mine.text, error.theirs.text) == ("een", "drie", "twee")
    assert error.mine.tags == ("offer",)
    assert [(each.field, each.mine, each.theirs) for each in error.conflicts] == [
        ("text", "drie", "twee")
    ]
    assert (error.by, error.changed) == ("ben", ("text",))
    assert agency.desk.post(post.id).text == "twee"


def test_conflict_survives_copies(agency) -> None:
    """The error keeps both contents when it is copied or pickled."""
    _, error = conflict(agency)
    for again in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (str(again), again.mine, again.merged) == (str(error), error.mine, error.merged)


@pytest.mark.parametrize(
    ("choice", "text"),
    [("mine", "drie"), ("theirs", "twee"), ("both", "drie twee"), ("base", "een")],
)
def test_resolution_is_stored(agency, choice: str, text: str) -> None:
    """The edit is stored when it is sent again with a resolution for each conflict."""
    post, error = conflict(agency)
    [ana] = agency.acting("ana")
    merged = ana.edit(
        post, text="drie", tags=["offer"], resolutions=[resolve(error.conflicts[0], choice)]
    )
    assert (merged.text, merged.content.tags) == (text, ("offer",))


def test_third_edit_while_resolving(agency) -> None:
    """A resolution of a conflict that has changed since is not applied to the new conflict."""
    post, error = conflict(agency)
    ana, ben = agency.acting("ana", "ben")
    ben.edit(agency.desk.post(post.id), text="vier")
    decided = [resolve(error.conflicts[0], "mine")]
    with pytest.raises(EditConflictError) as caught:
        ana.edit(post, text="drie", resolutions=decided)
    assert [each.theirs for each in caught.value.conflicts] == ["vier"]
    ben.edit(agency.desk.post(post.id), text="een")
    with pytest.raises(InvalidValueError, match="these versions do not have"):
        ana.edit(agency.desk.post(post.id), text="drie", tags=["x"], resolutions=decided)


@pytest.mark.parametrize("value", ["mine", ["mine"], 3, None])
def test_resolutions_of_another_type(agency, value: object) -> None:
    """A value that is not a resolution is refused by name."""
    [ana] = agency.acting("ana")
    post = ana.draft("een", profiles=["tulip-x"])
    with pytest.raises(InvalidValueError, match="is not the resolution of a conflict"):
        ana.edit(post, text="twee", resolutions=value)


def test_permission_is_checked_before_the_merge(agency) -> None:
    """A member who may not edit learns nothing about the edits of others."""
    ana, ben = agency.acting("ana", "ben")
    post = ben.draft("een", profiles=["tulip-x"])
    ben.edit(post, text="twee")
    with pytest.raises(NotAllowedError):
        ana.edit(post, text="drie")


def test_unknown_revision(agency) -> None:
    """A revision that the post never had cannot be merged."""
    [ana] = agency.acting("ana")
    post = ana.draft("een", profiles=["tulip-x"])
    with pytest.raises(StaleError, match="has no revision"):
        ana.edit(post.id, revision="f" * 64, text="twee")


def test_media_of_both_are_kept(agency) -> None:
    """One member changes an image's description, the other adds an image; the post has both."""
    ana, ben = agency.acting("ana", "ben")
    red, blue = (Image.from_bytes(PNG + name.encode(), alt=name) for name in ("rood", "blauw"))
    post = ana.draft("een", profiles=["tulip-x"], media=[red])
    ben.edit(post, media=[attrs.evolve(post.media[0], alt="rode tulp")])
    merged = ana.edit(post, media=[post.media[0], blue])
    assert [image.alt for image in merged.media] == ["rode tulp", "blauw"]
    assert all(agency.media.size(image.digest) for image in merged.media)


def test_open_approval_is_rebased(agency) -> None:
    """The answer says which approvals still hold after the merge, by the rules of the steps."""
    ana, ben = agency.acting("ana", "ben")
    post = ana.draft(BASE, profiles=["tulip-x"], planned_at=PLANNED)
    post = ana.submit(post)
    approved = ben.approve(post)
    [eva] = agency.acting("eva")
    eva.edit(approved, tags=["offer"])
    # Tags are not published, so eva's edit left ben's approval as it was.
    merged = ana.edit(approved, text=BASE.replace("De", "Alle"))
    assert isinstance(merged, MergedPost)
    assert merged.merged_with == ("eva",)
    assert [(each.decision, each.survives, each.changed) for each in merged.rebased] == [
        ("ben", False, ("text",))
    ]
    assert merged.state == "in_review"
