"""Workspaces: brands, or clients of an agency."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import attrs

from socialcollab.document_fields import (
    Choice,
    Id,
    ListOf,
    NameShape,
    Section,
    Text,
    as_words,
    shape,
)
from socialcollab.identifiers import check_id
from socialcollab.time import BusinessHoursSection, zone

ClientsSee: TypeAlias = Literal["submitted", "scheduled", "all"]


@attrs.frozen(kw_only=True)
class Workspace:
    """
    A brand, or a client of an agency, that owns profiles.

    Attributes:
        id: The identifier.
        name: The name to display.
        language: The default language of posts; if empty, the organization's language.
        timezone: The IANA name of the time zone for all times; if empty, the organization's zone.
        business_hours: The business hours; if omitted, the organization's hours.
        lead: The member who is accountable if no other member is.
        default_approval: The approval policy for posts that match no other
            policy, or "none".
        domains: The web domains of the workspace; the style guide reports links to these domains in
            posts in other workspaces.
        clients_see: The stage from which clients and guests can view the posts of other members:
            "submitted" for approval, "scheduled", or "all" posts including drafts. With
            "scheduled", members with the `approve` permission also see posts in review.
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
    clients_see: ClientsSee = attrs.field(
        metadata=shape(Choice(get_args(ClientsSee))),
        default="submitted",
        validator=attrs.validators.in_(get_args(ClientsSee)),
    )

    def __attrs_post_init__(self) -> None:
        check_id("workspace", self.id)
        check_id("member", self.lead)
        if self.timezone:
            zone(self.timezone)
