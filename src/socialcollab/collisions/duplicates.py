"""Find posts and replies that are nearly the same as earlier ones."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from operator import add
from typing import Final

import attrs

from socialcollab.collisions.text_edits import matching_runs
from socialcollab.content import PostContent
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.identifiers import did_you_mean
from socialcollab.verdicts import Reason

DEFAULT_THRESHOLD: Final = 0.5
"""The score from which texts count as near-duplicates; the reference page lists its errors."""

# A run of text without spaces between words has one word per character.
_UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u31a0-\u31ff\u3400-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_URL: Final = r"https?://[^\s<>\"]+"
# Networks and newsreaders put these words before a copied post.
_COPY_MARK: Final = r"\b(?:rt|via)\s+@\w+:?"
_TOKEN: Final = re.compile(
    rf"({_URL})|({_COPY_MARK}|@\w[\w.-]*)|([{_UNSPACED}])|([^\W_{_UNSPACED}]+)"
)
_PLACED: Final = re.compile(rf"{_URL}|[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_WORD: Final = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_TRACKING: Final = re.compile(
    r"(?:utm_[^=]*|mc_[ce]id|[gm]s?clkid|gclid|fbclid|igsh(?:id)?|dclid|yclid|ref_src|ref_url|cmpid|s_cid)(?:=|$)"
)
# The addresses of link shorteners differ each time, although the page is the same.
_SHORTENERS: Final = frozenset(
    [
        "t.co",
        "bit.ly",
        "buff.ly",
        "ow.ly",
        "goo.gl",
        "tinyurl.com",
        "lnkd.in",
        "fb.me",
        "dlvr.it",
        "ift.tt",
        "trib.al",
        "is.gd",
    ]
)
# The keys of a text are its rarest pairs of words. With more keys, more candidates are compared.
_MOST_KEYS: Final = 3
_WORD_BITS: Final = 28


def _address(url: str) -> str:
    """Return the address of a link without its scheme and tracking parameters, or nothing."""
    rest, _, _ = url.partition("#")
    path, _, query = rest.partition("?")
    path = path.partition("://")[2].removeprefix("www.").rstrip("/.,;:!)]…'")
    if path.partition("/")[0] in _SHORTENERS:
        return ""
    kept = sorted([pair for pair in query.split("&") if pair and not _TRACKING.match(pair)])
    return f"{path}?{'&'.join(kept)}" if kept else path


def _tokens(text: str) -> list[str]:
    """Return the words that are compared: folded, and without mentions and link shorteners."""
    folded = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    end = folded.rstrip()
    if end.endswith("..."):
        # The last word of a copy that was cut off is incomplete.
        folded = (end.rsplit(maxsplit=1) or [""])[0] if " " in end else end
    if "@" not in folded and "://" not in folded:
        return _WORD.findall(folded)
    tokens = [
        _address(url) if url else character or word
        for url, _mention, character, word in _TOKEN.findall(folded)
    ]
    # A text that consists of mentions only is compared as it is.
    return [token for token in tokens if token] or folded.split()


class _Words(dict[str, tuple[int, int]]):
    """
    The numbers of words. The sum of one word's first and another's second number is their pair's.

    The numbers of pairs of long words are smaller. Pairs of long words are rarer than pairs of
    short ones, and unlike an order by counts, this order never changes: similar texts have the
    same rarest pairs, whenever they are added.
    """

    def __missing__(self, word: str) -> tuple[int, int]:
        length = (31 - min(len(word), 31)) << 2 * _WORD_BITS
        number = len(self)
        pair = self[word] = length | (number + 1) << _WORD_BITS, length | number
        return pair

    def features(self, tokens: list[str]) -> tuple[frozenset[int], tuple[int, ...]]:
        """Return the words and pairs of adjacent words of a text, and those that are its keys."""
        numbers = [self[token] for token in tokens]
        words = [number for _, number in numbers]
        pairs = list(map(add, [number for number, _ in numbers], words[1:]))
        features = frozenset(words + pairs)
        pairs.sort()
        return features, tuple(dict.fromkeys(pairs[:_MOST_KEYS])) or tuple(words)


def _jaccard(one: frozenset[int], other: frozenset[int]) -> float:
    shared = len(one & other)
    # Texts without words, such as those of posts with an image only, say nothing.
    return shared / (len(one) + len(other) - shared) if shared else 0.0


def similarity(one: str, other: str) -> float:
    """
    Return how similar two texts are, from 0 to 1.

    It is the share of words and pairs of adjacent words that the texts have in common. Case,
    Unicode compatibility forms, punctuation, mentions, marks of copies such as "RT @ana:",
    addresses of link shorteners and the tracking parameters of links make no difference.

    >>> similarity("Spring SALE: 20% off! https://tulip.nl/?utm_source=x", "spring sale 20 off https://tulip.nl")
    1.0
    >>> round(similarity("Sale starts on Monday", "Sale starts on Tuesday"), 2)
    0.56
    """
    words = _Words()
    return _jaccard(*(words.features(_tokens(text))[0] for text in (one, other)))


@attrs.frozen(kw_only=True)
class SharedSpan:
    """
    A passage that two texts have in common, apart from case and punctuation.

    Attributes:
        start: Where it begins in the first text, in code points.
        end: Where it ends in the first text.
        other_start: Where it begins in the second text.
        other_end: Where it ends in the second text.
    """

    start: int
    end: int
    other_start: int
    other_end: int


def shared_spans(one: str, other: str) -> tuple[SharedSpan, ...]:
    """
    Return the passages of at least two words, or a single word, that two texts share, in order.

    >>> [span] = shared_spans("Big spring sale today", "Our SPRING SALE!")
    >>> "Big spring sale today"[span.start:span.end], "Our SPRING SALE!"[span.other_start:span.other_end]
    ('spring sale', 'SPRING SALE')
    """
    places = [[match.span() for match in _PLACED.finditer(text)] for text in (one, other)]
    words = [
        [unicodedata.normalize("NFKC", text[start:end]).casefold() for start, end in spans]
        for text, spans in zip((one, other), places, strict=True)
    ]
    return tuple(
        SharedSpan(
            start=places[0][first][0],
            end=places[0][first + length - 1][1],
            other_start=places[1][second][0],
            other_end=places[1][second + length - 1][1],
        )
        for first, second, length in matching_runs(*words)
    )


@attrs.frozen(kw_only=True)
class Match:
    """
    An earlier post or reply that is nearly the same.

    Attributes:
        id: Its id.
        score: How similar the texts are, from 0 to 1; see `similarity`.
        media: The digests of the images and videos that both have, sorted.
        other_media: Whether both have images or videos, but none in common.
        text: The text that was looked up.
        other_text: The text of the earlier post or reply.
    """

    id: str
    score: float
    media: tuple[str, ...] = ()
    other_media: bool = False
    text: str = attrs.field(repr=False)
    other_text: str = attrs.field(repr=False)

    @property
    def spans(self) -> tuple[SharedSpan, ...]:
        """The passages that both texts have in common."""
        return shared_spans(self.text, self.other_text)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What the two have in common, as messages that can be translated."""
        reasons = []
        if self.score:
            reasons.append(Reason.of("duplicate.text", id=self.id, percent=int(self.score * 100)))
        if self.media:
            reasons.append(Reason.of("duplicate.media", id=self.id, count=len(self.media)))
        if self.other_media:
            reasons.append(Reason.of("duplicate.other_media", id=self.id))
        return tuple(reasons)


