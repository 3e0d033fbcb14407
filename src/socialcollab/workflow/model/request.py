"""What the workflow keeps of a post: the post, its approval request and the votes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal

import attrs

from socialcollab.content import Post
from socialcollab.identifiers import MemberId
from socialcollab.workflow.model.policy import StepKey

DecisionVerdict = Literal["approve", "request_changes", "reject"]
SubmitTiming = Literal["planned", "next slot", "as soon as approved"]


@attrs.frozen(kw_only=True)
class Decision:
    """
    One vote.

    Attributes:
        by: Who voted.

        at: When, in UTC.

        verdict: What was said.

        steps: The steps it counts for.

        revision: Digest of the revision that was seen.

        fields: The salted digest of each field as it was seen.

        note: What was said with it.

        passed: Those of the steps that passed with this vote.

        on_behalf_of: Whom the voter stood in for on one of the steps, sorted.
    """

    by: MemberId
    at: dt.datetime
    verdict: DecisionVerdict
    steps: tuple[StepKey, ...]
    revision: str
    fields: Mapping[str, str] = attrs.field(hash=False, repr=False)
    note: str = ""
    passed: tuple[StepKey, ...] = ()
    on_behalf_of: tuple[MemberId, ...] = ()


@attrs.frozen(kw_only=True)
class StepClock:
    """
    Since when a step is open, and what has come of its waiting.

    Attributes:
        key: The step.

        opened_at: When it opened, in UTC.

        done: What the policy had done meanwhile, as it words it.

        overdue: Whether its time has lapsed.

        added: Parties that an escalation asks as well.

        told: Who knows that the step asks them; None where an earlier version
            of this library opened it, which did not keep that.
    """

    key: StepKey
    opened_at: dt.datetime
    done: tuple[str, ...] = ()
    overdue: bool = False
    added: tuple[str, ...] = ()
    notified: tuple[MemberId, ...] | None = None


@attrs.frozen(kw_only=True)
class ApprovalRequest:
    """
    One run of a post through its steps.

    Attributes:
        by: Who asked.

        at: When, in UTC.

        when: When the post is to leave once it is approved.

        due: Steps that have been asked for; once due, a step stays due.

        pins: The digest of each policy's wording when it first applied.

        decisions: All votes since, oldest first.

        clocks: The steps that are open, by key.

        evaluated: Whether *clocks* and *wake_at* have been worked out.

        wake_at: When the timer looks at it again, in UTC, or None.

        outdated: Whether it was found to rest on policies that say something else now.
    """

    by: MemberId
    at: dt.datetime
    when: SubmitTiming = "planned"
    due: frozenset[StepKey] = frozenset()
    pins: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    decisions: tuple[Decision, ...] = ()
    clocks: tuple[StepClock, ...] = ()
    evaluated: bool = False
    wake_at: dt.datetime | None = None
    outdated: bool = False

    def clock(self, key: StepKey) -> StepClock | None:
        """Return the clock of an open step, or None."""
        return next((clock for clock in self.clocks if clock.key == key), None)


@attrs.frozen(kw_only=True)
class Waiver:
    """
    A finding of the style guide that somebody let pass.

    Attributes:
        code: The rule's code, such as "SG102".

        fields: The salted digest of each published field as it was then: once
            one differs, the waiver is over.

        by: Who let it pass.

        at: When, in UTC.

        reason: Why.
    """

    code: str
    fields: Mapping[str, str] = attrs.field(hash=False, repr=False)
    by: MemberId
    at: dt.datetime
    reason: str = ""


@attrs.frozen(kw_only=True)
class PostSnapshot:
    """
    A post with its newest approval request.

    Attributes:
        post: The post.

        request: The request, or None if nobody has asked yet.

        alone: Whether it was approved on one person's word, no step being due.

        waivers: The findings of the style guide that somebody let pass.
    """

    post: Post
    request: ApprovalRequest | None = None
    alone: bool = False
    waivers: tuple[Waiver, ...] = ()
