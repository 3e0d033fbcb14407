"""Perform one command on each of several posts, with one outcome for each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import attrs

from socialcollab.content import Post
from socialcollab.desk.arguments import id_of
from socialcollab.desk.engine import Engine
from socialcollab.desk.handlers.perform import perform_on_post
from socialcollab.desk.queries.posts import read_posts
from socialcollab.document_fields import as_items
from socialcollab.effects import Effects
from socialcollab.errors import InvalidValueError, SocialCollabError, StoreError
from socialcollab.identifiers import PostId
from socialcollab.time import Duration
from socialcollab.workflow import Actor
from socialcollab.workflow import commands as cm

_OPEN_STATES = ("draft", "in_review", "changes_requested", "approved", "expired")


@attrs.frozen(kw_only=True)
class BulkOutcome:
    """
    The outcome of a command on one of several posts.

    Attributes:
        id: The post's id.
        post: The post after the command, or None if the command was refused.
        problem: The reason for the refusal, or None if the command was performed.
    """

    id: PostId
    post: Post | None = None
    problem: SocialCollabError | None = None

    @property
    def ok(self) -> bool:
        """Whether the command was performed."""
        return self.problem is None


def bulk(
    engine: Engine, actor: Actor, commands: Iterable[cm.PostCommand]
) -> Effects[tuple[BulkOutcome, ...]]:
    """
    Perform commands on several posts; a refusal does not affect the other posts.

    Raises:
        StoreError: If the store fails. The commands on earlier posts have already been performed.
    """
    outcomes: list[BulkOutcome] = []
    for command in commands:
        post_id = PostId(command.post)
        try:
            post = yield from perform_on_post(engine, actor, command)
        except StoreError:
            raise
        except SocialCollabError as error:
            outcomes.append(BulkOutcome(id=post_id, problem=error))
        else:
            outcomes.append(BulkOutcome(id=post_id, post=post))
    return tuple(outcomes)


def reschedule_all(
    engine: Engine, actor: Actor, posts: Iterable[Post] | str, by: dt.timedelta | str
) -> Effects[tuple[BulkOutcome, ...]]:
    """Move posts, or the open posts of a campaign, by a duration; see `MemberDesk.reschedule_all`."""
    shift = Duration.parse(by).elapsed if isinstance(by, str) else by
    chosen: tuple[Post, ...]
    if isinstance(posts, str):
        campaign = yield from read_posts(engine, campaign=posts, state=_OPEN_STATES)
        # Posts without a planned time are skipped.
        chosen = tuple(post for post in campaign if post.planned_at or post.content.times)
    else:
        chosen = as_posts(posts)
    commands = [cm.Reschedule(post=post.id, seen=post.digest, by=shift) for post in chosen]
    return (yield from bulk(engine, actor, commands))


def as_posts(posts: Iterable[Post]) -> tuple[Post, ...]:
    """
    Return the posts that a caller passed.

    Raises:
        InvalidValueError: If an item is not a post. An id is not enough, because it does not
            identify the revision that the caller saw.
    """
    items = as_items(posts, "posts")
    for post in items:
        if not isinstance(post, Post):
            raise InvalidValueError(
                f"`{id_of(post)}` is only the id of a post", value=post, expected="a post"
            )
    return items
