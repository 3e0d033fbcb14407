"""Find the clashes that the posts of an import cause or would cause."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from socialcollab.content import PostContent
from socialcollab.desk.engine import Engine
from socialcollab.desk.queries.calendar import full_calendar
from socialcollab.directory import PostAttributes
from socialcollab.effects import Effects
from socialcollab.scheduling import Clash, Entry, check_time
from socialcollab.workflow import Actor

# Posts further apart than this cannot clash unless a slot plan requires a longer gap.
_MARGIN = dt.timedelta(days=2)


def clashes_of(
    engine: Engine, actor: Actor, plans: Mapping[str, PostContent]
) -> Effects[dict[str, tuple[Clash, ...]]]:
    """
    Return the clashes of planned posts with one another and with the calendar that the actor sees.

    Args:
        engine: The desk's engine.
        actor: The member who imports the posts.
        plans: The content of each post by its id, or by a placeholder if the post is not stored.
    """
    organization = (state := (yield from engine.state())).organization
    profiles = organization.profiles_by_id
    entries = [
        Entry(
            profile=target,
            at=at.instant,
            post=post,
            title=" ".join(content.text_for(target).split()),
            state="draft",
            attributes=PostAttributes(
                post_tag=content.tags,
                campaign=content.campaign,
                language=content.language
                or organization.languages.get(profiles[target].workspace, ""),
            ),
        )
        for post, content in plans.items()
        for target in content.targets
        if target in profiles and (at := content.time_for(target)) is not None
    ]
    if not entries:
        return {}
    workspaces = {profiles[entry.profile].workspace for entry in entries}
    calendar = yield from full_calendar(
        engine,
        state,
        start=min(entry.at for entry in entries) - _MARGIN,
        end=max(entry.at for entry in entries) + _MARGIN,
        workspace=workspaces.pop() if len(workspaces) == 1 else "",
        viewer=actor.name,
    )
    entries = [entry for entry in entries if entry.profile in calendar.profile_calendars]
    stored = {(entry.post, entry.profile, entry.at) for entry in calendar.entries()}
    calendar = calendar.with_entries(
        *(entry for entry in entries if (entry.post, entry.profile, entry.at) not in stored)
    )
    clashes: dict[str, tuple[Clash, ...]] = {}
    for entry in entries:
        found = check_time(
            calendar, entry.profile, entry.at, attributes=entry.attributes, post=entry.post
        )
        clashes[entry.post] = (*clashes.get(entry.post, ()), *found)
    return clashes