@attrs.define(eq=False)
class _Group:
    """Entries whose texts have the same words in the same order, with the keys to find them by."""

    words: str
    features: frozenset[int]
    keys: tuple[int, ...]
    names: dict[str, None] = attrs.field(factory=dict)


@attrs.define(eq=False)
class _Entry:
    text: str
    group: _Group
    media: frozenset[str]


class DuplicateIndex:
    """
    Texts and media by which near-duplicates of a new post or reply are found.

    Entries can be added and removed at any time. The index keeps the texts in memory, about three
    kilobytes for each post of 90 characters. It is not safe for use in several threads at once.

    >>> index = DuplicateIndex()
    >>> index.add("p1", "The tulip season starts on Monday, come and see!")
    >>> [match] = index.find("the tulip season starts on monday. Come and see it")
    >>> match.id, round(match.score, 2)
    ('p1', 0.89)
    >>> match.reasons[0].text()
    '89% of the words are the same as in `p1`'
    """

    def __init__(self, *, threshold: float = DEFAULT_THRESHOLD) -> None:
        """
        Create an empty index.

        Args:
            threshold: The score from which texts match, above 0.34 and at most 1. Texts with a
                lower score need not have any pair of words in common.

        Raises:
            InvalidValueError: If *threshold* is not in this range.
        """
        if not 0.34 < threshold <= 1:
            raise InvalidValueError(
                f"the threshold is {threshold}, but it must be above 0.34 and at most 1",
                value=threshold,
                expected="a number such as 0.5",
            )
        self.threshold = threshold
        self._words = _Words()
        self._entries: dict[str, _Entry] = {}
        self._groups: dict[str, _Group] = {}
        # Most keys belong to one group. A list for each of them would double the time that the
        # garbage collector takes.
        self._by_key: dict[int, _Group | list[_Group]] = {}
        self._by_media: dict[str, dict[str, None]] = {}
        self._last: tuple[str, _Group] | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def add(self, name: str, text: str | PostContent, *, media: Iterable[str] = ()) -> None:
        """
        Add an entry, or replace the entry with this id.

        Args:
            name: The id of the post or reply, which matches will name.
            text: The text, or the content of a post, whose text, thread and media are used.
            media: The digests of images and videos, in addition to those of a post.
        """
        shown, digests = _parts(text, media)
        if name in self._entries:
            self.remove(name)
        group = self._group(shown)
        if not group.names:
            self._groups[group.words] = group
            for key in group.keys:
                held = self._by_key.setdefault(key, group)
                if isinstance(held, list):
                    held.append(group)
                elif held is not group:
                    self._by_key[key] = [held, group]
        group.names[name] = None
        self._entries[name] = _Entry(shown, group, digests)
        for digest in digests:
            self._by_media.setdefault(digest, {})[name] = None

    def remove(self, name: str) -> None:
        """
        Remove an entry.

        Raises:
            NotFoundError: If there is no entry with this id.
        """
        if name not in self._entries:
            hint = did_you_mean(name, self._entries)
            raise NotFoundError("entry of the index", name, suggestion=hint)
        entry = self._entries.pop(name)
        group = entry.group
        del group.names[name]
        if not group.names:
            del self._groups[group.words]
            for key in group.keys:
                held = self._by_key[key]
                if isinstance(held, list) and len(held) > 1:
                    held.remove(group)
                else:
                    del self._by_key[key]
        for digest in entry.media:
            del self._by_media[digest][name]
            if not self._by_media[digest]:
                del self._by_media[digest]

    def find(
        self,
        text: str | PostContent,
        *,
        media: Iterable[str] = (),
        ignore: Iterable[str] = (),
        limit: int | None = 10,
    ) -> tuple[Match, ...]:
        """
        Return the entries with a similar text or with an image or video in common.

        The most similar entries come first; among equally similar entries, those with the same
        text or the same media come in the order in which they were added.

        Args:
            text: The new text, or the content of a new post.
            media: The digests of its images and videos, in addition to those of a post.
            ignore: The ids of entries to leave out, such as the post itself.
            limit: The largest number of matches to return, or None to return all.

        Raises:
            InvalidValueError: If *limit* is negative.
        """
        if limit is not None and limit < 0:
            raise InvalidValueError(
                f"the limit is {limit}, but it cannot be negative",
                value=limit,
                expected="a whole number, or None",
            )
        shown, digests = _parts(text, media)
        group = self._group(shown)
        left_out = frozenset(ignore)
        similar = self._similar(group)
        if not similar and not digests:
            return ()
        scored = [
            (score, name)
            for other, score in similar
            for name in other.names
            if name not in left_out
        ]
        if digests:
            known = left_out.union([name for _, name in scored])
            pictured = {
                name: None for each in sorted(digests) for name in self._by_media.get(each, ())
            }
            scored += [
                (_jaccard(group.features, self._entries[name].group.features), name)
                for name in pictured
                if name not in known
            ]
        scored.sort(key=lambda pair: -pair[0])
        return tuple(self._match(name, score, shown, digests) for score, name in scored[:limit])

    def _match(self, name: str, score: float, text: str, digests: frozenset[str]) -> Match:
        other = self._entries[name]
        shared = digests & other.media
        return Match(
            id=name,
            score=score,
            media=tuple(sorted(shared)),
            other_media=bool(digests and other.media and not shared),
            text=text,
            other_text=other.text,
        )

    def _similar(self, group: _Group) -> list[tuple[_Group, float]]:
        """Return the groups whose score reaches the threshold."""
        features, threshold = group.features, self.threshold
        size = len(features)
        least, most = size * threshold, size / threshold
        found = [(group, 1.0)] if group.names and group.words else []
        candidates: list[_Group] = []
        for key in group.keys:
            held = self._by_key.get(key)
            if isinstance(held, list):
                candidates += held
            elif held is not None:
                candidates.append(held)
        for other in dict.fromkeys(candidates):
            theirs = other.features
            if other is not group and least <= len(theirs) <= most:
                shared = len(features & theirs)
                score = shared / (size + len(theirs) - shared)
                if score >= threshold:
                    found.append((other, score))
        return found

    def _group(self, text: str) -> _Group:
        """Return the group of the entries with these words, or a new one without entries."""
        # A text is often looked up and then added.
        if self._last is not None and self._last[0] == text:
            last = self._last[1]
            return self._groups.get(last.words, last)
        tokens = _tokens(text)
        words = " ".join(tokens)
        group = self._groups.get(words)
        if group is None:
            group = _Group(words, *self._words.features(tokens))
        self._last = (text, group)
        return group


def _parts(text: str | PostContent, media: Iterable[str]) -> tuple[str, frozenset[str]]:
    if isinstance(text, PostContent):
        shown = "\n".join((text.text, *text.thread))
        return shown, frozenset([*media, *(one.digest for one in text.all_media)])
    return text, frozenset(media)
