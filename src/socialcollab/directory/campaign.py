"""Marketing campaigns that posts can belong to."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.document_fields import Date, Id, NameShape, Text, shape
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import check_id


@attrs.frozen(kw_only=True)
class Campaign:
    """
    A marketing campaign that one workspace runs.

    Attributes:
        id: The identifier.
        workspace: The workspace that runs the campaign.
        name: The name to display.
        start: The first day, or None if no start date is set.
        end: The first day after the campaign, or None if no end date is set.
    """

    id: str = attrs.field(metadata=shape(Id("campaign")))
    workspace: str = attrs.field(metadata=shape(NameShape("workspace")))
    name: str = attrs.field(metadata=shape(Text(at_most=200)), default="")
    start: dt.date | None = attrs.field(metadata=shape(Date()), default=None)
    end: dt.date | None = attrs.field(metadata=shape(Date()), default=None)

    def __attrs_post_init__(self) -> None:
        check_id("campaign", self.id)
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise InvalidValueError(
                f"campaign `{self.id}` ends on {self.end}, which is not after its start {self.start}",
                value=self.end,
                expected="an end after the start",
            )
