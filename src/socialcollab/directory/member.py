"""One person who takes part."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import check_id
from socialcollab.sections import (
    Boolean,
    Choice,
    Contact,
    Id,
    ListOf,
    Parsed,
    Ref,
    Section,
    Text,
    field,
)
from socialcollab.directory.notify import Notify
from socialcollab.time import BusinessHours, check_zone

__all__ = ["Member"]


def _as_notify(value: object) -> tuple[Notify, ...]:
    items = (value,) if isinstance(value, (str, Notify)) else value
    return tuple(
        Notify.parse(item) if isinstance(item, str) else item
        for item in items  # type: ignore[attr-defined]  # what is no sequence fails here
    )


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

    Raises:
        InvalidValueError: If a value is not what it should be, or a client
            has no workspace.
    """

    id: str = field(Id("member"))
    name: str = field(Text(at_most=200, personal=True), default="")
    kind: str = field(Choice(("staff", "client", "guest")), default="staff")
    of: str = field(Ref("workspace"), default="")
    language: str = field(Text(at_most=35), default="")
    timezone: str = field(Text(at_most=64), default="")
    business_hours: BusinessHours | None = field(Section(BusinessHours), default=None)
    notify: tuple[Notify, ...] = field(
        ListOf(item=Parsed(grammar=Notify, name="way to notify", pattern=Notify.PATTERN)),
        default=(),
        converter=_as_notify,
    )
    contact: Mapping[str, str] = field(
        Contact(),
        factory=dict,
        converter=lambda value: MappingProxyType(dict(value)),
        hash=False,
        repr=False,
    )
    suspended: bool = field(Boolean(), default=False)

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
                f"client `{self.id}` has to say of which workspace", expected="of = a workspace's id"
            )
        if self.timezone:
            check_zone(self.timezone)
