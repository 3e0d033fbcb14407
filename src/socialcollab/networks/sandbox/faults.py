"""Faults that can be injected into the sandbox."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping
from typing import Final, Literal, get_args

import attrs

from socialcollab.errors import InvalidValueError


class FaultKind(enum.StrEnum):
    """
    The kind of an injected fault, which determines the effect and the response of a request.

    ================= ===============================================================
    lost_answer       the request is carried out, but the response is lost
    lost_request      the request is not carried out, and there is no response
    rate_limited      429 with ``Retry-After``; the request is not carried out
    unauthorized      401; no request is carried out
    rejected          422; the request is not carried out
    server_error      500; the request is not carried out
    late_server_error 500, although the request is carried out
    slow              the request is carried out after a delay, if its deadline allows
    late_arrival      there is no response, and the post is created after a delay, even if
                      the deadline has passed
    duplicate_id      nothing is created; the response has the id of the profile's latest post
    lagging_reads     lookups do not find a post until a delay has passed
    ================= ===============================================================
    """

    LOST_ANSWER = "lost_answer"
    LOST_REQUEST = "lost_request"
    RATE_LIMITED = "rate_limited"
    UNAUTHORIZED = "unauthorized"
    REJECTED = "rejected"
    SERVER_ERROR = "server_error"
    LATE_SERVER_ERROR = "late_server_error"
    SLOW = "slow"
    LATE_ARRIVAL = "late_arrival"
    DUPLICATE_ID = "duplicate_id"
    LAGGING_READS = "lagging_reads"


Action = Literal["create", "amend", "take_down", "find", "upload", "any"]
"""The kind of request that a fault affects."""

_POST_ACTIONS: Final[tuple[Action, ...]] = ("create", "amend", "take_down", "find")
# For each kind, the actions that it can affect; the first one is the default.
_ACTIONS: Final[Mapping[FaultKind, tuple[Action, ...]]] = {
    **dict.fromkeys(FaultKind, _POST_ACTIONS),
    FaultKind.LOST_ANSWER: (*_POST_ACTIONS, "upload"),
    FaultKind.LOST_REQUEST: (*_POST_ACTIONS, "upload"),
    FaultKind.UNAUTHORIZED: ("any",),
    FaultKind.LATE_ARRIVAL: ("create",),
    FaultKind.DUPLICATE_ID: ("create",),
    FaultKind.LAGGING_READS: ("find",),
}
_DELAYS_S: Final[Mapping[FaultKind, float]] = {
    FaultKind.SLOW: 1.0,
    FaultKind.LATE_ARRIVAL: 60.0,
    FaultKind.LAGGING_READS: 60.0,
}
_RETRY_AFTER_S: Final = 60


def _as_kind(value: str) -> FaultKind:
    try:
        return FaultKind(value)
    except ValueError:
        raise InvalidValueError(
            f"`{value}` is not a kind of fault", value=value, expected=", ".join(FaultKind)
        ) from None


def _default_action(fault: InjectedFault) -> Action:
    return _ACTIONS[fault.kind][0]


def _default_delay_s(fault: InjectedFault) -> float:
    return _DELAYS_S.get(fault.kind, 0.0)


@attrs.frozen
class InjectedFault:
    """
    A fault that the sandbox injects.

    The sandbox counts faults in its folder, so a fault that happens once does not happen again
    after a restart.

    >>> InjectedFault("rate_limited", profile="tulip-x", retry_after_s=600).on
    'create'

    Args:
        kind: A `FaultKind` or its value, such as ``"lost_answer"``.
        profile: The affected profile; empty for all profiles.
        network: The affected network; empty for all networks.
        times: The maximum number of times that the fault happens; None for no limit.
        probability: The probability that the fault happens at each opportunity, from 0 to 1.
        seed: The seed of the random decisions; the same seed always produces the same decisions.
        on: The kind of request that is affected. The default is "find" for ``lagging_reads``,
            "any" for ``unauthorized``, and "create" for all other kinds of fault.
        retry_after_s: The number of seconds in the ``Retry-After`` header of ``rate_limited``;
            None to omit the header.
        delay_s: The delay of ``slow``, ``late_arrival`` and ``lagging_reads``, in seconds.

    Raises:
        InvalidValueError: If a value is out of range or does not apply to the kind.
    """

    kind: FaultKind = attrs.field(converter=_as_kind)
    profile: str = attrs.field(default="", kw_only=True)
    network: str = attrs.field(default="", kw_only=True)
    times: int | None = attrs.field(default=1, kw_only=True)
    probability: float = attrs.field(default=1.0, kw_only=True)
    seed: int = attrs.field(default=0, kw_only=True)
    on: Action = attrs.field(default=attrs.Factory(_default_action, takes_self=True), kw_only=True)
    retry_after_s: int | None = attrs.field(default=_RETRY_AFTER_S, kw_only=True)
    delay_s: float = attrs.field(
        default=attrs.Factory(_default_delay_s, takes_self=True), kw_only=True
    )

    def __attrs_post_init__(self) -> None:
        actions = _ACTIONS[self.kind]
        if self.on not in actions:
            known = self.on in get_args(Action)
            raise InvalidValueError(
                f"fault `{self.kind}` cannot affect `{self.on}` requests"
                if known
                else f"`{self.on}` is not an action of the sandbox",
                value=self.on,
                expected=", ".join(actions),
            )
        if self.times is not None and self.times < 0:
            raise self._out_of_range("times", self.times, "0 or more, or None for no limit")
        if not 0 <= self.probability <= 1:
            raise self._out_of_range("probability", self.probability, "a number between 0 and 1")
        if self.retry_after_s is not None and self.retry_after_s < 0:
            raise self._out_of_range(
                "retry_after_s", self.retry_after_s, "0 or more, or None to omit the header"
            )
        if self.delay_s < 0:
            raise self._out_of_range("delay_s", self.delay_s, "0 or more")
        if self.retry_after_s != _RETRY_AFTER_S and self.kind is not FaultKind.RATE_LIMITED:
            raise self._not_applicable("retry_after_s", self.retry_after_s, "`rate_limited`")
        if self.delay_s and self.kind not in _DELAYS_S:
            kinds = ", ".join(f"`{kind}`" for kind in _DELAYS_S)
            raise self._not_applicable("delay_s", self.delay_s, kinds)

    def _out_of_range(self, name: str, value: object, expected: str) -> InvalidValueError:
        return InvalidValueError(
            f"{name} of fault `{self.kind}` is {value}", value=value, expected=expected
        )

    def _not_applicable(self, name: str, value: object, kinds: str) -> InvalidValueError:
        return InvalidValueError(
            f"{name} does not apply to fault `{self.kind}`, only to {kinds}",
            value=value,
            expected=f"no {name}",
        )

    def affects(self, *, profile: str, network: str) -> bool:
        """Return whether the fault affects requests of this profile on this network."""
        return self.profile in ("", profile) and self.network in ("", network)

    def happens(self, *, chances: int, happened: int) -> bool:
        """
        Return whether the fault happens now.

        The result depends only on the fault and the arguments.

        Args:
            chances: The number of earlier opportunities.
            happened: The number of times that the fault has happened.
        """
        if self.times is not None and happened >= self.times:
            return False
        drawn = hashlib.sha256(f"{self.kind}/{self.seed}/{chances}".encode()).digest()
        return int.from_bytes(drawn[:8], "big") < self.probability * 2**64
