"""Media of posts: stored only if the command is allowed, and usable in their workspace only."""

from __future__ import annotations

from io import BytesIO, StringIO
from pathlib import Path

import attrs
import pytest
from tests.desk.agency import PROFILE

from socialcollab.content import Image, LinkCard, PostContent, Variant, Video, media_digest
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.workflow import commands as cm

ABSENT = "sha256:" + "0" * 64
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
PICTURE = Image.from_bytes(PNG, alt="een tulp")
OTHER = Image.from_bytes(PNG + b"anders", alt="een dijk")


def without_bytes(image: Image) -> Image:
    return attrs.evolve(image, data=None)


def is_stored(agency, image: Image) -> bool:
    try:
        return agency.media.size(image.digest) > 0
    except NotFoundError:
        return False


def test_refused_command_stores_no_media(agency) -> None:
    """A refused draft or edit stores no media."""
    ana, noor, tom = agency.acting("ana", "noor", "tom")
    post = ana.draft("Lente", profiles=["tulip-x"])
    for refused in (
        lambda: noor.draft("x", profiles=["tulip-x"], media=[PICTURE]),
        lambda: tom.draft("x", profiles=["tulip-x"], media=[PICTURE]),
        lambda: noor.edit(post, media=[PICTURE]),
        lambda: tom.edit(post.id, revision=post.digest, media=[PICTURE]),
    ):
        with pytest.raises((NotAllowedError, NotFoundError)):
            refused()
        assert not is_stored(agency, PICTURE)
    assert (without_bytes(PICTURE),) == ana.edit(post, media=[PICTURE]).media
    assert is_stored(agency, PICTURE)


def test_digest_of_other_workspace(agency) -> None:
    """A digest without bytes can refer only to media of posts in the same workspace."""
    ana, tom = agency.acting("ana", "tom")
    ana.draft("Lente", profiles=["tulip-x"], media=[PICTURE])
    again = ana.draft("Nog een lente", profiles=["tulip-mastodon"], media=[without_bytes(PICTURE)])
    assert (without_bytes(PICTURE),) == again.media
    # In another workspace, the media does not exist, although its bytes are stored.
    dike = tom.draft("Dijk", profiles=["dike-x"])
    for refused in (
        lambda: tom.draft("x", profiles=["dike-x"], media=[without_bytes(PICTURE)]),
        lambda: tom.edit(dike, media=[without_bytes(PICTURE)]),
        lambda: tom.do(
            cm.Draft(
                post="p1",
                workspace="dike",
                content=PostContent(text="x", targets=["dike-x"], media=[without_bytes(PICTURE)]),
                salt=bytes(16),
            )
        ),
        lambda: tom.do(
            cm.Edit(
                post=dike.id,
                seen=dike.digest,
                content=attrs.evolve(dike.content, media=(without_bytes(PICTURE),)),
            )
        ),
    ):
        with pytest.raises(NotFoundError, match=f"no media `{PICTURE.digest}`"):
            refused()
    # If the bytes are supplied, the media can be used in any workspace.
    assert (without_bytes(PICTURE),) == tom.edit(dike, media=[PICTURE]).media


def test_unknown_digest(agency) -> None:
    """An unknown digest causes the same error."""
    (ana,) = agency.acting("ana")
    with pytest.raises(NotFoundError, match=f"no media `{OTHER.digest}`"):
        ana.draft("x", profiles=["tulip-x"], media=[without_bytes(OTHER)])


def test_media_of_earlier_revision(agency) -> None:
    """A post can use the media of its earlier revisions again."""
    (ana,) = agency.acting("ana")
    first = ana.draft("Lente", profiles=["tulip-x"], media=[PICTURE])
    without = ana.edit(first, media=[])
    assert first.media == ana.edit(without, media=first.media).media


def test_forged_digest(agency) -> None:
    """
    Bytes that do not match their digest are refused, because they would give access to other media.
    """
    ana, tom = agency.acting("ana", "tom")
    ana.draft("Lente", profiles=["tulip-x"], media=[PICTURE])
    forged = attrs.evolve(PICTURE, data=OTHER.data)
    with pytest.raises(InvalidValueError, match=r"bytes of media\[1\] do not have the digest"):
        tom.draft("x", profiles=["dike-x"], media=[OTHER, forged])
    assert not is_stored(agency, OTHER)


def test_deletion_cost(open_agency, monkeypatch) -> None:
    """The reads that delete erased media grow with the number of erased posts, not with its square."""

    def reads(number: int) -> int:
        agency = open_agency("memory")
        (ana,) = agency.acting("ana")
        for index in range(number):
            picture = Image.from_bytes(PNG + str(index).encode(), alt="x")
            ana.cancel(ana.draft(f"Lente {index}", profiles=["tulip-x"], media=[picture]))
        agency.desk.acting_as("eva").erase(member="ana", reason="left")
        store, calls = agency.desk.engine.store, []
        for name in ("snapshot", "query"):
            call = getattr(store, name)
            monkeypatch.setattr(
                store, name, lambda *a, call=call, **k: calls.append(a) or call(*a, **k)
            )
        agency.desk.run_due()
        assert not agency.media._contents
        return len(calls)

    five, ten, twenty = reads(5), reads(10), reads(20)
    assert twenty - ten == 2 * (ten - five)


MP4 = bytes.fromhex("00000018") + b"ftypmp42" + bytes(100)


