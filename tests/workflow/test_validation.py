"""Validation of commands: their types, sizes and characters."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest

from socialcollab.content import Image, PostContent
from socialcollab.directory import Selector
from socialcollab.errors import InvalidValueError
from socialcollab.workflow import MAX_ITEMS, MAX_TEXT, check_command
from socialcollab.workflow import commands as cm

COMMANDS = frozenset(
    value for value in vars(cm).values() if isinstance(value, type) and hasattr(value, "NAME")
)
DIGEST = f"sha256:{'0' * 64}"
DRAFT = cm.Draft(post="p1", workspace="tulip", content=PostContent(text="hoi"), salt=bytes(16))


def content(**values: object) -> cm.Draft:
    return attrs.evolve(DRAFT, content=attrs.evolve(DRAFT.content, **values))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "command",
    [
        DRAFT,
        content(language="nl", tags=["a", "b"], media=[Image(digest=DIGEST, alt="a 🌷")]),
        cm.Comment(post="p1", text="x" * MAX_TEXT),
        cm.AddCalendarNote(note="n1", workspace="tulip", date=dt.date(2026, 4, 1), text="x"),
        cm.PlaceHold(hold="h1", on=Selector.EVERYWHERE, reason="x"),
        cm.CancelShiftSwap(swaps="s1"),
    ],
)
def test_valid_commands(command) -> None:
    """A command with values of the declared types is accepted."""
    check_command(command, COMMANDS)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (lambda: None, "`None` is not a command"),
        (lambda: "draft", "`'draft'` is not a command"),
        (lambda: DRAFT.content, "an instance of `PostContent` is not a command"),
        (
            lambda: attrs.evolve(DRAFT, kind="story"),
            '`Draft.kind` is `\'story\'`, not "post" or "reply"',
        ),
        (lambda: attrs.evolve(DRAFT, post=5), "`Draft.post` is `5`, not a string"),
        (lambda: attrs.evolve(DRAFT, salt="x"), "`Draft.salt` is `'x'`, not bytes"),
        (lambda: attrs.evolve(DRAFT, content=None), "`Draft.content` is `None`"),
        (lambda: content(text=5), "`Draft.content.text` is `5`, not a string"),
        (lambda: content(language=5), "`Draft.content.language` is `5`"),
        (lambda: content(campaign=None), "`Draft.content.campaign` is `None`"),
        (lambda: content(planned_at="today"), "`Draft.content.planned_at` is `'today'`"),
        (
            lambda: content(media=[Image(digest=DIGEST, alt=None)]),
            r"`Draft.content.media\[0\].alt` is `None`",
        ),
        (
            lambda: content(media=[Image(digest=DIGEST, size_bytes=True)]),
            r"`Draft.content.media\[0\].size_bytes` is `True`, not a whole number",
        ),
        (lambda: content(media=["a.png"]), r"`Draft.content.media\[0\]` is `'a.png'`"),
        (
            lambda: content(targets=["x"], variants={"x": 5}),
            r"`Draft.content.variants\[0\].text` is `5`",
        ),
        (
            lambda: content(targets=["x"], times={"x": None}),
            r"`Draft.content.times\[0\]\[1\]` is `None`",
        ),
        (lambda: content(tags=[5]), "`5` is not a string"),
        (lambda: content(tags=5), "`5` is not a list of words"),
        (lambda: content(targets=None), "`None` is not a list of words"),
        (lambda: content(media=None), "`None` is not a list of images"),
        (lambda: content(variants=[5]), "`5` is not a variant"),
        (lambda: content(times=[5]), "`5` is not a pair of a profile and a time"),
        (lambda: cm.Approve(post="p1", seen="x", note=5), "`Approve.note` is `5`, not a string"),
        (lambda: cm.Comment(post="p1", text="x", internal=1), "`Comment.internal` is `1`"),
        (
            lambda: cm.Submit(post="p1", seen="x", when="now"),
            '`Submit.when` is `\'now\'`, not "planned" or "next slot"',
        ),
        (
            lambda: cm.StartCampaign(campaign="c", start=dt.datetime.now(dt.UTC)),
            "`StartCampaign.start` is an instance of `datetime`, not a date or None",
        ),
        (lambda: cm.PlaceHold(hold="h", on=5, reason="x"), "`5` is not a selector"),
        (lambda: cm.SwapShift(swaps=5), "`5` is not a list of shift swaps"),
        (lambda: cm.SwapShift(swaps=[5]), r"`SwapShift.swaps\[0\]` is `5`"),
        (lambda: content(text="a\0b"), "contains a NUL character at position 1"),
        (
            lambda: content(tags=["a\nb"]),
            r"`Draft.content.tags\[0\]` contains a line break or a control character at position 1",
        ),
        (
            lambda: content(media=[Image(digest=DIGEST, name="a\r\n.png")]),
            r"`Draft.content.media\[0\].name` contains a line break",
        ),
        (
            lambda: content(links=["https://a.nl\x1b"]),
            "contains a line break or a control character",
        ),
        (lambda: content(tags=["a\ud800"]), "lone surrogate at position 1"),
        (lambda: content(text="x" * (MAX_TEXT + 1)), "100001 characters, more than 100000"),
        (
            lambda: content(tags=map(str, range(MAX_ITEMS + 1))),
            "`Draft.content.tags` has 1001 items",
        ),
    ],
)
def test_invalid_commands(command, message) -> None:
    """A value of the wrong type or size is rejected with one error that names its place."""
    with pytest.raises(InvalidValueError, match=message):
        check_command(command(), COMMANDS)
