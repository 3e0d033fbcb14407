"""Commands that only a desk can handle, because they depend on the whole journal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import ClassVar, Final, TypeAlias, get_args

import attrs

from socialcollab.desk.queries.offboarding_plan import OffboardingPlan
from socialcollab.desk.queries.proposal import Proposal
from socialcollab.inbox import InboxCommand
from socialcollab.workflow import COMPUTED
from socialcollab.workflow import commands as cm


@attrs.frozen(kw_only=True)
class Adopt:
    """Make a proposed document the active one."""

    NAME: ClassVar[str] = "adopt"

    proposal: Proposal = attrs.field(metadata=COMPUTED)
    reason: str


@attrs.frozen(kw_only=True)
class Offboard:
    """
    Offboard a member and hand over everything that depends on them.

    Attributes:
        member: The member who leaves.
        successors: The members who take over, by place in the document or by section.
        date: The first day without the member; today if None.
        reason: Why the member leaves.
        seen: The plan that the actor saw, or None if they did not see a plan. The command is
            refused if an item that is not in the plan depends on the member.
    """

    NAME: ClassVar[str] = "offboard"

    member: str
    successors: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    date: dt.date | None = None
    reason: str
    seen: OffboardingPlan | None = attrs.field(default=None, hash=False, metadata=COMPUTED)


@attrs.frozen(kw_only=True)
class Erase:
    """
    Erase the personal data of a member or of one post; exactly one of the two must be given.

    Attributes:
        member: The member's id, or an empty string.
        post: The post's id, or an empty string.
    """

    NAME: ClassVar[str] = "erase"

    member: str = ""
    post: str = ""
    reason: str


Command: TypeAlias = (
    cm.PostCommand
    | cm.RuntimeCommand
    | cm.NativePostCommand
    | cm.ConnectionCommand
    | InboxCommand
    | Adopt
    | Offboard
    | Erase
)

COMMANDS: Final[frozenset[type]] = frozenset(get_args(Command))
"""The union of all command classes."""
