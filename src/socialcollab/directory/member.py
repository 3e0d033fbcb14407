"""One person who takes part."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import attrs

from socialcollab.directory.notification_preference import NotificationPreference
from socialcollab.document_fields import (
    Boolean,
    Choice,
    Contact,
    Date,
    Id,
    ListOf,
    NameShape,
    Parsed,
    Section,
    Text,
    shape,
)
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import check_id
from socialcollab.time import BusinessHoursSection, zone


def _as_notify(
    value: str | NotificationPreference | Iterable[str | NotificationPreference],
) -> tuple[NotificationPreference, ...]:
    items = (value,) if isinstance(value, (str, NotificationPreference)) else value
    return tuple(
        NotificationPreference.parse(item) if isinstance(item, str) else item for item in items
    )


def _as_contact(value: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(value))


@attrs.frozen(kw_only=True)
class Member:
    """
    One person who takes part.

    Attributes:
        id: The member's identifier.
        name: The name people know; personal.
        kind: "staff", "client" or "guest".
        of: The workspace a client belongs to; required for clients.
        language: Language of messages to them; empty inherits.
        timezone: IANA name of their zone; empty inherits.
        business_hours: When they work; None inherits.
        notify: How they are told of things, in order of preference.
        contact: Address per channel; personal.
        suspended: Whether all their rights rest.
        left: The first day without them, in their own zone; their name stays for history.

    Raises:
        InvalidValueError: If a value is not what it should be, or a client
            has no workspace.
    """

    id: str = attrs.field(metadata=shape(Id("member")))
    name: str = attrs.field(metadata=shape(Text(at_most=200, personal=True)), default="")
    kind: str = attrs.field(metadata=shape(Choice(("staff", "client", "guest"))), default="staff")
    of: str = attrs.field(metadata=shape(NameShape("workspace")), default="")
    language: str = attrs.field(metadata=shape(Text(at_most=35)), default="")
    timezone: str = attrs.field(metadata=shape(Text(at_most=64)), default="")
    business_hours: BusinessHoursSection | None = attrs.field(
        metadata=shape(Section(BusinessHoursSection)), default=None
    )
    notify: tuple[NotificationPreference, ...] = attrs.field(
        metadata=shape(
            ListOf(
                item=Parsed(
                    grammar=NotificationPreference,
                    name="way to notify",
                    pattern=NotificationPreference.PATTERN,
                )
            )
        ),
        default=(),
        converter=_as_notify,
    )
    contact: Mapping[str, str] = attrs.field(
        metadata=shape(Contact()),
        factory=dict,
        converter=_as_contact,
        hash=False,
        repr=False,
    )
    suspended: bool = attrs.field(metadata=shape(Boolean()), default=False)
    left: dt.date | None = attrs.field(metadata=shape(Date()), default=None)

    def __attrs_post_init__(self) -> None:
        check_id("member", self.id)
        if self.kind not in ("staff", "client", "guest"):
            raise InvalidValueError(
                f"kind `{self.kind}` of member `{self.id}` is not staff, client or guest",
                value=self.kind,
                expected="staff, client or guest",
            )
        if self.kind == "client" and not self.of:
            raise InvalidValueError(
                f"client `{self.id}` has to say of which workspace",
                expected="of = a workspace's id",
            )
        if self.timezone:
            zone(self.timezone)
