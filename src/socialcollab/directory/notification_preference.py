"""How a member wants to be told of things."""

from __future__ import annotations

import re
from typing import ClassVar, Self

import attrs

from socialcollab.errors import InvalidValueError


@attrs.frozen
class NotificationPreference:
    """
    A channel, at once or in a daily digest.

    Attributes:
        channel: Such as "slack" or "email".
        digest: The local time of the daily digest, ``HH:MM``, or empty for at once.
    """

    PATTERN: ClassVar[str] = r"^[a-z][a-z0-9_-]{0,30}( digest ([01][0-9]|2[0-3]):[0-5][0-9])?$"

    channel: str
    digest: str = ""

    @classmethod
    def parse(cls, text: str, /) -> Self:
        """
        Read ``slack`` or ``email digest 08:30``.

        >>> NotificationPreference.parse("email digest 08:30")
        NotificationPreference(channel='email', digest='08:30')

        Raises:
            InvalidValueError: If it is neither.
        """
        if not re.fullmatch(cls.PATTERN[1:-1], text):
            raise InvalidValueError(
                f"`{text}` is no way to notify; say a channel, such as `slack`,"
                " or `email digest 08:30`",
                value=text,
                expected="`slack` or `email digest 08:30`",
            )
        channel, _, digest = text.partition(" digest ")
        return cls(channel, digest)

    def __str__(self) -> str:
        return f"{self.channel} digest {self.digest}" if self.digest else self.channel
