"""Commands that are about no single post."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, TypeAlias

import attrs

from socialcollab.directory import Selector, as_selector
from socialcollab.workflow.commands import PostCommand

__all__ = ["Command", "Resume", "SetHold", "WriteNote"]


@attrs.frozen(kw_only=True)
class SetHold:
    """
    Stop everything that a selector takes in, now.

    Attributes:
        hold: Its identifier to be.

        on: What it stops.

        reason: Why.

        until: When it ends by itself, or None.
    """

    NAME: ClassVar[str] = "hold"

    hold: str
    on: Selector = attrs.field(converter=as_selector)
    reason: str
    until: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class Resume:
    """Lift a hold."""

    NAME: ClassVar[str] = "resume"

    hold: str


@attrs.frozen(kw_only=True)
class WriteNote:
    """Put a note on the calendar of a workspace."""

    NAME: ClassVar[str] = "note"

    note: str
    workspace: str
    on: dt.date
    text: str


Command: TypeAlias = PostCommand | SetHold | Resume | WriteNote
