"""What the workflow keeps of a post: the post, its approval request and the votes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal

import attrs

from socialcollab.content import Post
from socialcollab.identifiers import MemberId
from socialcollab.workflow.policies import StepKey

__all__ = ["Decision", "DecisionVerdict", "PostRecord", "Request", "When"]

DecisionVerdict = Literal["approve", "request_changes", "reject"]
When = Literal["planned", "next slot", "as soon as approved"]


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
    """

    by: MemberId
    at: dt.datetime
    verdict: DecisionVerdict
    steps: tuple[StepKey, ...]
    revision: str
    fields: Mapping[str, str] = attrs.field(hash=False, repr=False)
    note: str = ""
    passed: tuple[StepKey, ...] = ()


@attrs.frozen(kw_only=True)
class Request:
    """
    One run of a post through its steps.

    Attributes:
        by: Who asked.

        at: When, in UTC.

        when: When the post is to leave once it is approved.

        due: Steps that have been asked for; once due, a step stays due.

        pins: The digest of each policy's wording when it first applied.

        decisions: All votes since, oldest first.
    """

    by: MemberId
    at: dt.datetime
    when: When = "planned"
    due: frozenset[StepKey] = frozenset()
    pins: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    decisions: tuple[Decision, ...] = ()


@attrs.frozen(kw_only=True)
class PostRecord:
    """
    A post with its newest approval request.

    Attributes:
        post: The post.

        request: The request, or None if nobody has asked yet.

        alone: Whether it was approved on one person's word, no step being due.
    """

    post: Post
    request: Request | None = None
    alone: bool = False
