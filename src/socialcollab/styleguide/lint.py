"""Read a post against a style guide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from socialcollab.content import SEVERITIES, Finding, Post, PostContent
from socialcollab.directory import NetworkDescription, Profile
from socialcollab.styleguide.guide import StyleGuide
from socialcollab.styleguide.lint_input import LintInput, Neighbour

_FIELDS = ("text", "alt", "links")


def _place(finding: Finding) -> tuple[object, ...]:
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
    Report what *guide* has to say about *post*, by field, target and place.

    >>> guide = StyleGuide.from_dict({"terms": [{"ban": ["cheap"], "why": "say what it costs"}]})
    >>> [finding.message for finding in lint("Fly cheap to Rome", guide)]
    ['avoid `cheap`: say what it costs']

    Args:
        post: A text, a post, or what it holds.
        guide: The style guide.
        profile: The one target: a profile, a network's description, the id of
            one of *profiles*, or a network's name. Without it a post is read
            for all of its targets, a text for none.
        profiles: All profiles that a post's targets may name.
        networks: Descriptions by network name or profile id, for servers and
            accounts with limits of their own.
        workspace: The workspace, where the post does not say.
        neighbours: What belongs to which workspace.
        language: The language, where the post does not say.
        at: When it is to go out, for rules that know dates.

    Raises:
        InvalidValueError: If *profile* names neither a profile nor a network.
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
    # Each once, and findings of one place in the order in which the rule gave them.
    found = dict.fromkeys(
        finding for selected in guide.selected for finding in selected.check(draft)
    )
    return tuple(sorted(found, key=_place))
