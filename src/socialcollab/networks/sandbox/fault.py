"""What can be made to go wrong in the sandbox."""

from __future__ import annotations

import enum
import hashlib
from typing import Self

import attrs

from socialcollab.errors import InvalidValueError

__all__ = ["Fault", "FaultKind"]


class FaultKind(enum.StrEnum):
    """
    What goes wrong.

    =========================== ======================================================
    no answer after creating    the post is made, and no answer comes
    no answer before creating   nothing is made, and no answer comes
    rate limited                429 with Retry-After, nothing is made
    credentials refused         401 to every request
    rejected                    422 to a creating request, nothing is made
    server error                500 to a creating request, nothing is made
    slow                        a creating request is worked on after *seconds*; if its
                                deadline has passed by then, nothing is made
    cut upload                  an image arrives, and no answer comes
    =========================== ======================================================
    """

    NO_ANSWER_AFTER_CREATING = "no answer after creating"
    NO_ANSWER_BEFORE_CREATING = "no answer before creating"
    RATE_LIMITED = "rate limited"
    CREDENTIALS_REFUSED = "credentials refused"
    REJECTED = "rejected"
    SERVER_ERROR = "server error"
    SLOW = "slow"
    CUT_UPLOAD = "cut upload"


@attrs.frozen(kw_only=True)
class Fault:
    """
    Something that goes wrong, where and how often.

    What has happened is counted in the timeline, so that a fault of one time
    happens once, however often the process starts anew.

    Attributes:
        kind: What goes wrong.

        profile: Only for that profile; empty for any.

        network: Only on that network; empty for any.

        times: How often it happens at most; None for always.

        probability: How likely it is, each time it could happen, from 0 to 1.

        seed: Which of all courses of chance is taken.

        retry_after_s: What "rate limited" tells the sender to wait, in seconds.

        seconds: How long "slow" takes.
    """

    kind: FaultKind = attrs.field(converter=FaultKind)
    profile: str = ""
    network: str = ""
    times: int | None = 1
    probability: float = attrs.field(
        default=1.0, validator=[attrs.validators.ge(0), attrs.validators.le(1)]
    )
    seed: int = 0
    retry_after_s: int = attrs.field(default=60, validator=attrs.validators.ge(0))
    seconds: float = attrs.field(default=1.0, validator=attrs.validators.ge(0))

    def __attrs_post_init__(self) -> None:
        if self.times is not None and self.times < 0:
            raise InvalidValueError(
                f"times of fault `{self.kind}` is {self.times}",
                value=self.times,
                expected="0 or more, or None for always",
            )

    @classmethod
    def no_answer_after_creating(
        cls, *, profile: str = "", network: str = "", times: int | None = 1
    ) -> Self:
        """Make the post, and lose the answer."""
        kind = FaultKind.NO_ANSWER_AFTER_CREATING
        return cls(kind=kind, profile=profile, network=network, times=times)

    @classmethod
    def no_answer_before_creating(
        cls, *, profile: str = "", network: str = "", times: int | None = 1
    ) -> Self:
        """Lose the request."""
        kind = FaultKind.NO_ANSWER_BEFORE_CREATING
        return cls(kind=kind, profile=profile, network=network, times=times)

    @classmethod
    def rate_limited(
        cls,
        *,
        profile: str = "",
        network: str = "",
        times: int | None = 1,
        retry_after_s: int = 60,
    ) -> Self:
        """Ask the sender to wait."""
        return cls(
            kind=FaultKind.RATE_LIMITED,
            profile=profile,
            network=network,
            times=times,
            retry_after_s=retry_after_s,
        )

    @classmethod
    def credentials_refused(
        cls, *, profile: str = "", network: str = "", times: int | None = 1
    ) -> Self:
        """Refuse the credentials."""
        kind = FaultKind.CREDENTIALS_REFUSED
        return cls(kind=kind, profile=profile, network=network, times=times)

    @classmethod
    def rejected(cls, *, profile: str = "", network: str = "", times: int | None = 1) -> Self:
        """Refuse the content."""
        return cls(kind=FaultKind.REJECTED, profile=profile, network=network, times=times)

    @classmethod
    def server_error(cls, *, profile: str = "", network: str = "", times: int | None = 1) -> Self:
        """Fail on the server, with nothing made."""
        return cls(kind=FaultKind.SERVER_ERROR, profile=profile, network=network, times=times)

    @classmethod
    def slow(
        cls,
        *,
        profile: str = "",
        network: str = "",
        times: int | None = 1,
        seconds: float = 1.0,
    ) -> Self:
        """Work on the request late."""
        return cls(
            kind=FaultKind.SLOW, profile=profile, network=network, times=times, seconds=seconds
        )

    @classmethod
    def cut_upload(cls, *, profile: str = "", network: str = "", times: int | None = 1) -> Self:
        """Take an image, and lose the answer."""
        return cls(kind=FaultKind.CUT_UPLOAD, profile=profile, network=network, times=times)

    def concerns(self, *, profile: str, network: str) -> bool:
        """Tell whether it could happen to that profile on that network."""
        return self.profile in ("", profile) and self.network in ("", network)

    def strikes(self, *, chances: int, happened: int) -> bool:
        """
        Tell whether it happens now; the same numbers always give the same answer.

        Args:
            chances: How often it could have happened before.

            happened: How often it did.
        """
        if self.times is not None and happened >= self.times:
            return False
        drawn = hashlib.sha256(f"{self.kind}/{self.seed}/{chances}".encode()).digest()
        return int.from_bytes(drawn[:8], "big") < self.probability * 2**64
