"""Selectors, which determine the profiles and posts to which a rule applies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final, Literal, TypeAlias, get_args

import attrs

from socialcollab.directory.profile import Profile
from socialcollab.document_fields import Choice, ListOf, NameShape, Section, Text, as_words, shape
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import did_you_mean

PostKind: TypeAlias = Literal["post", "reply"]
"""An independent post, or a reply to another post."""

POST_KINDS: Final[tuple[PostKind, ...]] = get_args(PostKind)

PROFILE_KEYS = ("workspace", "network", "profile", "profile_tag")
CONTEXT_KEYS = ("post_tag", "campaign", "kind", "language", "author_role")


def _as_set(value: str | Iterable[str]) -> frozenset[str]:
    return frozenset(as_words(value))


@attrs.frozen(kw_only=True)
class PostAttributes:
    """
    The post attributes against which a selector's context keys are matched.

    Attributes:
        post_tag: The tags.
        campaign: The campaign, or an empty string.
        kind: "post" or "reply".
        language: The language.
        author_role: The roles of the authors.
    """

    post_tag: frozenset[str] = attrs.field(default=frozenset(), converter=_as_set)
    campaign: str = ""
    kind: str = "post"
    language: str = ""
    author_role: frozenset[str] = attrs.field(default=frozenset(), converter=_as_set)


def _words(kind: str, *also: str) -> ListOf:
    return ListOf(item=NameShape(kind, also=also), or_one=True)


@attrs.frozen(kw_only=True)
class Excluding:
    """
    The profiles that a selector excludes; a profile is excluded if it matches all given keys.

    Attributes:
        workspace: The ids of workspaces.
        network: The names of networks.
        profile: The ids of profiles.
        profile_tag: The tags of profiles.
    """

    workspace: tuple[str, ...] = attrs.field(
        metadata=shape(_words("workspace")), default=(), converter=as_words
    )
    network: tuple[str, ...] = attrs.field(
        metadata=shape(_words("network")), default=(), converter=as_words
    )
    profile: tuple[str, ...] = attrs.field(
        metadata=shape(_words("profile")), default=(), converter=as_words
    )
    profile_tag: tuple[str, ...] = attrs.field(
        metadata=shape(_words("profile_tag")), default=(), converter=as_words
    )

    def __attrs_post_init__(self) -> None:
        if not any(getattr(self, key) for key in PROFILE_KEYS):
            raise InvalidValueError(
                f"`excluding` is empty; give one of {', '.join(PROFILE_KEYS)}",
                value=self,
                expected=f"one of {', '.join(PROFILE_KEYS)}",
            )

    def matches_profile(self, profile: Profile) -> bool:
        """Return whether *profile* is excluded."""
        return (
            (not self.workspace or profile.workspace in self.workspace)
            and (not self.network or profile.network in self.network)
            and (not self.profile or profile.id in self.profile)
            and (not self.profile_tag or not profile.tags.isdisjoint(self.profile_tag))
        )

    def __str__(self) -> str:
        return ", ".join(
            f"{key} {'/'.join(words)}" for key in PROFILE_KEYS if (words := getattr(self, key))
        )


@attrs.frozen(kw_only=True)
class Selector:
    """
    A selection of profiles and posts.

    A profile or post must match all given keys; a key matches if any of its values matches. At
    least one of workspace, profile and profile_tag is required, so that a rule never applies
    everywhere by omission, but only with an explicit ``workspace = "*"``.

    Attributes:
        workspace: The ids of workspaces, or ``*`` for all workspaces.
        network: The names of networks.
        profile: The ids of profiles.
        profile_tag: The tags of profiles.
        post_tag: The tags of posts.
        campaign: The ids of campaigns.
        kind: Kinds of posts, "post" or "reply"; if empty, every kind.
        language: The languages of posts.
        author_role: Roles; an author of the post must have at least one of them.
        excluding: Profiles to exclude.

    Raises:
        InvalidValueError: If the selector has no workspace, profile or profile tag.
    """

    workspace: tuple[str, ...] = attrs.field(
        metadata=shape(_words("workspace", "*")), default=(), converter=as_words
    )
    network: tuple[str, ...] = attrs.field(
        metadata=shape(_words("network")), default=(), converter=as_words
    )
    profile: tuple[str, ...] = attrs.field(
        metadata=shape(_words("profile")), default=(), converter=as_words
    )
    profile_tag: tuple[str, ...] = attrs.field(
        metadata=shape(_words("profile_tag")), default=(), converter=as_words
    )
    post_tag: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=Text(at_most=100), or_one=True)), default=(), converter=as_words
    )
    campaign: tuple[str, ...] = attrs.field(
        metadata=shape(_words("campaign")), default=(), converter=as_words
    )
    kind: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=Choice(POST_KINDS), or_one=True)), default=(), converter=as_words
    )
    language: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=Text(at_most=35), or_one=True)), default=(), converter=as_words
    )
    author_role: tuple[str, ...] = attrs.field(
        metadata=shape(_words("role")), default=(), converter=as_words
    )
    excluding: Excluding | None = attrs.field(metadata=shape(Section(Excluding)), default=None)

    EVERYWHERE: ClassVar[Selector]

    def __attrs_post_init__(self) -> None:
        if not (self.workspace or self.profile or self.profile_tag):
            raise InvalidValueError(
                'a selector needs a workspace or a profile; for all workspaces, write workspace = "*"',
                value=self,
                expected='workspace = "..." or profile = "..."',
            )

    @classmethod
    def of(cls, value: str | Mapping[str, Any] | Selector) -> Selector:
        """
        Create a selector from the id of a profile or a table; a selector is returned unchanged.

        >>> Selector.of("tulip-x").profile
        ('tulip-x',)
        """
        if isinstance(value, Selector):
            return value
        if isinstance(value, str):
            return cls(profile=(value,))
        if not isinstance(value, Mapping):
            raise InvalidValueError(
                f"`{value!r}` is not a selector",
                value=value,
                expected="the id of a profile, or a table such as {'workspace': 'tulip'}",
            )
        table = dict(value)
        for key in table:
            if key not in (*PROFILE_KEYS, *CONTEXT_KEYS, "excluding"):
                hint = did_you_mean(key, (*PROFILE_KEYS, *CONTEXT_KEYS, "excluding"), before="; ")
                raise InvalidValueError(f"a selector has no key `{key}`{hint}", value=key)
        excluding = table.pop("excluding", None)
        if isinstance(excluding, Mapping):
            excluding = Excluding(**excluding)
        return cls(excluding=excluding, **table)

    @property
    def of_workspace(self) -> bool:
        """Whether the selector matches entire workspaces, with all of their profiles."""
        return bool(self.workspace) and not (
            self.network or self.profile or self.profile_tag or self.excluding
        )

    def covers_workspace(self, workspace: str) -> bool:
        """Return whether the selector matches *workspace* itself and all of its profiles."""
        return self.of_workspace and ("*" in self.workspace or workspace in self.workspace)

    def covers_all(self) -> bool:
        """Return whether the selector matches every workspace and all of its profiles."""
        return self.of_workspace and "*" in self.workspace

    def matches_profile(self, profile: Profile) -> bool:
        """Return whether the profile keys match *profile*."""
        return (
            (not self.workspace or "*" in self.workspace or profile.workspace in self.workspace)
            and (not self.network or profile.network in self.network)
            and (not self.profile or profile.id in self.profile)
            and (not self.profile_tag or not profile.tags.isdisjoint(self.profile_tag))
            and not (self.excluding is not None and self.excluding.matches_profile(profile))
        )

    def without_attributes(self) -> Selector:
        """Return a selector that matches the same profiles and all posts on them."""
        return Selector(
            workspace=self.workspace,
            network=self.network,
            profile=self.profile,
            profile_tag=self.profile_tag,
            excluding=self.excluding,
        )

    def matches_attributes(self, attributes: PostAttributes) -> bool:
        """Return whether the context keys match *attributes*; omitted keys always match."""
        return (
            (not self.post_tag or not attributes.post_tag.isdisjoint(self.post_tag))
            and (not self.campaign or attributes.campaign in self.campaign)
            and (not self.kind or attributes.kind in self.kind)
            and (not self.language or attributes.language in self.language)
            and (not self.author_role or not attributes.author_role.isdisjoint(self.author_role))
        )

    def matches(self, profile: Profile, attributes: PostAttributes | None = None) -> bool:
        """Return whether the selector matches *profile*, and a post with *attributes* on it."""
        return self.matches_profile(profile) and (
            attributes is None or self.matches_attributes(attributes)
        )

    def __str__(self) -> str:
        parts = [
            f"{key} {'/'.join(words)}"
            for key in (*PROFILE_KEYS, *CONTEXT_KEYS)
            if (words := getattr(self, key))
        ]
        if self.excluding is not None:
            parts.append(f"excluding {self.excluding}")
        return ", ".join(parts)


def as_selector(value: str | Mapping[str, Any] | Selector) -> Selector:
    """Convert the value of an `on` field to a selector."""
    return Selector.of(value)


Selector.EVERYWHERE = Selector(workspace=("*",))
