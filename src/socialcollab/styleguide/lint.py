"""Check a post against a style guide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from socialcollab.content import SEVERITIES, Finding, Post, PostContent
from socialcollab.directory import NetworkDescription, Profile
from socialcollab.styleguide.guide import StyleGuide
from socialcollab.styleguide.lint_input import LintInput, Neighbour

_FIELDS = ("text", "alt", "links")


def _sort_key(finding: Finding) -> tuple[object, ...]:
    return (
        _FIELDS.index(finding.field) if finding.field in _FIELDS else len(_FIELDS),
        finding.field,
        finding.profile,
        -1 if finding.start is None else finding.start,
        -1 if finding.end is None else finding.end,
        -SEVERITIES.index(finding.severity),
        finding.code,
    )


def lint(
    post: str | PostContent | Post | LintInput,
    guide: StyleGuide,
    *,
    profile: str | Profile | NetworkDescription | None = None,
    profiles: Iterable[Profile] = (),
    networks: Mapping[str, NetworkDescription] | None = None,
    workspace: str = "",
    neighbours: Iterable[Neighbour] = (),
    language: str = "",
    at: dt.datetime | None = None,
) -> tuple[Finding, ...]:
    """
    Return the findings of *guide* in *post*, sorted by field, target and position.

    >>> guide = StyleGuide.from_dict({"terms": [{"ban": ["cheap"], "why": "say what it costs"}]})
    >>> [finding.message for finding in lint("Fly cheap to Rome", guide)]
    ['avoid `cheap`: say what it costs']

    Args:
        post: A text, a post or its content.
        guide: The style guide.
        profile: The only target: a profile, the id of one of *profiles*, a
            network's name or its description. Without it, a post is checked
            for all of its targets, and a text for none.
        profiles: The profiles that the targets of a post refer to.
        networks: Descriptions by network name or profile id, for servers and
            accounts with limits of their own.
        workspace: The workspace, unless the post has one.
        neighbours: The names, domains and handles of all workspaces.
        language: The language, unless the post has one.
        at: The planned time, for rules about dates.

    Raises:
        InvalidValueError: If *profile* is neither a profile nor a network.
        NaiveDatetimeError: If *at* has no UTC offset.
    """
    draft = LintInput.of(
        post,
        profile=profile,
        profiles=profiles,
        networks=networks,
        workspace=workspace,
        neighbours=neighbours,
        language=language,
        at=at,
    )
    # A dictionary removes duplicates and keeps the order in which a rule reports findings
    # at the same position, which sorting does not change.
    findings = dict.fromkeys(finding for rule in guide.rules for finding in rule.check(draft))
    return tuple(sorted(findings, key=_sort_key))
