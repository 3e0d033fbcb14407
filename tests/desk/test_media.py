"""Pictures are kept once it is known that they may be used, and a digest alone names only one's own."""

from __future__ import annotations

import attrs
import pytest

from socialcollab.content import Image, PostContent
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.workflow import commands as cm

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
PICTURE = Image.from_bytes(PNG, alt="een tulp")
OTHER = Image.from_bytes(PNG + b"anders", alt="een dijk")


def bare(image: Image) -> Image:
    return attrs.evolve(image, data=None)


def is_kept(agency, image: Image) -> bool:
    try:
        return agency.media.size(image.digest) > 0
    except NotFoundError:
        return False


def test_what_may_not_be_drafted_or_edited_leaves_no_picture_behind(agency) -> None:
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
        assert not is_kept(agency, PICTURE)
    assert (bare(PICTURE),) == ana.edit(post, media=[PICTURE]).media
    assert is_kept(agency, PICTURE)


def test_a_digest_alone_names_what_its_workspace_shows(agency) -> None:
    ana, tom = agency.acting("ana", "tom")
    ana.draft("Lente", profiles=["tulip-x"], media=[PICTURE])
    again = ana.draft("Nog een lente", profiles=["tulip-mastodon"], media=[bare(PICTURE)])
    assert (bare(PICTURE),) == again.media
    # Of another workspace it is as if it were not there, bytes or no bytes in the media.
    dike = tom.draft("Dijk", profiles=["dike-x"])
    for ask in (
        lambda: tom.draft("x", profiles=["dike-x"], media=[bare(PICTURE)]),
        lambda: tom.edit(dike, media=[bare(PICTURE)]),
        lambda: tom.do(
            cm.Draft(
                post="p1",
                workspace="dike",
                content=PostContent(text="x", targets=["dike-x"], media=[bare(PICTURE)]),
                salt=bytes(16),
            )
        ),
        lambda: tom.do(
            cm.Edit(
                post=dike.id,
                seen=dike.digest,
                content=attrs.evolve(dike.content, media=(bare(PICTURE),)),
            )
        ),
    ):
        with pytest.raises(NotFoundError, match=f"no media `{PICTURE.digest}`"):
            ask()
    # Whoever has its bytes has the picture.
    assert (bare(PICTURE),) == tom.edit(dike, media=[PICTURE]).media


def test_a_digest_that_nobody_keeps_is_refused_the_same_way(agency) -> None:
    (ana,) = agency.acting("ana")
    with pytest.raises(NotFoundError, match=f"no media `{OTHER.digest}`"):
        ana.draft("x", profiles=["tulip-x"], media=[bare(OTHER)])


def test_a_post_may_show_again_what_it_has_shown_before(agency) -> None:
    (ana,) = agency.acting("ana")
    first = ana.draft("Lente", profiles=["tulip-x"], media=[PICTURE])
    without = ana.edit(first, media=[])
    assert first.media == ana.edit(without, media=first.media).media


def test_bytes_have_to_be_those_that_the_digest_names(agency) -> None:
    """Else any bytes at all would open the way to a picture of others."""
    ana, tom = agency.acting("ana", "tom")
    ana.draft("Lente", profiles=["tulip-x"], media=[PICTURE])
    forged = attrs.evolve(PICTURE, data=OTHER.data)
    with pytest.raises(InvalidValueError, match=r"bytes of media\[1\] do not have the digest"):
        tom.draft("x", profiles=["dike-x"], media=[OTHER, forged])
    assert not is_kept(agency, OTHER)


def test_clearing_after_an_erasure_takes_in_step_with_what_is_erased(
    open_agency, monkeypatch
) -> None:
    """Each erased post asks for its own pictures, and reads no other post for that."""

    def reads(number: int) -> int:
        agency = open_agency("memory")
        (ana,) = agency.acting("ana")
        for one in range(number):
            picture = Image.from_bytes(PNG + str(one).encode(), alt="x")
            ana.cancel(ana.draft(f"Lente {one}", profiles=["tulip-x"], media=[picture]))
        agency.desk.acting_as("eva").erase(member="ana", reason="left")
        store, asked = agency.desk.engine.store, []
        for name in ("snapshot", "query"):
            call = getattr(store, name)
            monkeypatch.setattr(
                store, name, lambda *a, call=call, **k: asked.append(a) or call(*a, **k)
            )
        agency.desk.run_due()
        assert not agency.media._contents
        return len(asked)

    few, more, most = reads(5), reads(10), reads(20)
    assert most - more == 2 * (more - few)
