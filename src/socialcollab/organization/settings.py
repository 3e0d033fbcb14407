"""Settings that workspaces and members inherit from their organization."""

from __future__ import annotations

from typing import get_args

import attrs

from socialcollab.collisions import ClaimMode
from socialcollab.document_fields import Choice, Id, Parsed, Section, Text, shape
from socialcollab.identifiers import check_id
from socialcollab.time import BusinessHoursSection, ZoneName


def _as_zone(value: str) -> ZoneName:
    return value if isinstance(value, ZoneName) else ZoneName.parse(value)


@attrs.frozen(kw_only=True)
class Settings:
    """
    The organization's identifier, and the settings that its workspaces and members inherit.

    Attributes:
        id: The identifier.
        name: The name to display.
        timezone: The IANA name of the time zone for workspaces and members that do not specify one.
        language: The language of workspaces and members that do not specify one.
        business_hours: The business hours of workspaces and members that do not specify any.
        claims: Whether another member's claim on a post is only shown ("advisory") or also stops
            edits, submissions, decisions and changes of the time ("hard").

    Raises:
        InvalidValueError: If the identifier or the zone is not valid.
    """

    id: str = attrs.field(metadata=shape(Id("organization")))
    name: str = attrs.field(metadata=shape(Text(at_most=200, personal=True)), default="")
    timezone: str = attrs.field(
        metadata=shape(
            Parsed(grammar=ZoneName, name="time zone", pattern=r"^[A-Za-z][A-Za-z0-9_+/-]{0,63}$")
        ),
        converter=_as_zone,
    )
    language: str = attrs.field(metadata=shape(Text(at_most=35)), default="en")
    business_hours: BusinessHoursSection | None = attrs.field(
        metadata=shape(Section(BusinessHoursSection)), default=None
    )
    claims: ClaimMode = attrs.field(
        metadata=shape(Choice(words=get_args(ClaimMode))), default="advisory"
    )

    def __attrs_post_init__(self) -> None:
        check_id("organization", self.id)