def test_video(agency, tmp_path: Path) -> None:
    """A video is stored, approved and published like an image."""
    path = tmp_path / "tulpen.mp4"
    path.write_bytes(MP4)
    video = Video.from_file(path, alt="Tulpen in de wind")
    post = agency.approved_post("Lente", media=[video])
    path.unlink()
    assert post.media == (attrs.evolve(video, source=None),)
    assert (post.media[0].media_type, post.media[0].size_bytes) == ("video/mp4", len(MP4))
    agency.run_due()
    (shown,) = agency.sandbox.posts(PROFILE)
    assert [(type(one), one.alt) for one in shown.media] == [(Video, "Tulpen in de wind")]
    again = agency.desk.acting_as("ana").draft("Nog een", profiles=[PROFILE], media=post.media)
    assert again.media == post.media
    assert agency.desk.audit().clean


def test_uploads(agency) -> None:
    """A video is read from the position of an open file to its end."""
    upload = BytesIO(b"head" + MP4)
    upload.seek(4)
    video = Video.from_stream(upload, name="tulpen.mp4")
    post = agency.desk.acting_as("ana").draft("Lente", profiles=["tulip-x"], media=[video])
    with agency.media.open(post.media[0].digest) as file:
        assert file.read() == MP4


def test_one_upload_twice(agency) -> None:
    """The same open file can be used for several posts, whatever its position is."""
    upload = BytesIO(MP4)
    video = Video.from_stream(upload)
    ana = agency.desk.acting_as("ana")
    first, second = (ana.draft(text, profiles=["tulip-x"], media=[video]) for text in "ab")
    assert first.media == second.media
    upload.close()
    with pytest.raises(InvalidValueError, match="has been closed"):
        ana.draft("c", profiles=["tulip-x"], media=[video])


@pytest.mark.parametrize("closed", [True, False])
def test_unreadable_upload(closed: bool) -> None:
    """An upload must be an open binary file."""
    upload = BytesIO(MP4) if closed else StringIO("ftyp")
    if closed:
        upload.close()
    with pytest.raises(InvalidValueError, match="cannot be read twice"):
        Video.from_stream(upload)


def test_media_of_variants(agency) -> None:
    """The media of variants, covers and cards are stored and protected, like other media."""
    ana, tom = agency.acting("ana", "tom")
    cover = Image.from_bytes(PNG + b"omslag")
    video = attrs.evolve(Video.from_stream(BytesIO(MP4)), cover=cover)
    card = LinkCard(url="https://tulip.nl", title="Tulip", image=Image.from_bytes(PNG + b"kaart"))
    variant = Variant(PROFILE, media=[video])
    post = agency.approved_post("Lente", media=[PICTURE], variants=[variant], card=card)
    for image in (PICTURE, cover, card.image):
        assert is_stored(agency, image)
    assert post.content.media_for(PROFILE)[0].source is None
    agency.run_due()
    (shown,) = agency.sandbox.posts(PROFILE)
    assert [one.digest for one in shown.media] == [video.digest]
    assert shown.media[0].cover.digest == cover.digest
    assert (shown.card, shown.links) == (None, (card.url,))
    stored = without_bytes(card.image)
    with pytest.raises(NotFoundError):
        tom.draft("x", profiles=["dike-x"], card=attrs.evolve(card, image=stored))
    forged = attrs.evolve(cover, digest=PICTURE.digest, data=b"GIF89a")
    with pytest.raises(InvalidValueError, match="the image of the link card"):
        ana.draft("x", profiles=["tulip-x"], card=attrs.evolve(card, image=forged))
    with pytest.raises(InvalidValueError, match=r"the cover of media\[0\]"):
        ana.draft("x", profiles=["tulip-x"], media=[attrs.evolve(video, cover=forged)])
    kept = ana.edit(ana.draft("y", profiles=["tulip-x"], card=card), text="z")
    assert kept.content.card == attrs.evolve(card, image=stored)
    assert agency.desk.audit().clean


def test_changed_video(agency, tmp_path: Path) -> None:
    """A file that has changed since the video was created is refused, and nothing is drafted."""
    path = tmp_path / "tulpen.mp4"
    path.write_bytes(MP4)
    video = Video.from_file(path)
    path.write_bytes(MP4 + b"more")
    with pytest.raises(InvalidValueError, match="its file has changed"):
        agency.desk.acting_as("ana").draft("Lente", profiles=["tulip-x"], media=[video])
    assert agency.desk.posts() == ()
    # The changed bytes would belong to no post.
    with pytest.raises(NotFoundError):
        agency.media.size(media_digest(MP4 + b"more"))


@pytest.mark.parametrize("wrong", [{"size_bytes": 1}, {"media_type": "video/webm"}])
def test_wrong_description(agency, wrong) -> None:
    """A video that is not what its author says is refused, because reviewers approve that."""
    video = attrs.evolve(Video.from_stream(BytesIO(MP4)), **wrong)
    with pytest.raises(InvalidValueError, match="is described as"):
        agency.desk.acting_as("ana").draft("Lente", profiles=["tulip-x"], media=[video])
    assert agency.desk.posts() == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"card": LinkCard(url="https://a.nl", title="a", image=5)},
            "image of the link card is `5`",
        ),
        ({"media": [Video(digest=ABSENT, cover=5)]}, r"cover of media\[0\] is `5`, not an image"),
        ({"media": [Video(digest=ABSENT, source=5)]}, r"source of media\[0\] is `5`, not a path"),
        ({"media": [Image(digest=ABSENT, data="x")]}, r"media\[0\] is `Image.*not an image"),
    ],
)
def test_media_of_another_type(agency, content, message) -> None:
    """A value of another type in place of an image is an error that names its place."""
    ana = agency.desk.acting_as("ana")
    with pytest.raises(InvalidValueError, match=message):
        ana.draft("Lente", profiles=["tulip-x"], **content)
