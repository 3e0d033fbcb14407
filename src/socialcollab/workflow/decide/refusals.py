"""Say no to a command, with the reason and what would help."""

from __future__ import annotations

from collections.abc import Iterable

from socialcollab.content import Post, Revision
from socialcollab.errors import NotAllowedError, NotFoundError, StaleError
from socialcollab.identifiers import did_you_mean
from socialcollab.verdicts import Reason, Remedy, Verdict
from socialcollab.workflow.context import Context


def refuse(*because: Reason, remedies: Iterable[Remedy] = ()) -> NotAllowedError:
    """Return the error to raise."""
    return NotAllowedError(Verdict.no(*because, remedies=remedies))


def verdict_on(
    permission: str, places: Iterable[str], context: Context, *, post: Post | None = None
) -> Verdict:
    """
    Return the first refusal among *places*, or a yes.

    A refusal somewhere the actor may not view says nothing of that place, and
    one names nobody whom the actor shares no place with.

    Args:
        permission: What it takes.

        places: Where.

        context: The rules and facts of now.

        post: The post that it is about, if any.
    """
    me, now = context.actor.name, context.now
    wrote = () if post is None else context.authors_for_delegation(post, permission)
    asked = False
    for place in places:
        asked = True
        # The reasons of a yes are nobody's here; those of a no take much longer to find.
        if not context.access.allows(me, permission, place, at=now, authors=wrote):
            verdict = context.access.check(me, permission, place, at=now, authors=wrote)
            return verdict.for_viewer(me)
    return Verdict.yes() if asked else Verdict.no(Reason.of("no_resource"))


def not_visible(verdict: Verdict) -> bool:
    """Tell whether a refusal was about something that the actor may not view."""
    return any(reason.code == "not_visible" for reason in verdict.reasons)


def no_such(kind: str, name: str, known: Iterable[str], context: Context) -> NotFoundError:
    """
    Return the error for a place that does not exist, or that the actor may not view.

    Both read alike, and what is suggested instead is what the actor may view.
    """
    me, now = context.actor.name, context.now
    visible = [one for one in known if context.access.allows(me, "view", one, at=now)]
    return NotFoundError(kind, name, suggestion=did_you_mean(name, visible))


def check_permission(permission: str, post: Post, context: Context) -> None:
    """
    Refuse an actor who lacks *permission* on a target of *post*.

    One who may not even view it learns nothing of it.

    Raises:
        NotFoundError: If the actor may not view the post.

        NotAllowedError: If the actor lacks the permission.
    """
    places = context.resources_of(post)
    verdict = verdict_on(permission, places, context, post=post)
    if verdict:
        return
    if not verdict_on("view", places, context):
        raise NotFoundError("post", post.id)
    raise NotAllowedError(verdict)


def check_state(post: Post, command: str, allowed: Iterable[str]) -> None:
    """
    Refuse a command that the post's state does not take.

    Raises:
        NotAllowedError: If the state is none of *allowed*.
    """
    states = tuple(allowed)
    if post.state not in states:
        raise refuse(
            Reason.of(
                "wrong_state",
                post=post.id,
                state=post.state.value,
                command=command,
                allowed=", ".join(states),
            )
        )


def check_fresh(post: Post, seen: str) -> None:
    """
    Refuse a command on an older revision.

    Raises:
        StaleError: If another revision stands now; it names who changed what.
    """
    if seen == post.digest:
        return
    raise stale(post, post.revision_named(seen), seen)


def stale(post: Post, seen: Revision | None, digest: str) -> StaleError:
    """Return the error that names who changed what since *seen*."""
    since = seen.number if seen else 0
    later = [revision for revision in post.revisions if revision.number > since]
    return StaleError(
        thing=f"post `{post.id}`",
        seen=f"revision {seen.number}" if seen else f"revision {digest[:12]}",
        current=f"revision {post.revision.number}",
        by=", ".join(sorted({revision.author for revision in later})),
        changed=post.revision.changed_since(seen) if seen else (),
    )
