"""The `[inbox]` section of the document."""

from __future__ import annotations

from typing import Final

import attrs

from socialcollab.directory import Principal, as_principal
from socialcollab.document_fields import Choice, Parsed, PrincipalShape, shape
from socialcollab.errors import InvalidValueError
from socialcollab.time import DURATION_PATTERN, Duration

_CASES: Final = ("propose", "reopen")


def _as_duration(value: str | Duration) -> Duration:
    return value if isinstance(value, Duration) else Duration.parse(value)


@attrs.frozen(kw_only=True)
class InboxSettings:
    """
    How the inbox works.

    Attributes:
        fallback: The member, team or rotation that is accountable for conversations and cases
            without an owner. By default, the lead of the workspace is.
        resolved_cases: What happens to a resolved case if its customer writes again: "propose" to
            reopen it, or "reopen" it at once. The conversation is always reopened.
        recycled_after: How long after it was resolved a conversation counts as recycled if a
            message arrives. It is then proposed to split it off from its case.

    Raises:
        InvalidValueError: If a value is invalid.
    """

    fallback: Principal | None = attrs.field(
        metadata=shape(PrincipalShape(("member", "team", "rotation"))),
        default=None,
        converter=attrs.converters.optional(as_principal),
    )
    resolved_cases: str = attrs.field(metadata=shape(Choice(_CASES)), default="propose")
    recycled_after: Duration = attrs.field(
        metadata=shape(Parsed(grammar=Duration, name="duration", pattern=DURATION_PATTERN)),
        default=Duration(30, "day"),
        converter=_as_duration,
    )

    def __attrs_post_init__(self) -> None:
        if self.resolved_cases not in _CASES:
            raise InvalidValueError(
                f"`resolved_cases` is `{self.resolved_cases}`",
                value=self.resolved_cases,
                expected=" or ".join(_CASES),
            )
        if self.recycled_after.business:
            raise InvalidValueError(
                f"`recycled_after` is `{self.recycled_after}`, which is business time",
                value=str(self.recycled_after),
                expected="a duration such as 30 days",
            )
