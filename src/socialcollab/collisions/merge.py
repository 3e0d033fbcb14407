"""Merge two versions of a text or of a post that started from the same version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Generic, Literal, Self, TypeAlias, TypeVar, cast, get_args, overload

import attrs

from socialcollab.collisions.text_edits import (
    Edit,
    common_prefix,
    common_suffix,
    sequence_edits,
    text_edits,
    words,
)
from socialcollab.content import Attachment, PostContent, Variant, changed_fields
from socialcollab.errors import InvalidValueError, StaleError
from socialcollab.identifiers import ProfileId
from socialcollab.text import graphemes
from socialcollab.time import WallTime

T = TypeVar("T")
Item = TypeVar("Item")

Choice: TypeAlias = Literal["mine", "theirs", "base", "both"]
"""Which side of a conflict to keep; "both" is for texts, and puts *mine* before *theirs*."""

_BLANKS: Final = " \t\u00a0"


@attrs.frozen(kw_only=True)
class Conflict:
    """
    A part of a text or post that two people changed differently.

    Attributes:
        field: The field of the post, by its name in `ALL_FIELDS`; for a part of a field, followed
            by a slash and the part, such as "variants/tulip-x" or "thread/2". Empty for a text.
        base: The value in the version that both started from.
        mine: The value in the first person's version.
        theirs: The value in the other person's version.
        start: Where *base* begins in the base text, in code points; None if the conflict is about
            a whole value.
        end: Where *base* ends in the base text, or None.
        at: Where *mine* begins in the text of the result, or None. Two conflicts can be equal
            although their results differ in other places.
    """

    field: str = ""
    base: object
    mine: object
    theirs: object
    start: int | None = None
    end: int | None = None
    at: int | None = attrs.field(default=None, eq=False)


@attrs.frozen(kw_only=True)
class Resolution:
    """
    A person's decision about a conflict, made with `resolve`.

    Attributes:
        conflict: The conflict.
        value: The value to use.
    """

    conflict: Conflict
    value: object


@attrs.frozen(kw_only=True)
class Merge(Generic[T]):
    """
    The result of a merge. It is truthy if no conflict is open.

    Attributes:
        result: The text or content that contains the changes of both people. It contains *mine* in
            the place of each open conflict.
        conflicts: The open conflicts, in the order of the fields and of the text.
    """

    result: T
    conflicts: tuple[Conflict, ...] = ()

    def __bool__(self) -> bool:
        return not self.conflicts


class EditConflictError(StaleError):
    """
    Raised if an edit and another member's edit changed the same part of a post differently.

    Nothing was stored. The error carries the whole content that the caller wanted to store, so that
    nothing typed is lost. Decide each conflict with `resolve`, and repeat the edit with the
    resolutions.

    Attributes:
        base: The content that both members started from.
        mine: The content that the caller wanted to store.
        theirs: The current content of the post.
        merged: The merge of the two, with its open conflicts.
    """

    def __init__(
        self,
        stale: StaleError,
        *,
        base: PostContent,
        mine: PostContent,
        theirs: PostContent,
        merged: Merge[PostContent],
    ) -> None:
        super().__init__(
            thing=stale.thing,
            seen=stale.seen,
            current=stale.current,
            by=stale.by,
            changed=stale.changed,
        )
        fields = ", ".join(dict.fromkeys(f"`{each.field}`" for each in merged.conflicts))
        self.args = (
            f"{stale.thing} was also edited by {stale.by}, and the two edits conflict in {fields};"
            " choose a side with `resolve`, and repeat the edit with `resolutions=`",
        )
        self.base = base
        self.mine = mine
        self.theirs = theirs
        self.merged = merged

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """The open conflicts, each with both sides."""
        return self.merged.conflicts


_NOTHING: Final = object()


def resolve(
    conflict: Conflict, choice: Choice | None = None, *, value: object = _NOTHING
) -> Resolution:
    """
    Return the decision to keep one side of *conflict*, or to use another *value*.

    >>> merged = merge("Open at 9", "Open at 10", "Open at 8")
    >>> merge("Open at 9", "Open at 10", "Open at 8",
    ...       resolutions=[resolve(merged.conflicts[0], "theirs")]).result
    'Open at 8'

    Raises:
        InvalidValueError: If not exactly one of *choice* and *value* is given, if *choice* does not
            exist, if it is "both" and the sides are not texts, or if *value* is of another type
            than all sides of the conflict.
    """
    if (choice is None) == (value is _NOTHING):
        raise InvalidValueError(
            "a resolution needs either a choice or a value",
            value=choice,
            expected='resolve(conflict, "mine") or resolve(conflict, value=...)',
        )
    if choice is None:
        sides = (conflict.base, conflict.mine, conflict.theirs)
        if type(value) not in {type(side) for side in sides}:
            raise InvalidValueError(
                f"the conflict in `{conflict.field or 'text'}` cannot be resolved to `{value!r}`,"
                f" because its sides are of type {type(conflict.mine).__name__}",
                value=value,
                expected=type(conflict.mine).__name__,
            )
        return Resolution(conflict=conflict, value=value)
    if choice not in get_args(Choice):
        raise InvalidValueError(
            f"`{choice}` is not a side of a conflict",
            value=choice,
            expected=" or ".join(get_args(Choice)),
        )
    if choice != "both":
        return Resolution(conflict=conflict, value=getattr(conflict, choice))
    mine, theirs = conflict.mine, conflict.theirs
    if not isinstance(mine, str) or not isinstance(theirs, str):
        raise InvalidValueError(
            f"the sides of the conflict in `{conflict.field}` are not texts, so both cannot be kept",
            value=choice,
            expected="mine or theirs or base",
        )
    joined = mine and theirs and not mine[-1].isspace() and not theirs[0].isspace()
    return Resolution(conflict=conflict, value=f"{mine}{' ' if joined else ''}{theirs}")


@overload
def merge(
    base: str, mine: str, theirs: str, *, resolutions: Iterable[Resolution] = ...
) -> Merge[str]: ...


@overload
def merge(
    base: PostContent,
    mine: PostContent,
    theirs: PostContent,
    *,
    resolutions: Iterable[Resolution] = ...,
) -> Merge[PostContent]: ...


def merge(
    base: str | PostContent,
    mine: str | PostContent,
    theirs: str | PostContent,
    *,
    resolutions: Iterable[Resolution] = (),
) -> Merge[str] | Merge[PostContent]:
    """
    Merge two versions that started from *base*.

    Texts are merged by words. Changes conflict if they overlap, or if only blanks are
    between them; changes inside one word conflict if no unchanged grapheme is between them.
    Each field of a post is merged by its own rule, which the reference page lists. Every change of
    either person is in the result or in a conflict.

    >>> merge("The sale starts on Monday", "The big sale starts on Monday",
    ...       "The sale starts on Tuesday").result
    'The big sale starts on Tuesday'

    Args:
        base: The version that both people started from.
        mine: The first person's version.
        theirs: The other person's version.
        resolutions: Decisions about the conflicts of an earlier merge of the same versions.

    Raises:
        InvalidValueError: If the versions are not all texts or all contents of posts, if a
            resolution is about a conflict that the versions do not have, or if two resolutions of
            one conflict differ.
    """
    versions = (base, mine, theirs)
    merging = _Merging(resolutions)
    if isinstance(base, str) and isinstance(mine, str) and isinstance(theirs, str):
        text = merging.text("", base, mine, theirs)
        return Merge(result=text, conflicts=merging.finished())
    if (
        isinstance(base, PostContent)
        and isinstance(mine, PostContent)
        and isinstance(theirs, PostContent)
    ):
        content = merging.post(base, mine, theirs)
        return Merge(result=content, conflicts=merging.finished())
    raise InvalidValueError(
        "only three texts or the contents of three posts can be merged, not"
        f" {', '.join(type(version).__name__ for version in versions)}",
        value=versions,
        expected="three texts, or three `PostContent` values",
    )


@attrs.frozen(kw_only=True)
class Placement:
    """
    Where a post is published, as a side of a conflict in the field "targets".

    There is such a conflict if one person makes the post a reply or a quotation, which has one
    target, and the other person changes its targets or what is published there.

    Attributes:
        targets: The targets.
        reply_to: What the post replies to.
        quote_of: What the post quotes.
        variants: The variants.
        times: The planned times of individual profiles.
    """

    targets: tuple[ProfileId, ...]
    reply_to: str
    quote_of: str
    variants: tuple[Variant, ...]
    times: tuple[tuple[ProfileId, WallTime], ...]

    @classmethod
    def of(cls, content: PostContent) -> Self:
        """Return where *content* is published."""
        return cls(**{each.name: getattr(content, each.name) for each in attrs.fields(cls)})


@attrs.frozen(kw_only=True)
class RebasedDecision:
    """
    What a merge means for an earlier decision on a post.

    Attributes:
        decision: The decision's id.
        changed: The fields that the decision binds and that the merge changed, in the order of
            `ALL_FIELDS`.
    """

    decision: str
    changed: tuple[str, ...]

    @property
    def survives(self) -> bool:
        """Whether the decision still holds, because no field that it binds has changed."""
        return not self.changed


def rebase_decisions(
    before: Mapping[str, str], after: Mapping[str, str], binds: Mapping[str, Iterable[str]]
) -> tuple[RebasedDecision, ...]:
    """
    Return which decisions still hold after a merge, in the order of *binds*.

    >>> before = {"text": "a", "tags": "b"}
    >>> after = {"text": "a", "tags": "c"}
    >>> rebased = rebase_decisions(before, after, {"legal": ["text"], "brand": ["text", "tags"]})
    >>> [(each.decision, each.survives, each.changed) for each in rebased]
    [('legal', True, ()), ('brand', False, ('tags',))]

    Args:
        before: The digests of the fields that were decided on, from `field_digests`.
        after: The digests of the fields of the merge's result, under the same salt.
        binds: The fields that each decision binds, by the decision's id.

    Raises:
        InvalidValueError: If a decision binds a field without a digest.
    """
    known = before.keys() & after.keys()
    changed = changed_fields(before, after)
    rebased = []
    for decision, fields in binds.items():
        bound = frozenset(fields)
        if not bound <= known:
            name = min(bound - known)
            raise InvalidValueError(
                f"decision `{decision}` binds the field `{name}`, for which there is no digest",
                value=name,
                expected=" or ".join(sorted(known)),
            )
        rebased.append(
            RebasedDecision(
                decision=decision, changed=tuple(name for name in changed if name in bound)
            )
        )
    return tuple(rebased)


class _Merging:
    """A merge in progress: the resolutions that are left, and the open conflicts so far."""

    def __init__(self, resolutions: Iterable[Resolution]) -> None:
        self._values: dict[Conflict, object] = {}
        for each in resolutions:
            if self._values.setdefault(each.conflict, each.value) != each.value:
                raise InvalidValueError(
                    f"two resolutions of one conflict in `{each.conflict.field or 'text'}` differ",
                    value=each,
                    expected="one resolution for each conflict",
                )
        self._used: set[Conflict] = set()
        self._conflicts: list[Conflict] = []

    def finished(self) -> tuple[Conflict, ...]:
        for conflict in self._values:
            if conflict not in self._used:
                raise InvalidValueError(
                    f"a resolution is about a conflict in `{conflict.field or 'text'}` that these"
                    " versions do not have; merge them again, and resolve the conflicts of that"
                    " merge",
                    value=conflict,
                    expected="a conflict of the same versions",
                )
        return tuple(self._conflicts)

    def _settle(self, conflict: Conflict) -> object:
        """Return the value that resolves *conflict*; if there is none, record it and return mine."""
        if conflict in self._values:
            self._used.add(conflict)
            return self._values[conflict]
        self._conflicts.append(conflict)
        return conflict.mine

    def scalar(self, field: str, base: T, mine: T, theirs: T) -> T:
        if mine in (theirs, base):
            return theirs
        if theirs == base:
            return mine
        conflict = Conflict(field=field, base=base, mine=mine, theirs=theirs)
        return cast("T", self._settle(conflict))

    def text(self, field: str, base: str, mine: str, theirs: str) -> str:
        if mine in (theirs, base):
            return theirs
        if theirs == base:
            return mine
        parts: list[str] = []
        done = 0
        for start, end, ours, others in _regions(
            base, text_edits(base, mine), text_edits(base, theirs)
        ):
            parts.append(base[done:start])
            done = end
            if not others:
                parts.append(_applied(base, start, end, ours))
                continue
            if not ours:
                parts.append(_applied(base, start, end, others))
                continue
            here, one, other = (
                base[start:end],
                _applied(base, start, end, ours),
                _applied(base, start, end, others),
            )
            joined = one if one == other else _merged_word(here, one, other)
            if joined is None:
                at = sum(map(len, parts))
                conflict = Conflict(
                    field=field, base=here, mine=one, theirs=other, start=start, end=end, at=at
                )
                joined = cast("str", self._settle(conflict))
            parts.append(joined)
        parts.append(base[done:])
        return "".join(parts)

    def post(self, base: PostContent, mine: PostContent, theirs: PostContent) -> PostContent:
        text = self.text("text", base.text, mine.text, theirs.text)
        thread = self._thread("thread", base.thread, mine.thread, theirs.thread)
        placed = self._placement(base, mine, theirs)
        return PostContent(
            text=text,
            thread=thread,
            variants=placed.variants,
            media=self._media("media", base.media, mine.media, theirs.media),
            links=self._links(base.links, mine.links, theirs.links),
            targets=placed.targets,
            language=self.scalar("language", base.language, mine.language, theirs.language),
            labels=_set(base.labels, mine.labels, theirs.labels),
            poll=self.scalar("poll", base.poll, mine.poll, theirs.poll),
            planned_at=self.scalar("time", base.planned_at, mine.planned_at, theirs.planned_at),
            times=placed.times,
            campaign=self.scalar("campaign", base.campaign, mine.campaign, theirs.campaign),
            tags=_set(base.tags, mine.tags, theirs.tags),
            format=self.scalar("format", base.format, mine.format, theirs.format),
            first_comment=self.text(
                "first_comment", base.first_comment, mine.first_comment, theirs.first_comment
            ),
            reply_to=placed.reply_to,
            quote_of=placed.quote_of,
            card=self.scalar("card", base.card, mine.card, theirs.card),
            visibility=self.scalar(
                "visibility", base.visibility, mine.visibility, theirs.visibility
            ),
            paid_partnership=self.scalar(
                "paid_partnership",
                base.paid_partnership,
                mine.paid_partnership,
                theirs.paid_partnership,
            ),
        )

    def _thread(
        self, field: str, base: tuple[str, ...], mine: tuple[str, ...], theirs: tuple[str, ...]
    ) -> tuple[str, ...]:
        if mine in (theirs, base):
            return theirs
        if theirs == base:
            return mine
        if len(base) == len(mine) == len(theirs):
            return tuple(
                self._thread_text(f"{field}/{number}", *sides)
                for number, sides in enumerate(zip(base, mine, theirs, strict=True), start=2)
            )
        merged: list[str] = []
        done = 0
        changes = sorted(
            {*sequence_edits(base, mine), *sequence_edits(base, theirs)},
            key=lambda change: change[:2],
        )
        for start, end, texts in changes:
            # Two insertions in one place are in no order, although their ranges do not overlap.
            both_insert = sum(one[:2] == (start, end) for one in changes) > 1
            if start < done or both_insert:
                return self.scalar(field, base, mine, theirs)
            merged += [*base[done:start], *texts]
            done = end
        return (*merged, *base[done:])

    def _thread_text(self, field: str, base: str, mine: str, theirs: str) -> str:
        open_before = len(self._conflicts)
        merged = self.text(field, base, mine, theirs)
        if merged.strip() or len(self._conflicts) > open_before:
            return merged
        # Each person deleted a part of the text, and nothing is left. A thread cannot contain an
        # empty text, so a person has to decide.
        return self.scalar(field, base, mine, theirs)

    def _placement(self, base: PostContent, mine: PostContent, theirs: PostContent) -> Placement:
        sides = [Placement.of(each) for each in (base, mine, theirs)]
        answers = (mine.reply_to, mine.quote_of, theirs.reply_to, theirs.quote_of)
        if any(answers) and len({*mine.targets, *theirs.targets}) > 1:
            # A post that replies to or quotes another post has one target, so the targets can only
            # be chosen together with the other post.
            return self.scalar("targets", *sides)
        variants, times = self._of_profiles(base, mine, theirs)
        targets = {*_set(base.targets, mine.targets, theirs.targets), *times}
        return Placement(
            targets=tuple(sorted({*targets, *(each.profile for each in variants)})),
            reply_to=self.scalar("reply_to", base.reply_to, mine.reply_to, theirs.reply_to),
            quote_of=self.scalar("quote_of", base.quote_of, mine.quote_of, theirs.quote_of),
            variants=tuple(variants),
            times=tuple(sorted(times.items())),
        )

    def _of_profiles(
        self, base: PostContent, mine: PostContent, theirs: PostContent
    ) -> tuple[list[Variant], dict[ProfileId, WallTime]]:
        targets = {*_set(base.targets, mine.targets, theirs.targets)}
        contents = (base, mine, theirs)
        variants, times = [], {}
        for profile in sorted({target for each in contents for target in each.targets}):
            owned = [
                next((v for v in each.variants if v.profile == profile), None) for each in contents
            ]
            planned = [dict(each.times).get(profile) for each in contents]
            if profile in targets:
                variant = self._variant(profile, owned[0], owned[1], owned[2])
                at = self.scalar(f"time/{profile}", planned[0], planned[1], planned[2])
            else:
                # One person removed the profile. If the other person changed what is published
                # there, it is kept until someone decides.
                variant = self._dropped(f"variants/{profile}", profile, contents, owned)
                at = self._dropped(f"time/{profile}", profile, contents, planned)
            if variant is not None and variant != Variant(profile):
                variants.append(variant)
            if at is not None:
                times[profile] = at
        return variants, times

    def _dropped(
        self,
        field: str,
        profile: ProfileId,
        contents: tuple[PostContent, ...],
        sides: list[T | None],
    ) -> T | None:
        base, mine, theirs = sides
        for content, side in zip(contents[1:], (mine, theirs), strict=True):
            if profile in content.targets and side is not None and side != base:
                # The sides can be equal to the base in this field and still conflict: for example,
                # if there was no time for the profile, and one person added one.
                conflict = Conflict(field=field, base=base, mine=mine, theirs=theirs)
                return cast("T | None", self._settle(conflict))
        return None

    def _variant(
        self, profile: ProfileId, base: Variant | None, mine: Variant | None, theirs: Variant | None
    ) -> Variant | None:
        if mine in (theirs, base):
            return theirs
        if theirs == base:
            return mine
        field = f"variants/{profile}"
        empty = Variant(profile)
        base, mine, theirs = base or empty, mine or empty, theirs or empty
        if base.text is None or mine.text is None or theirs.text is None:
            text, thread = self.scalar(
                f"{field}/text",
                (base.text, base.thread),
                (mine.text, mine.thread),
                (theirs.text, theirs.thread),
            )
        else:
            text = self.text(f"{field}/text", base.text, mine.text, theirs.text)
            thread = self._thread(f"{field}/thread", base.thread, mine.thread, theirs.thread)
        if base.media is None or mine.media is None or theirs.media is None:
            media = self.scalar(f"{field}/media", base.media, mine.media, theirs.media)
        else:
            media = self._media(f"{field}/media", base.media, mine.media, theirs.media)
        return Variant(
            profile,
            text,
            thread,
            media=media,
            format=self.scalar(f"{field}/format", base.format, mine.format, theirs.format),
            paid_partnership=self.scalar(
                f"{field}/paid_partnership",
                base.paid_partnership,
                mine.paid_partnership,
                theirs.paid_partnership,
            ),
        )

    def _media(
        self,
        field: str,
        base: tuple[Attachment, ...],
        mine: tuple[Attachment, ...],
        theirs: tuple[Attachment, ...],
    ) -> tuple[Attachment, ...]:
        if mine in (theirs, base):
            return theirs
        if theirs == base:
            return mine
        before, one, other = (_by_digest(media) for media in (base, mine, theirs))
        merged: dict[tuple[str, int], Attachment] = {}
        for key in {**before, **one, **other}:
            item = self._attachment(
                f"{field}/{key[0]}", before.get(key), one.get(key), other.get(key)
            )
            if item is not None:
                merged[key] = item
        keys, agreed = _in_order(tuple(before), tuple(one), tuple(other), kept=merged.__contains__)
        if agreed:
            return tuple(merged[key] for key in keys)
        orders = [
            tuple(merged[key] for key in _arranged(lead, keys))
            for lead in (tuple(before), tuple(one), tuple(other))
        ]
        return self.scalar(field, orders[0], orders[1], orders[2])

    def _links(
        self, base: tuple[str, ...], mine: tuple[str, ...], theirs: tuple[str, ...]
    ) -> tuple[str, ...]:
        if mine in (theirs, base):
            return theirs
        if theirs == base:
            return mine
        return _in_order(base, mine, theirs)[0]

    def _attachment(
        self,
        field: str,
        base: Attachment | None,
        mine: Attachment | None,
        theirs: Attachment | None,
    ) -> Attachment | None:
        if mine in (theirs, base):
            return theirs
        if theirs == base:
            return mine
        if mine is None or theirs is None or type(mine) is not type(theirs):
            return self.scalar(field, base, mine, theirs)
        changes: dict[str, object] = {}
        for attribute in attrs.fields(type(mine)):
            name = attribute.name
            one, other = getattr(mine, name), getattr(theirs, name)
            if not attribute.eq or one == other:
                continue
            before = getattr(base, name, None)
            if name == "alt":
                changes[name] = self.text(f"{field}/alt", before or "", one, other)
            else:
                changes[name] = self.scalar(f"{field}/{name}", before, one, other)
        # The attributes come from the class itself, so their types are right.
        changed: Attachment = attrs.evolve(cast("Any", mine), **changes)
        return changed


_Region: TypeAlias = tuple[int, int, list[Edit], list[Edit]]


def _regions(base: str, mine: list[Edit], theirs: list[Edit]) -> list[_Region]:
    """Group the edits of both people: edits are in one group if a merge cannot tell their order."""
    regions: list[_Region] = []
    edits = sorted(
        [(edit, False) for edit in mine] + [(edit, True) for edit in theirs],
        key=lambda each: each[0][:2],
    )
    start = end = -1
    sides: tuple[list[Edit], list[Edit]] = ([], [])
    for edit, is_theirs in edits:
        first, last, _ = edit
        if start >= 0 and (first <= end or not base[end:first].strip(_BLANKS)):
            end = max(end, last)
        else:
            if start >= 0:
                regions.append((start, end, *sides))
            start, end = first, last
            sides = ([], [])
        sides[is_theirs].append(edit)
    regions.append((start, end, *sides))
    return regions


def _applied(base: str, start: int, end: int, edits: list[Edit]) -> str:
    """Return the part of *base* from *start* to *end* with *edits* applied."""
    if len(edits) == 1 and edits[0][0] == start and edits[0][1] == end:
        return edits[0][2]
    parts = []
    for first, last, text in edits:
        parts += [base[start:first], text]
        start = last
    return "".join([*parts, base[start:end]])


def _merged_word(base: str, mine: str, theirs: str) -> str | None:
    """Merge the changes inside a single word, or return None if they conflict."""
    if len(words(base)) != 1:
        return None
    first, second = sorted((_change(base, mine), _change(base, theirs)))
    if first[1] >= second[0]:
        return None
    return f"{base[: first[0]]}{first[2]}{base[first[1] : second[0]]}{second[2]}{base[second[1] :]}"


def _change(base: str, other: str) -> Edit:
    """Return the smallest single edit that turns *base* into *other* and divides no grapheme."""
    start = common_prefix(base, other)
    end = common_suffix(base, other, at_most=min(len(base), len(other)) - start)
    bounds = [_boundaries(text) for text in (base, other)]
    while not (start in bounds[0] and start in bounds[1]):
        start -= 1
    while not (len(base) - end in bounds[0] and len(other) - end in bounds[1]):
        end -= 1
    return start, len(base) - end, other[start : len(other) - end]


def _boundaries(text: str) -> set[int]:
    places = {0}
    place = 0
    for grapheme in graphemes(text):
        place += len(grapheme)
        places.add(place)
    return places


def _set(
    base: tuple[Item, ...], mine: tuple[Item, ...], theirs: tuple[Item, ...]
) -> tuple[Item, ...]:
    """Return what both sides have, and what either side has added."""
    before, one, other = {*base}, {*mine}, {*theirs}
    return tuple((one & other) | (one - before) | (other - before))


def _by_digest(media: tuple[Attachment, ...]) -> dict[tuple[str, int], Attachment]:
    """Return the images and videos by digest, and by number if a digest occurs repeatedly."""
    seen: Counter[str] = Counter()
    found = {}
    for one in media:
        found[one.digest, seen[one.digest]] = one
        seen[one.digest] += 1
    return found


def _in_order(
    base: tuple[Item, ...],
    mine: tuple[Item, ...],
    theirs: tuple[Item, ...],
    *,
    kept: Callable[[Item], bool] | None = None,
) -> tuple[tuple[Item, ...], bool]:
    """
    Return the items that the merge keeps, in order, and whether the sides agree on the order.

    If only one person has changed the order, it is that person's; otherwise, it is mine.
    """
    keeps = kept or {*_set(base, mine, theirs)}.__contains__
    shared = {*base} & {*mine} & {*theirs}
    before, one, other = (
        [item for item in items if item in shared] for items in (base, mine, theirs)
    )
    lead, rest = (theirs, mine) if one == before != other else (mine, theirs)
    items = tuple(item for item in dict.fromkeys((*lead, *rest, *base)) if keeps(item))
    first = tuple(item for item in lead if item in items)
    return _inserted(first, rest, items, {*base}), before in (one, other) or one == other


def _inserted(
    lead: tuple[Item, ...], rest: tuple[Item, ...], items: tuple[Item, ...], base: set[Item]
) -> tuple[Item, ...]:
    """Insert each item that only *rest* has after the item that precedes it there."""
    ordered = list(dict.fromkeys(lead))
    previous: Item | None = None
    for item in rest:
        if item in items and item not in ordered:
            place = ordered.index(previous) + 1 if previous is not None else 0
            while place < len(ordered) and ordered[place] not in base:
                place += 1
            ordered.insert(place, item)
        if item in ordered:
            previous = item
    return (*ordered, *(item for item in items if item not in ordered))


def _arranged(lead: tuple[Item, ...], items: tuple[Item, ...]) -> list[Item]:
    """Return *items* in the order of *lead*, with the items that it does not have at the end."""
    first = [item for item in lead if item in items]
    return [*first, *(item for item in items if item not in first)]
