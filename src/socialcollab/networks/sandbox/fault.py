"""What can be made to go wrong in the sandbox."""

from __future__ import annotations

import enum
import hashlib
from typing import Literal, Self, get_args

import attrs

from socialcollab.errors import InvalidValueError


class FaultKind(enum.StrEnum):
    """
    What goes wrong.

    =========================== ======================================================
    no answer after creating    the post is made, and no answer comes
    no answer before creating   nothing is made, and no answer comes
    rate limited                429, nothing is made; with Retry-After, unless
                                *retry_after_s* is None
    credentials refused         401 to every request
    rejected                    422, nothing is made
    server error                500, nothing is made
    server error after creating 500, and the post is made
    slow                        a request is worked on after *seconds*; if its
                                deadline has passed by then, nothing is made
    late arrival                no answer comes, and the post is made after *seconds*,
                                whatever deadline its sender had
    duplicate id                nothing is made, and the answer names the profile's
                                latest post
    lagging reads               a look shows nothing younger than *seconds*
    cut upload                  an image arrives, and no answer comes
    half an upload              a part of an image arrives and is thrown away
    =========================== ======================================================

    Those that speak of creating concern changes and removals alike where a
    fault is *on* them.
    """

    NO_ANSWER_AFTER_CREATING = "no answer after creating"
    NO_ANSWER_BEFORE_CREATING = "no answer before creating"
    RATE_LIMITED = "rate limited"
    CREDENTIALS_REFUSED = "credentials refused"
    REJECTED = "rejected"
    SERVER_ERROR = "server error"
    SERVER_ERROR_AFTER_CREATING = "server error after creating"
    SLOW = "slow"
    LATE_ARRIVAL = "late arrival"
    DUPLICATE_ID = "duplicate id"
    LAGGING_READS = "lagging reads"
    CUT_UPLOAD = "cut upload"
    HALF_AN_UPLOAD = "half an upload"


On = Literal["create", "amend", "take_down", "find"]
"""Which requests a fault strikes."""


