"""What can happen to a post."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import ClassVar, TypeAlias

import attrs

from socialcollab.content import PostContent, PostState, Revision
from socialcollab.identifiers import DeliveryId, MemberId, PostId, WorkspaceId
from socialcollab.workflow.events.personal import PERSONAL
from socialcollab.workflow.model.policy import StepKey
from socialcollab.workflow.model.request import DecisionVerdict, SubmitTiming


@attrs.frozen(kw_only=True)
class PostDrafted:
    """A post was begun."""

    TYPE: ClassVar[str] = "post.drafted"

    post: PostId
    workspace: WorkspaceId
    kind: str
    external_id: str
    revision: Revision
    content: PostContent = attrs.field(metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class PostEdited:
    """A new revision was stored; *state* is where the post stands with it."""

    TYPE: ClassVar[str] = "post.edited"

    revision: Revision
    state: PostState
    due: tuple[StepKey, ...] = ()
    pins: Mapping[str, str] = attrs.field(factory=dict)
    content: PostContent = attrs.field(metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class PostCommented:
    """Somebody remarked on a post."""

    TYPE: ClassVar[str] = "post.commented"

    internal: bool
    text: str = attrs.field(metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class PostSubmitted:
    """Somebody asked for sign-off."""

    TYPE: ClassVar[str] = "post.submitted"

    revision: str
    when: SubmitTiming
    due: tuple[StepKey, ...]
    pins: Mapping[str, str]


@attrs.frozen(kw_only=True)
class PostDecided:
    """Somebody voted."""

    TYPE: ClassVar[str] = "post.decided"

    verdict: DecisionVerdict
    steps: tuple[StepKey, ...]
    revision: str
    fields: Mapping[str, str]
    due: tuple[StepKey, ...] = ()
    passed: tuple[StepKey, ...] = ()
    pins: Mapping[str, str] = attrs.field(factory=dict)
    on_behalf_of: tuple[MemberId, ...] = ()
    note: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class PostApproved:
    """Everything that had to be said has been; or, *alone*, one person's word was enough."""

    TYPE: ClassVar[str] = "post.approved"

    revision: str
    alone: bool = False


@attrs.frozen(kw_only=True)
class PostScheduled:
    """Deliveries were planned."""

    TYPE: ClassVar[str] = "post.scheduled"

    deliveries: tuple[DeliveryId, ...]


@attrs.frozen(kw_only=True)
class PostUnscheduled:
    """What waited was called off; the approval stands."""

    TYPE: ClassVar[str] = "post.unscheduled"


@attrs.frozen(kw_only=True)
class PostWithdrawn:
    """The request for sign-off was taken back."""

    TYPE: ClassVar[str] = "post.withdrawn"


@attrs.frozen(kw_only=True)
class PostCancelled:
    """The post was given up for good."""

    TYPE: ClassVar[str] = "post.cancelled"

    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class PostExpired:
    """Its time came before its sign-off."""

    TYPE: ClassVar[str] = "post.expired"


@attrs.frozen(kw_only=True)
class FindingWaived:
    """A finding of the style guide was let pass, for the post as it stands."""

    TYPE: ClassVar[str] = "post.finding_waived"

    code: str
    fields: Mapping[str, str]
    reason: str = attrs.field(metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class PostReevaluated:
    """
    It was reckoned anew which steps are open, and when the timer looks again, if ever.

    Attributes:
        open: The steps that are open.

        wake_at: When the timer looks again.

        anew: Those of the open ones that open a second time.

        told: By step, who is asked now and has not been told of it before; of
            a step that opens, also if there is nobody.

        known: By step, who is asked and knows already.
    """

    TYPE: ClassVar[str] = "post.reevaluated"

    open: tuple[StepKey, ...] = ()
    wake_at: dt.datetime | None = None
    anew: tuple[StepKey, ...] = ()
    notified: Mapping[str, tuple[MemberId, ...]] = attrs.field(factory=dict, hash=False)
    known: Mapping[str, tuple[MemberId, ...]] = attrs.field(factory=dict, hash=False)


@attrs.frozen(kw_only=True)
class DecisionsOutdated:
    """The votes on it rest on policies that say something else now."""

    TYPE: ClassVar[str] = "post.decisions_outdated"

    policies: tuple[str, ...]


@attrs.frozen(kw_only=True)
class StepReminded:
    """Whoever an open step still waits for was reminded."""

    TYPE: ClassVar[str] = "post.step_reminded"

    step: StepKey
    action: str
    to: tuple[MemberId, ...]


@attrs.frozen(kw_only=True)
class StepEscalated:
    """A party is asked to decide on an open step as well."""

    TYPE: ClassVar[str] = "post.step_escalated"

    step: StepKey
    action: str
    principal: str


@attrs.frozen(kw_only=True)
class StepOverdue:
    """The time that an open step's reviewers had has lapsed."""

    TYPE: ClassVar[str] = "post.step_overdue"

    step: StepKey
    asked: tuple[MemberId, ...] = ()


PostEvent: TypeAlias = (
    PostDrafted
    | PostEdited
    | PostCommented
    | PostSubmitted
    | PostDecided
    | PostApproved
    | PostScheduled
    | PostUnscheduled
    | PostWithdrawn
    | PostCancelled
    | PostExpired
    | FindingWaived
    | PostReevaluated
    | DecisionsOutdated
    | StepReminded
    | StepEscalated
    | StepOverdue
)
