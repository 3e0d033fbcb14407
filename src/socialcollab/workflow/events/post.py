"""Post events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import ClassVar

import attrs

from socialcollab.content import PostContent, PostState, Revision
from socialcollab.directory import PostKind
from socialcollab.identifiers import DeliveryId, MemberId, PostId, ProfileId, WorkspaceId
from socialcollab.workflow.events.event import PERSONAL
from socialcollab.workflow.model.policy import StepKey
from socialcollab.workflow.model.request import DecisionVerdict, SubmitTiming


@attrs.frozen(kw_only=True)
class PostDrafted:
    """A member created a post; *conversation* is the conversation that it answers, or empty."""

    TYPE: ClassVar[str] = "post.drafted"

    post: PostId
    workspace: WorkspaceId
    kind: PostKind
    external_id: str
    revision: Revision
    conversation: str = ""
    content: PostContent = attrs.field(metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class PostEdited:
    """
    A new revision was stored.

    Attributes:
        revision: The revision.
        state: The post's state after the edit.
        applicable: The approval steps that apply to the revision.
        pins: The digests of the policies that apply to the revision.
        caught: The holds that stopped the previous revision and that match only some posts. They
            still stop the post even if they do not match the new content.
        content: The content.
    """

    TYPE: ClassVar[str] = "post.edited"

    revision: Revision
    state: PostState
    applicable: frozenset[StepKey] = frozenset()
    pins: Mapping[str, str] = attrs.field(factory=dict)
    caught: tuple[str, ...] = ()
    content: PostContent = attrs.field(metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class PostCommented:
    """A member commented on a post; see `Comment` for the fields."""

    TYPE: ClassVar[str] = "post.commented"

    internal: bool
    reply_to: int | None = None
    mentions: tuple[MemberId, ...] = ()
    text: str = attrs.field(metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class CommentResolved:
    """A member resolved the thread that a comment starts."""

    TYPE: ClassVar[str] = "post.comment_resolved"

    comment: int


@attrs.frozen(kw_only=True)
class PostSubmitted:
    """
    A member submitted a post for approval.

    Attributes:
        revision: The digest of the revision.
        when: When to publish the post after its approval.
        applicable: The approval steps that apply to the post.
        pins: The digests of the policies that apply to the post.
        author_posts: The number of published posts by the post's author, or None if no approval
            step depends on it.
    """

    TYPE: ClassVar[str] = "post.submitted"

    revision: str
    when: SubmitTiming
    applicable: frozenset[StepKey]
    pins: Mapping[str, str]
    author_posts: int | None = None


@attrs.frozen(kw_only=True)
class PostDecided:
    """A member approved the post, requested changes or rejected it; see `Decision`."""

    TYPE: ClassVar[str] = "post.decided"

    verdict: DecisionVerdict
    steps: tuple[StepKey, ...]
    revision: str
    fields: Mapping[str, str]
    applicable: frozenset[StepKey] = frozenset()
    passed: tuple[StepKey, ...] = ()
    pins: Mapping[str, str] = attrs.field(factory=dict)
    on_behalf_of: tuple[MemberId, ...] = ()
    internal: bool = True
    note: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class PostApproved:
    """The last step passed; or, if *alone* is set, a post that needs no step was submitted."""

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
    """The waiting and missed deliveries were cancelled, and the post stays approved."""

    TYPE: ClassVar[str] = "post.unscheduled"


@attrs.frozen(kw_only=True)
class PostWithdrawn:
    """A member withdrew the approval request or the approval."""

    TYPE: ClassVar[str] = "post.withdrawn"


@attrs.frozen(kw_only=True)
class PostCancelled:
    """A member cancelled the post, so that it can never be published."""

    TYPE: ClassVar[str] = "post.cancelled"

    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class PostExpired:
    """The planned time passed before the post was approved."""

    TYPE: ClassVar[str] = "post.expired"


@attrs.frozen(kw_only=True)
class PostBypassed:
    """
    A member approved the post in an emergency, skipping its open approval steps.

    Attributes:
        steps: The skipped steps.
        revision: The digest of the revision that the member saw.
        fields: The salted digest of each field of that revision.
        reviewers: The members who could have decided.
        reason: The reason, as free text.
    """

    TYPE: ClassVar[str] = "post.bypassed"

    steps: tuple[StepKey, ...]
    revision: str
    fields: Mapping[str, str]
    reviewers: tuple[MemberId, ...] = ()
    reason: str = attrs.field(metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class PostExempted:
    """A member allowed the post to be published despite a hold."""

    TYPE: ClassVar[str] = "post.exempted"

    hold: str
    reason: str = attrs.field(metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class PostTakenDown:
    """A member requested a takedown; a new approval is needed to publish on *profiles* again."""

    TYPE: ClassVar[str] = "post.taken_down"

    profiles: tuple[ProfileId, ...]


@attrs.frozen(kw_only=True)
class FindingWaived:
    """A member accepted a finding of the style guide; see `Waiver` for the fields."""

    TYPE: ClassVar[str] = "post.finding_waived"

    code: str
    fields: Mapping[str, str]
    reason: str = attrs.field(metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class ClaimTakenOver:
    """
    A member took over another member's claim on the post or its request.

    Attributes:
        holder: The member who had the claim.
        reason: The reason.
    """

    TYPE: ClassVar[str] = "post.claim_taken_over"

    holder: MemberId
    reason: str = attrs.field(metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class PostReevaluated:
    """
    The open steps, their reviewers and the next timer of a post were recomputed.

    Attributes:
        open_steps: The open steps.
        wake_at: When the timer must evaluate the post next, or None.
        reopened: The open steps that were opened again, and whose clocks restart.
        notified: The reviewers who are notified now, by step. A step that opens has an entry even
            if it has no reviewers.
        aware: The reviewers who need no notification because they already know, by step.
        absent: The reviewers who are absent, by step. They are notified when they are back.
        reachable: The steps on which enough members can decide again.
    """

    TYPE: ClassVar[str] = "post.reevaluated"

    open_steps: tuple[StepKey, ...] = ()
    wake_at: dt.datetime | None = None
    reopened: tuple[StepKey, ...] = ()
    notified: Mapping[str, tuple[MemberId, ...]] = attrs.field(factory=dict, hash=False)
    aware: Mapping[str, tuple[MemberId, ...]] = attrs.field(factory=dict, hash=False)
    absent: Mapping[str, tuple[MemberId, ...]] = attrs.field(factory=dict, hash=False)
    reachable: tuple[StepKey, ...] = ()


@attrs.frozen(kw_only=True)
class DecisionsOutdated:
    """Policies or accounts that the decisions are based on have changed; see `pins`."""

    TYPE: ClassVar[str] = "post.decisions_outdated"

    pins: tuple[str, ...]


@attrs.frozen(kw_only=True)
class StepReminded:
    """The reviewers of an open step who had not decided were reminded."""

    TYPE: ClassVar[str] = "post.step_reminded"

    step: StepKey
    action: str
    to: tuple[MemberId, ...]


@attrs.frozen(kw_only=True)
class StepEscalated:
    """A principal was added to the reviewers of an open step."""

    TYPE: ClassVar[str] = "post.step_escalated"

    step: StepKey
    action: str
    principal: str


@attrs.frozen(kw_only=True)
class StepOverdue:
    """
    An open step became overdue, or cannot pass because too few members can decide.

    Attributes:
        step: The step.
        reviewers: The members who had not approved it.
        unreachable: Whether too few members can decide on it.
    """

    TYPE: ClassVar[str] = "post.step_overdue"

    step: StepKey
    reviewers: tuple[MemberId, ...] = ()
    unreachable: bool = False
