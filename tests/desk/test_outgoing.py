"""Everything that was approved reaches the adapter, and nothing else."""

from __future__ import annotations

from typing import Any

import attrs
from tests.desk.agency import MINUTE, PLANNED

from socialcollab.content import Image, LinkCard, Poll, Variant
from socialcollab.directory import Profile
from socialcollab.errors import RejectedError
from socialcollab.networks.sandbox.network import Sandbox
from socialcollab.transport import OutgoingPost, Prepared

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


class Recorder:
    """A network whose adapter remembers what it is asked to prepare, and rejects it."""

    def __init__(self, sandbox: Sandbox, seen: list[OutgoingPost]) -> None:
        self.sandbox = sandbox
        self.seen = seen

    def adapter(self, profile: Profile) -> Any:
        seen = self.seen

        class Rejecting:
            """The adapter of the sandbox, which rejects every post."""

            def __init__(self, inner: Any) -> None:
                self.inner = inner

            def __getattr__(self, name: str) -> Any:
                return getattr(self.inner, name)

            def prepare(self, outgoing: OutgoingPost, **_: Any) -> Prepared:
                seen.append(outgoing)
                raise RejectedError("no")

        return Rejecting(self.sandbox.adapter(profile))

    def transport(self, profile: Profile) -> Any:
        return self.sandbox.transport(profile)

    def close(self) -> None:
        """Do nothing; the sandbox is closed by its owner."""


def test_all_fields(open_agency) -> None:
    """Each field of the content is a field of the outgoing post, with the values of the variant."""
    agency = open_agency("memory")
    seen: list[OutgoingPost] = []
    recorder = Recorder(agency.sandbox, seen)
    agency.desk = agency.kind.open(agency.store, **{**agency.options, "networks": {"*": recorder}})
    ana, eva = agency.acting("ana", "eva")
    image = Image.from_bytes(PNG, alt="een tulp")
    fields: dict[str, Any] = {
        "links": ("https://tulip.nl",),
        "language": "nl",
        "labels": ("food",),
        "first_comment": "#tulpen",
        "quote_of": "17",
        "card": LinkCard(url="https://tulip.nl", title="De lente"),
        "visibility": "unlisted",
    }
    variant = Variant("tulip-mastodon", "een", ["twee"], media=[image], paid_partnership=False)
    posts = [
        {**fields, "variants": [variant]},
        {"poll": Poll(options=("rood", "geel")), "reply_to": "18"},
    ]
    for content in posts:
        draft = ana.draft("post", profiles=["tulip-mastodon"], planned_at=PLANNED, **content)
        agency.acting("ben")[0].approve(ana.submit(draft))
    paid = ana.draft("p", profiles=["tulip-x"], planned_at=PLANNED, paid_partnership=True)
    eva.approve(ana.submit(paid))
    agency.run_due(after=MINUTE)
    by_text = {outgoing.text: outgoing for outgoing in seen}
    first, second, third = by_text["een"], by_text["post"], by_text["p"]
    assert {name: getattr(first, name) for name in fields} == fields
    assert (first.thread, first.media) == (("twee",), (attrs.evolve(image, data=None),))
    assert (second.poll, second.reply_to) == (posts[1]["poll"], "18")
    assert (third.paid_partnership, first.paid_partnership) == (True, False)
    named = {field.name for field in attrs.fields(OutgoingPost)} - {"delivery", "profile"}
    assert named == {*fields, "text", "thread", "media", "format", "poll", "reply_to"} | {
        "paid_partnership"
    }
