"""The input of style guide rules: a post and all information that the rules may need."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import attrs

from socialcollab.content import (
    Attachment,
    Image,
    LinkCard,
    Poll,
    Post,
    PostContent,
    Variant,
    Video,
    links_to_send,
)
from socialcollab.directory import NetworkDescription, Profile, Workspace
from socialcollab.directory import network as description_of
from socialcollab.document_fields import as_words
from socialcollab.errors import NaiveDatetimeError
from socialcollab.identifiers import check_id
from socialcollab.text import Entity, entities, mask


@attrs.frozen(kw_only=True)
class Target:
    """
    A profile or network that the post will be published on.

    Attributes:
        profile: The profile's id, or an empty string if only the network is known.
        network: The network's description.
        text: The text for this target.
        thread: The remaining texts of the thread, after *text*.
        links: The links to send with the text.
    """

    profile: str = ""
    network: NetworkDescription
    text: str
    thread: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@attrs.frozen(kw_only=True, cache_hash=True)
class Neighbour:
    """
    The name, domains and handles of a workspace, which posts in other workspaces should not
    contain.

    Attributes:
        workspace: The id of the workspace.
        name: The display name of the workspace.
        domains: Its web domains, such as ``tulip.nl``, including their subdomains.
        handles: The handles of its profiles, with or without ``@``.
    """

    workspace: str
    name: str = ""
    domains: tuple[str, ...] = attrs.field(default=(), converter=as_words)
    handles: tuple[str, ...] = attrs.field(default=(), converter=as_words)

    def __attrs_post_init__(self) -> None:
        check_id("workspace", self.workspace)

    @classmethod
    def of(
        cls, workspaces: Iterable[Workspace], profiles: Iterable[Profile]
    ) -> tuple[Neighbour, ...]:
        """Create a neighbour for each workspace, with the handles of its profiles."""
        handles: dict[str, set[str]] = {}
        for profile in profiles:
            if profile.handle:
                handles.setdefault(profile.workspace, set()).add(profile.handle)
        return tuple(
            cls(
                workspace=workspace.id,
                name=workspace.name,
                domains=workspace.domains,
                handles=tuple(sorted(handles.get(workspace.id, ()))),
            )
            for workspace in workspaces
        )


@attrs.frozen(kw_only=True)
class TextSpan:
    """
    A piece of text in the post.

    Attributes:
        text: The text.
        field: "text", "thread.2" for the second text of a thread and so on, "first_comment", "card"
            for the title or description of a link card, "poll" for an option of a poll, or "alt"
            for the alt text of an image or a video.
        profile: The profile that the text is for, or an empty string for all profiles.
    """

    text: str
    field: str = "text"
    profile: str = ""


@attrs.frozen(kw_only=True, slots=False)
class LintInput:
    """
    A post in the form that style guide rules check.

    Attributes:
        text: The text for all profiles without a variant.
        targets: The targets, with the text for each.
        thread: The remaining texts of the thread, after *text*.
        variants: Texts and threads for individual profiles.
        first_comment: The first comment on the post, or an empty string.
        card: The link card, or None.
        poll: The poll, or None.
        images: The images, including those of variants, covers and the link card.
        videos: The videos, including those of variants.
        links: The links that are published with the text.
        labels: Content warnings and similar labels.
        reply_to: What the post replies to, or an empty string.
        language: The language, or an empty string.
        workspace: The workspace that the post belongs to, or an empty string.
        neighbours: The names, domains and handles of all workspaces.
        at: The planned time, or None.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
    """

    text: str
    targets: tuple[Target, ...] = ()
    thread: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    first_comment: str = ""
    card: LinkCard | None = None
    poll: Poll | None = None
    images: tuple[Image, ...] = ()
    videos: tuple[Video, ...] = ()
    links: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    reply_to: str = ""
    language: str = ""
    workspace: str = ""
    neighbours: tuple[Neighbour, ...] = ()
    at: dt.datetime | None = None

    def __attrs_post_init__(self) -> None:
        if self.at is not None and self.at.utcoffset() is None:
            raise NaiveDatetimeError(self.at)

    @classmethod
    def of(
        cls,
        post: str | PostContent | Post | LintInput,
        *,
        profile: str | Profile | NetworkDescription | None = None,
        profiles: Iterable[Profile] = (),
        networks: Mapping[str, NetworkDescription] | None = None,
        workspace: str = "",
        neighbours: Iterable[Neighbour] = (),
        language: str = "",
        at: dt.datetime | None = None,
    ) -> LintInput:
        """
        Create the input from a text, a post or a post's content.

        Args:
            post: A text, or a post with its variants and images.
            profile: The only target: a profile, the id of one of *profiles*, the
                name of a network or its description.
            profiles: The profiles that a post's targets refer to. Targets that are not listed here
                are ignored.
            networks: Descriptions by network name or by profile id, for servers
                and accounts with different limits.
            workspace: The workspace to assume if the post has none.
            neighbours: The names, domains and handles of all workspaces.
            language: The language to assume if the post has none.
            at: The planned time.

        Raises:
            InvalidValueError: If *profile* refers to neither a profile nor a network.
        """
        if isinstance(post, LintInput):
            return post
        known = {each.id: each for each in profiles}
        content = post.content if isinstance(post, Post) else post
        if isinstance(content, str):
            content = PostContent(text=content)
        own = networks or {}

        def describe(each: Profile) -> NetworkDescription:
            return own.get(each.id) or own.get(each.network) or description_of(each.network)

        chosen: list[tuple[str, NetworkDescription]]
        if profile is None:
            chosen = [(t, describe(known[t])) for t in content.targets if t in known]
        elif isinstance(profile, NetworkDescription):
            chosen = [("", profile)]
        else:
            target = profile if isinstance(profile, Profile) else known.get(profile)
            if target is None:
                chosen = [("", own.get(str(profile)) or description_of(str(profile)))]
            else:
                chosen = [(target.id, describe(target))]
                workspace = workspace or target.workspace
        if isinstance(post, Post):
            workspace = post.workspace
        elif (
            not workspace and len({known[t].workspace for t in content.targets if t in known}) == 1
        ):
            workspace = next(known[t].workspace for t in content.targets if t in known)
        only = {name for name, _ in chosen} if profile is not None else None
        return cls(
            text=content.text,
            targets=tuple(
                Target(
                    profile=name,
                    network=description,
                    text=content.text_for(name),
                    thread=content.texts_for(name)[1:],
                    links=links_to_send(
                        description, content.links, content.card, content.media_for(name)
                    ),
                )
                for name, description in chosen
            ),
            thread=content.thread,
            variants=tuple(
                variant for variant in content.variants if only is None or variant.profile in only
            ),
            first_comment=content.first_comment,
            card=content.card,
            poll=content.poll,
            images=tuple(one for one in content.all_media if isinstance(one, Image)),
            videos=tuple(one for one in content.all_media if isinstance(one, Video)),
            links=content.links,
            labels=content.labels,
            reply_to=content.reply_to,
            language=content.language or language,
            workspace=workspace,
            neighbours=tuple(neighbours),
            at=at,
        )

    @property
    def addresses(self) -> tuple[str, ...]:
        """The links that are published with the text, and the address of the link card."""
        card = () if self.card is None else (self.card.url,)
        return tuple(dict.fromkeys((*self.links, *card)))

    @cached_property
    def spans(self) -> tuple[TextSpan, ...]:
        """
        All texts of the post: its text, thread, variants, first comment, link card and poll, and
        the alt texts of its images and videos.

        The text and the thread of the post are omitted if every target has a variant.
        """
        with_text = [variant for variant in self.variants if variant.text is not None]
        with_variant = {variant.profile for variant in with_text}
        shared = not self.targets or any(t.profile not in with_variant for t in self.targets)
        spans = [*_spans(self.text, self.thread)] if shared else []
        for variant in with_text:
            spans += _spans(variant.text or "", variant.thread, variant.profile)
        card = self.card
        media: tuple[Attachment, ...] = (*self.images, *self.videos)
        others = [
            ("first_comment", self.first_comment),
            *(() if card is None else (("card", card.title), ("card", card.description))),
            *(("poll", option) for option in (self.poll.options if self.poll else ())),
            *(("alt", one.alt) for one in media),
        ]
        spans += [TextSpan(text=text, field=field) for field, text in others if text]
        return tuple(spans)

    @cached_property
    def _entities(self) -> dict[tuple[str, str], tuple[Entity, ...]]:
        """The cached entities of each text, because several rules use the same entities."""
        return {}

    @cached_property
    def _masked(self) -> dict[TextSpan, str]:
        """The cached masked texts, because all rules about prose use them."""
        return {}

    def masked(self, span: TextSpan) -> str:
        """
        Return the text of *span* with links, mentions, hashtags and code replaced by U+FFFC.

        What one of the target networks recognises is replaced. Positions stay the same.
        """
        if span not in self._masked:
            text = mask("x", span.text) if not self.targets else span.text
            for target in self.targets:
                if not span.profile or target.profile == span.profile:
                    hidden = mask(target.network, span.text)
                    text = "".join(map(_hidden_in_either, text, hidden))
            self._masked[span] = text
        return self._masked[span]

    def entities_of(self, span: TextSpan) -> tuple[Entity, ...]:
        """
        Return the links, mentions and hashtags that the target networks recognise in *span*.

        They are sorted by position. If networks disagree about the end of an
        entity, all variants of the entity are returned, the longest first.
        """
        names = sorted(
            {
                target.network.name
                for target in self.targets
                if not span.profile or target.profile == span.profile
            }
        ) or ["x"]
        by_position: dict[tuple[int, int], Entity] = {}
        for name in names:
            key = (name, span.text)
            if key not in self._entities:
                self._entities[key] = entities(_description(self.targets, name), span.text)
            for entity in self._entities[key]:
                by_position.setdefault((entity.start, entity.end), entity)
        return tuple(sorted(by_position.values(), key=lambda each: (each.start, -each.end)))


def _hidden_in_either(one: str, other: str) -> str:
    return other if other == "\ufffc" else one


def _spans(text: str, thread: tuple[str, ...], profile: str = "") -> Iterator[TextSpan]:
    yield TextSpan(text=text, profile=profile)
    for number, following in enumerate(thread, start=2):
        yield TextSpan(text=following, field=f"thread.{number}", profile=profile)


def _description(targets: Iterable[Target], name: str) -> NetworkDescription:
    used = (target.network for target in targets if target.network.name == name)
    return next(used, None) or description_of(name)
