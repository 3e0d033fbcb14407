"""A whole post as the rules of the style guide see it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import cached_property

import attrs

from socialcollab.content import Image, Post, PostContent
from socialcollab.directory import NetworkDescription, Profile, Workspace
from socialcollab.directory import network as described
from socialcollab.errors import NaiveDatetimeError
from socialcollab.identifiers import check_id
from socialcollab.text import Entity, entities


@attrs.frozen(kw_only=True)
class Target:
    """
    One place that the post goes to.

    Attributes:
        profile: The profile's id, or empty where only the network is known.
        network: What the network takes.
        text: The text that goes there.
    """

    profile: str = ""
    network: NetworkDescription
    text: str


def _strings(values: str | Iterable[str]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values)


@attrs.frozen(kw_only=True)
class Neighbour:
    """
    What belongs to one workspace, so that others do not use it by mistake.

    Attributes:
        workspace: The workspace's id.
        name: Its name as people say it.
        domains: Its web domains, such as ``tulip.nl``; what lies under them is its own too.
        handles: Its accounts, with or without ``@``.
    """

    workspace: str
    name: str = ""
    domains: tuple[str, ...] = attrs.field(default=(), converter=_strings)
    handles: tuple[str, ...] = attrs.field(default=(), converter=_strings)

    def __attrs_post_init__(self) -> None:
        check_id("workspace", self.workspace)

    @classmethod
    def of(
        cls, workspaces: Iterable[Workspace], profiles: Iterable[Profile]
    ) -> tuple[Neighbour, ...]:
        """Make one of each workspace, with the handles of its profiles."""
        every = tuple(profiles)
        return tuple(
            cls(
                workspace=workspace.id,
                name=workspace.name,
                domains=workspace.domains,
                handles=tuple(
                    sorted({p.handle for p in every if p.workspace == workspace.id and p.handle})
                ),
            )
            for workspace in workspaces
        )


@attrs.frozen(kw_only=True)
class TextSpan:
    """
    A stretch of prose in the post.

    Attributes:
        text: What it says.
        field: "text", or "alt" for the description of an image.
        profile: The target it is written for, or empty for all.
    """

    text: str
    field: str = "text"
    profile: str = ""


@attrs.frozen(kw_only=True, slots=False)
class LintInput:
    """
    A whole post as the rules of the style guide see it.

    Attributes:
        text: The post's own text.
        targets: Where it goes, with the text that goes there.
        variants: Texts for single profiles, as pairs of profile and text.
        images: Its pictures.
        links: Links beside the text.
        labels: Content warnings and the like.
        language: Its language, or empty.
        workspace: The workspace it belongs to, or empty.
        neighbours: What belongs to the workspaces of the organization.
        at: When it is to go out, or None.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
    """

    text: str
    targets: tuple[Target, ...] = ()
    variants: tuple[tuple[str, str], ...] = ()
    images: tuple[Image, ...] = ()
    links: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
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
        Make one from a text, a post, or what it holds.

        Args:
            post: A text, or a post with its variants and images.
            profile: The one target: a profile, a network's description, or the
                id of one of *profiles*, or else the name of a network.
            profiles: All profiles that a post's targets may name; targets that
                are not among them are left out.
            networks: Descriptions by network name or by profile id, for servers
                and accounts with limits of their own.
            workspace: The workspace, where the post does not say.
            neighbours: What belongs to the workspaces of the organization.
            language: The language, where the post does not say.
            at: When it is to go out.

        Raises:
            InvalidValueError: If *profile* names neither a profile nor a network.
        """
        if isinstance(post, LintInput):
            return post
        known = {each.id: each for each in profiles}
        content = post.content if isinstance(post, Post) else post
        if isinstance(content, str):
            content = PostContent(text=content)
        own = networks or {}

        def describe(each: Profile) -> NetworkDescription:
            return own.get(each.id) or own.get(each.network) or described(each.network)

        chosen: list[tuple[str, NetworkDescription]]
        if profile is None:
            chosen = [(t, describe(known[t])) for t in content.targets if t in known]
        elif isinstance(profile, NetworkDescription):
            chosen = [("", profile)]
        else:
            found = profile if isinstance(profile, Profile) else known.get(profile)
            if found is None:
                chosen = [("", own.get(str(profile)) or described(str(profile)))]
            else:
                chosen = [(found.id, describe(found))]
                workspace = workspace or found.workspace
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
                Target(profile=name, network=description, text=content.text_for(name))
                for name, description in chosen
            ),
            variants=tuple(
                (variant.profile, variant.text)
                for variant in content.variants
                if only is None or variant.profile in only
            ),
            images=content.media,
            links=content.links,
            labels=content.labels,
            language=content.language or language,
            workspace=workspace,
            neighbours=tuple(neighbours),
            at=at,
        )

    @cached_property
    def passages(self) -> tuple[TextSpan, ...]:
        """
        All prose of the post, each stretch once.

        The post's own text is left out where every target has its own variant.
        """
        special = {profile for profile, _ in self.variants}
        shared = not self.targets or any(t.profile not in special for t in self.targets)
        found = [TextSpan(text=self.text)] if shared else []
        found += [TextSpan(text=text, profile=profile) for profile, text in self.variants]
        found += [TextSpan(text=image.alt, field="alt") for image in self.images if image.alt]
        return tuple(found)

    @cached_property
    def _read(self) -> dict[tuple[str, str], tuple[Entity, ...]]:
        return {}

    def entities_of(self, span: TextSpan) -> tuple[Entity, ...]:
        """
        Find what is active in *span* on the networks that it goes to.

        Where two networks read it differently, the wider reading comes first.
        """
        names = sorted(
            {
                target.network.name
                for target in self.targets
                if not span.profile or target.profile == span.profile
            }
        ) or ["x"]
        found: dict[tuple[int, int], Entity] = {}
        for name in names:
            key = (name, span.text)
            if key not in self._read:
                self._read[key] = entities(_described(self.targets, name), span.text)
            for entity in self._read[key]:
                found.setdefault((entity.start, entity.end), entity)
        return tuple(sorted(found.values(), key=lambda each: (each.start, -each.end)))


def _described(targets: Iterable[Target], name: str) -> NetworkDescription:
    return next((t.network for t in targets if t.network.name == name), None) or described(name)
