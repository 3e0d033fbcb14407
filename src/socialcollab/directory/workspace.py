"""A brand, or a client of an agency."""

from __future__ import annotations

import attrs

from socialcollab.document_fields import Id, ListOf, NameShape, Section, Text, as_words, shape
from socialcollab.identifiers import check_id
from socialcollab.time import BusinessHoursSection, zone


@attrs.frozen(kw_only=True)
class Workspace:
    """
    A brand, or a client of an agency: what profiles belong to.

    Attributes:
        id: Its identifier.
        name: Its name as people say it.
        language: The language its posts are in unless they say otherwise; empty
            inherits the organization's.
        timezone: IANA name of the zone its times are read in; empty inherits.
        business_hours: When its people work; None inherits.
        lead: The member accountable for what nobody else owns.
        default_approval: The approval policy for posts that no policy matches,
            or "none".
        domains: Web domains that are its own, so that another workspace's
            links are noticed.
    """

    id: str = attrs.field(metadata=shape(Id("workspace")))
    name: str = attrs.field(metadata=shape(Text(at_most=200, personal=True)), default="")
    language: str = attrs.field(metadata=shape(Text(at_most=35)), default="")
    timezone: str = attrs.field(metadata=shape(Text(at_most=64)), default="")
    business_hours: BusinessHoursSection | None = attrs.field(
        metadata=shape(Section(BusinessHoursSection)), default=None
    )
    lead: str = attrs.field(metadata=shape(NameShape("member")))
    default_approval: str = attrs.field(metadata=shape(NameShape("policy", also=("none",))))
    domains: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=Text(at_most=253))), default=(), converter=as_words
    )

    def __attrs_post_init__(self) -> None:
        check_id("workspace", self.id)
        check_id("member", self.lead)
        if self.timezone:
            zone(self.timezone)