@attrs.frozen(kw_only=True)
class InjectedFault:
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

        retry_after_s: What "rate limited" tells the sender to wait, in
            seconds; None tells nothing.

        seconds: How long "slow" and "late arrival" take, and reads lag.

        on: Which requests it strikes: "create", "amend", "take_down" or "find".
    """

    kind: FaultKind = attrs.field(converter=FaultKind)
    profile: str = ""
    network: str = ""
    times: int | None = 1
    probability: float = attrs.field(
        default=1.0, validator=[attrs.validators.ge(0), attrs.validators.le(1)]
    )
    seed: int = 0
    retry_after_s: int | None = 60
    seconds: float = attrs.field(default=1.0, validator=attrs.validators.ge(0))
    on: On = attrs.field(default="create", validator=attrs.validators.in_(get_args(On)))

    def __attrs_post_init__(self) -> None:
        if self.retry_after_s is not None and self.retry_after_s < 0:
            raise InvalidValueError(
                f"retry_after_s of fault `{self.kind}` is {self.retry_after_s}",
                value=self.retry_after_s,
                expected="0 or more, or None to tell nothing",
            )
        if self.times is not None and self.times < 0:
            raise InvalidValueError(
                f"times of fault `{self.kind}` is {self.times}",
                value=self.times,
                expected="0 or more, or None for always",
            )

    @classmethod
    def no_answer_after_creating(
        cls,
        *,
        profile: str = "",
        network: str = "",
        times: int | None = 1,
        on: On = "create",
    ) -> Self:
        """Do it, and lose the answer."""
        return cls(
            kind=FaultKind.NO_ANSWER_AFTER_CREATING,
            profile=profile,
            network=network,
            times=times,
            on=on,
        )

    @classmethod
    def no_answer_before_creating(
        cls,
        *,
        profile: str = "",
        network: str = "",
        times: int | None = 1,
        on: On = "create",
    ) -> Self:
        """Lose the request."""
        return cls(
            kind=FaultKind.NO_ANSWER_BEFORE_CREATING,
            profile=profile,
            network=network,
            times=times,
            on=on,
        )

    @classmethod
    def rate_limited(
        cls,
        *,
        profile: str = "",
        network: str = "",
        times: int | None = 1,
        retry_after_s: int | None = 60,
        on: On = "create",
    ) -> Self:
        """Ask the sender to wait."""
        return cls(
            kind=FaultKind.RATE_LIMITED,
            profile=profile,
            network=network,
            times=times,
            retry_after_s=retry_after_s,
            on=on,
        )

    @classmethod
    def credentials_refused(
        cls,
        *,
        profile: str = "",
        network: str = "",
        times: int | None = 1,
    ) -> Self:
        """Refuse the credentials."""
        return cls(
            kind=FaultKind.CREDENTIALS_REFUSED,
            profile=profile,
            network=network,
            times=times,
        )

    @classmethod
    def rejected(
        cls,
        *,
        profile: str = "",
        network: str = "",
        times: int | None = 1,
        on: On = "create",
    ) -> Self:
        """Refuse the content."""
        return cls(
            kind=FaultKind.REJECTED,
            profile=profile,
            network=network,
            times=times,
            on=on,
        )

    @classmethod
    def server_error(
        cls,
        *,
        profile: str = "",
        network: str = "",
        times: int | None = 1,
        on: On = "create",
    ) -> Self:
        """Fail on the server, with nothing done."""
        return cls(
            kind=FaultKind.SERVER_ERROR,
            profile=profile,
            network=network,
            times=times,
            on=on,
        )

    @classmethod
    def server_error_after_creating(
        cls,
        *,
        profile: str = "",
        network: str = "",
        times: int | None = 1,
        on: On = "create",
    ) -> Self:
        """Do it, and fail on the server then."""
        return cls(
            kind=FaultKind.SERVER_ERROR_AFTER_CREATING,
            profile=profile,
            network=network,
            times=times,
            on=on,
        )

    @classmethod
    def slow(
        cls,
        *,
        profile: str = "",
        network: str = "",
        times: int | None = 1,
        seconds: float = 1.0,
        on: On = "create",
    ) -> Self:
        """Work on the request late."""
        return cls(
            kind=FaultKind.SLOW,
            profile=profile,
            network=network,
            times=times,
            seconds=seconds,
            on=on,
        )

    @classmethod
    def late_arrival(
        cls,
        *,
        profile: str = "",
        network: str = "",
        times: int | None = 1,
        seconds: float = 60.0,
    ) -> Self:
        """Make the post when its sender has given up."""
        return cls(
            kind=FaultKind.LATE_ARRIVAL,
            profile=profile,
            network=network,
            times=times,
            seconds=seconds,
        )

    @classmethod
    def duplicate_id(
        cls,
        *,
        profile: str = "",
        network: str = "",
        times: int | None = 1,
    ) -> Self:
        """Answer with the id of another post."""
        return cls(
            kind=FaultKind.DUPLICATE_ID,
            profile=profile,
            network=network,
            times=times,
        )

    @classmethod
    def lagging_reads(
        cls,
        *,
        profile: str = "",
        network: str = "",
        times: int | None = 1,
        seconds: float = 60.0,
    ) -> Self:
        """Show posts to a look only after a while."""
        return cls(
            kind=FaultKind.LAGGING_READS,
            profile=profile,
            network=network,
            times=times,
            seconds=seconds,
            on="find",
        )

    @classmethod
    def cut_upload(
        cls,
        *,
        profile: str = "",
        network: str = "",
        times: int | None = 1,
    ) -> Self:
        """Take an image, and lose the answer."""
        return cls(
            kind=FaultKind.CUT_UPLOAD,
            profile=profile,
            network=network,
            times=times,
        )

    @classmethod
    def half_an_upload(
        cls,
        *,
        profile: str = "",
        network: str = "",
        times: int | None = 1,
    ) -> Self:
        """Break off in the middle of an image."""
        return cls(
            kind=FaultKind.HALF_AN_UPLOAD,
            profile=profile,
            network=network,
            times=times,
        )

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
