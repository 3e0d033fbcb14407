"""Members: people who work on posts, with their notification preferences."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import ClassVar, Self

import attrs

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


@attrs.frozen
class NotificationPreference:
    """
    A channel for notifications, which are sent immediately or collected in a daily digest.

    Attributes:
        channel: The channel, such as "slack" or "email".
        digest: The local time of the daily digest, ``HH:MM``; if empty, notifications are sent
            immediately.
    """

    PATTERN: ClassVar[str] = r"^[a-z][a-z0-9_-]{0,30}( digest ([01][0-9]|2[0-3]):[0-5][0-9])?$"

    channel: str
    digest: str = ""

    @classmethod
    def parse(cls, text: str, /) -> Self:
        """
        Parse ``slack`` or ``email digest 08:30``.

        >>> NotificationPreference.parse("email digest 08:30")
        NotificationPreference(channel='email', digest='08:30')

        Raises:
            InvalidValueError: If *text* has another form.
        """
        if not re.fullmatch(cls.PATTERN[1:-1], text):
            raise InvalidValueError(
                f"`{text}` is not a notification preference; write a channel, such as `slack`,"
                " or `email digest 08:30`",
                value=text,
                expected="`slack` or `email digest 08:30`",
            )
        channel, _, digest = text.partition(" digest ")
        return cls(channel, digest)

    def __str__(self) -> str:
        return f"{self.channel} digest {self.digest}" if self.digest else self.channel


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
    A person who works on posts: a staff member, a client or a guest.

    Attributes:
        id: The member's identifier.
        name: The name to display; personal data.
        kind: "staff", "client" or "guest".
        of: The workspace of a client; required for clients.
        language: The language of messages to the member; if empty, the organization's language.
        timezone: The IANA name of the member's time zone; if empty, the organization's zone.
        business_hours: The member's working hours; if omitted, the organization's hours.
        notify: The channels for notifications, in order of preference.
        contact: The member's address on each channel; personal data.
        suspended: Whether the member temporarily has no permissions.
        left: The first day after the member has left, in the member's time zone. The member
            remains in the document, so that the history can refer to them.

    Raises:
        InvalidValueError: If a value is invalid, or a client has no workspace.
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
                    name="notification preference",
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
                f'client `{self.id}` has no workspace; add of = "..." with its id',
                expected='of = "the id of a workspace"',
            )
        if self.timezone:
            zone(self.timezone)
