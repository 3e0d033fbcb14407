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
    Check *post* against *guide* and return the findings, sorted by field, target and position.

    >>> guide = StyleGuide.from_dict({"terms": [{"ban": ["cheap"], "why": "say what it costs"}]})
    >>> [finding.message for finding in lint("Fly cheap to Rome", guide)]
    ['avoid `cheap`: say what it costs']

    Args:
        post: A text, a post or a post's content.
        guide: The style guide.
        profile: The only target to check: a profile, the id of one of
            *profiles*, the name of a network or its description. By default, a
            post is checked for all of its targets, and a text for no target.
        profiles: The profiles that a post's targets refer to.
        networks: Descriptions by network name or profile id, for servers and
            accounts with different limits.
        workspace: The workspace to assume if the post has none.
        neighbours: The names, domains and handles of all workspaces.
        language: The language to assume if the post has none.
        at: The planned time, for rules about dates.

    Raises:
        InvalidValueError: If *profile* refers to neither a profile nor a network.
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
    # The dictionary removes duplicates. It also preserves the order in which a rule reports
    # findings at the same position, and the stable sort keeps that order.
    findings = dict.fromkeys(finding for rule in guide.rules for finding in rule.check(draft))
    return tuple(sorted(findings, key=_sort_key))
