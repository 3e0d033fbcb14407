"""Refusals: shared checks of the deciders, and the errors that they raise."""

from __future__ import annotations

from collections.abc import Iterable

from socialcollab.content import Post, Revision, post_reason
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError, StaleError
from socialcollab.identifiers import check_id, did_you_mean
from socialcollab.verdicts import Reason, Remedy, Verdict
from socialcollab.workflow.context import Context, permission_for


def refuse(*reasons: Reason, remedies: Iterable[Remedy] = ()) -> NotAllowedError:
    """Return the error to raise for a refusal."""
    return NotAllowedError(Verdict.no(*reasons, remedies=remedies))


def verdict_on(
    permission: str, resources: Iterable[str], context: Context, *, post: Post | None = None
) -> Verdict:
    """
    Return whether the actor has a permission on all *resources*.

    The verdict is filtered for the actor. It reveals nothing about resources that the actor cannot
    view, and does not name members with whom the actor has no resource in common.

    Args:
        permission: The permission.
        resources: The resources; if there are none, the answer is no.
        context: The current rules.
        post: The post of the command; a delegate must not act for its authors.
    """
    me, now = context.actor.name, context.now
    authors = () if post is None else context.authors_for_delegation(post, permission)
    if post is not None:
        permission = permission_for(permission, post)
    needed = tuple(resources)
    # `check_all` is called only for a refusal, because collecting the reasons is slow and the
    # reasons for an allowed action are not used here.
    if all(
        context.access.allows(me, permission, resource, at=now, authors=authors)
        for resource in needed
    ):
        return Verdict.yes() if needed else Verdict.no(Reason.of("no_resource"))
    verdict = context.access.check_all(me, permission, needed, at=now, authors=authors)
    return verdict.for_viewer(me)


def is_staff(context: Context) -> bool:
    """Return whether the actor is staff, rather than a client or a guest."""
    member = context.access.member(context.actor.name)
    return member is None or member.kind == "staff"


def check_new_id(kind: str, value: str, known: Iterable[str]) -> None:
    """
    Check the identifier that a caller has chosen for a new object.

    Raises:
        InvalidValueError: If *value* is not a valid identifier, or is one of *known*.
    """
    check_id(kind, value)
    if value in known:
        raise InvalidValueError(
            f"{kind} `{value}` already exists",
            value=value,
            expected=f"an identifier that no {kind} has",
        )


def not_visible(verdict: Verdict) -> bool:
    """Return whether a refusal is about a resource that the actor cannot view."""
    return any(reason.code == "not_visible" for reason in verdict.reasons)


def no_such(
    kind: str, name: str, known: Iterable[str], context: Context, *, in_selector: bool = False
) -> NotFoundError:
    """
    Return the error for a resource that does not exist or is not visible to the actor.

    The text is the same in both cases, and only visible resources are suggested, so that the error
    does not reveal hidden resources.

    Args:
        kind: "profile" or "workspace".
        name: The id of the resource.
        known: The ids of all resources of this kind.
        context: The context of the command.
        in_selector: Whether the id is part of a selector, where a workspace and its profiles are
            easily confused.
    """
    me, now = context.actor.name, context.now
    visible = [other for other in known if context.access.allows(me, "view", other, at=now)]
    hint = did_you_mean(name, visible)
    if kind == "profile":
        profiles = [other for other in visible if context.profiles[other].workspace == name]
        if profiles and in_selector:
            hint = f'`{name}` is a workspace; write {{"workspace": "{name}"}}'
        else:
            hint = workspace_hint(name, profiles) or hint
    elif name in context.profiles and context.access.allows(me, "view", name, at=now):
        hint = f'`{name}` is a profile; write {{"profile": "{name}"}}'
    return NotFoundError(kind, name, suggestion=hint)


def workspace_hint(workspace: str, profiles: Iterable[str]) -> str:
    """Return the suggestion to use a workspace's profiles where a profile is needed."""
    names = ", ".join(f"`{profile}`" for profile in sorted(profiles)[:5])
    return f"`{workspace}` is a workspace; name its profiles, such as {names}" if names else ""


def check_permission(permission: str, post: Post, context: Context) -> None:
    """
    Reject an actor who does not have *permission* on every target of *post*.

    Raises:
        NotFoundError: If the post is not visible to the actor.
        NotAllowedError: If the post is visible but the actor does not have the permission.
    """
    _check_on_resources(permission, post, context.resources_of(post), context)


def check_on_profiles(
    permission: str, post: Post, profiles: Iterable[str], profile: str, context: Context
) -> None:
    """
    Reject an actor who does not have *permission* on the profiles of a post or its deliveries.

    Args:
        permission: The permission.
        post: The post.
        profiles: The profiles of the post's deliveries.
        profile: The profile that the command names; if empty, all of *profiles* and all targets are
            checked.
        context: The current rules.

    Raises:
        NotFoundError: If the post is not visible to the actor.
        NotAllowedError: If the actor does not have the permission, or if *profile* is not a target.
    """
    concerned = set(profiles) | ({profile} if profile else set(post.targets))
    if profile and profile not in {*profiles, *post.targets}:
        if verdict_on("view", context.resources_of(post), context):
            raise refuse(post_reason("no_such_target", post, profile=profile))
        raise NotFoundError("post", post.id)
    existing = tuple(sorted(name for name in concerned if name in context.profiles))
    # If an adoption has removed all of these profiles, the permission on the workspace is required.
    _check_on_resources(permission, post, existing or context.resources_of(post), context)


def _check_on_resources(
    permission: str, post: Post, resources: tuple[str, ...], context: Context
) -> None:
    verdict = verdict_on(permission, resources, context, post=post)
    shown = context.is_shown(post, context.actor.name)
    if verdict and shown:
        return
    if not shown or not verdict_on("view", resources, context, post=post):
        raise NotFoundError("post", post.id)
    raise NotAllowedError(verdict)


def check_state(post: Post, command: str, allowed: Iterable[str]) -> None:
    """
    Reject a command that is not possible in the post's state.

    Raises:
        NotAllowedError: If the state is not one of *allowed*.
    """
    states = tuple(allowed)
    if post.state not in states:
        raise refuse(
            post_reason(
                "wrong_state",
                post,
                state=post.state.value,
                command=command,
                allowed=", ".join(states),
            )
        )


def check_fresh(post: Post, seen: str) -> None:
    """
    Reject a command if the actor did not see the current revision.

    Raises:
        StaleError: If *seen* is not the digest of the current revision; the error describes the
            changes.
    """
    if seen != post.digest:
        raise stale(post, post.revision_named(seen), seen)


def stale(post: Post, seen: Revision | None, digest: str) -> StaleError:
    """Return the error that describes the changes since *seen* and who made them."""
    later = [revision for revision in post.revisions if seen and revision.number > seen.number]
    return StaleError(
        thing=f"post {post.display_name}",
        seen=f"revision {seen.number}" if seen else f"revision `{digest[:12]}`",
        current=f"revision {post.revision.number}",
        by=", ".join(sorted({revision.author for revision in later})),
        changed=post.revision.changed_since(seen) if seen else (),
    )
