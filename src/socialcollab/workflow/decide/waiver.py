"""Let a finding of the style guide pass, with a reason, for a post as it stands."""

from __future__ import annotations

from collections.abc import Iterable

from socialcollab.content import PUBLISHED_FIELDS, Finding, PostContent, field_digests
from socialcollab.errors import InvalidValueError
from socialcollab.verdicts import Reason
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.plan_deliveries import post_event
from socialcollab.workflow.decide.refusals import check_fresh, check_permission, check_state, refuse
from socialcollab.workflow.model.request import PostSnapshot


def waive(snapshot: PostSnapshot, command: cm.Waive, context: Context) -> tuple[ev.Event, ...]:
    """
    Let a finding pass.

    Whoever wrote the post does not waive what the guide says of it: a step may
    depend on that.
    """
    post = snapshot.post
    check_permission("waive", post, context)
    check_state(post, "waive", ("draft", "in_review", "changes_requested", "approved", "expired"))
    check_fresh(post, command.seen)
    if not command.reason.strip():
        raise InvalidValueError("a waiver needs a reason", value=command.reason, expected="why")
    if context.actor.name in post.authors:
        raise refuse(Reason.of("own_waiver", member=context.actor.name, post=post.id))
    codes = sorted({finding.code for finding in context.findings})
    if command.code not in codes:
        raise refuse(
            Reason.of(
                "nothing_to_waive", post=post.id, code=command.code, codes=", ".join(codes) or "-"
            )
        )
    fields = {
        name: digest for name, digest in post.revision.fields.items() if name in PUBLISHED_FIELDS
    }
    data = ev.FindingWaived(code=command.code, fields=fields, reason=command.reason)
    return (post_event(post.id, data, context.actor),)


def not_waived(
    findings: Iterable[Finding], snapshot: PostSnapshot, content: PostContent
) -> tuple[Finding, ...]:
    """
    Return the findings that nobody has let pass.

    Args:
        findings: What the style guide says of *content*.

        snapshot: The post, with its waivers.

        content: What the post holds, or would hold.
    """
    if not snapshot.waivers:
        return tuple(findings)
    digests = field_digests(content, snapshot.post.salt)
    passed = {
        waiver.code
        for waiver in snapshot.waivers
        if all(waiver.fields.get(name) == digests.get(name) for name in PUBLISHED_FIELDS)
    }
    return tuple(finding for finding in findings if finding.code not in passed)
