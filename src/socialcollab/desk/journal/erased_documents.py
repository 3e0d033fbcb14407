"""The versions of the organization's document, with and without one member's name."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import attrs

from socialcollab.desk.journal.organization_events import OrganizationAdopted, OrganizationCreated
from socialcollab.organization import Organization
from socialcollab.stores import Event as StoredEvent
from socialcollab.workflow.events import PersonErased

_DOCUMENTS: Final = (OrganizationCreated.TYPE, OrganizationAdopted.TYPE)
_REASONS: Final = frozenset({"reason", "why"})


@attrs.frozen(slots=False)
class _Version:
    """One version of the document as it can still be read."""

    number: int
    text: str
    files: Mapping[str, bytes]

    @cached_property
    def organization(self) -> Organization:
        return Organization.loads(self.text, files=self.files)


@attrs.frozen
class DocumentVersions:
    """
    All versions of a document, oldest first.

    Attributes:
        versions: Each as it can still be read.

        own: The versions whose text stands at the event that brought them.

        rewritten: The tombstones that carry rewritten texts, with the names of these.
    """

    versions: tuple[_Version, ...]
    own: frozenset[int]
    rewritten: Mapping[int, frozenset[str]]

    def text(self, number: int) -> str:
        """Return the text of a version, or nothing."""
        return next((one.text for one in self.versions if one.number == number), "")

    def workspace_of(self, profile: str) -> str | None:
        """Return the workspace that a profile was in last, or None if no version has it."""
        for one in reversed(self.versions):
            # Reading a whole version takes far longer than finding a word in it.
            if profile in one.text and profile in one.organization.profiles_by_id:
                return one.organization.profiles_by_id[profile].workspace
        return None

    def knows(self, member: str) -> bool:
        """Tell whether some version has such a member."""
        return any(member in one.organization.members_by_id for one in self.versions)

    def naming(self, member: str) -> dict[int, set[str]]:
        """Return what of which event has to go, for nothing to name the member any more."""
        named = [one.number for one in self.versions if _names(one, member, self.words(member))]
        if not named:
            return {}
        going = {number: {"document"} for number in named if number in self.own}
        # A tombstone carries all rewritten versions, so that the newest supersedes the others.
        going.update({number: set(names) for number, names in self.rewritten.items()})
        return going

    def without(self, member: str) -> dict[str, Any]:
        """Return the document in force and the earlier versions, none of which names the member."""
        words = self.words(member)
        gone = {one.number for one in self.versions if _names(one, member, words)}
        texts = {
            str(one.number): _rewritten(one, member, words) if one.number in gone else one.text
            for one in self.versions
            if one.number in gone or one.number not in self.own
        }
        if not gone:
            return {}
        last = str(self.versions[-1].number)
        return {"documents": texts, "document": texts.get(last, "")}

    def words(self, member: str) -> frozenset[str]:
        """Return every name and address that some version has of the member."""
        people = [one.organization.members_by_id.get(member) for one in self.versions]
        found = {person.name for person in people if person is not None}
        found |= {
            value for person in people if person is not None for value in person.contact.values()
        }
        return frozenset(found - {""})


def versions_of(events: Sequence[StoredEvent]) -> DocumentVersions:
    """Gather the versions of the document from the stream of the organization."""
    rewritten: dict[str, str] = {}
    tombstones: dict[int, frozenset[str]] = {}
    for event in events:
        if event.type == PersonErased.TYPE:
            texts: Any = event.personal.get("documents", {})
            rewritten.update(texts)
            carried = {"document", "documents"} & event.personal.keys()
            if carried:
                tombstones[event.version] = frozenset(carried)
    versions, own = [], set()
    for event in events:
        if event.type not in _DOCUMENTS:
            continue
        if "document" in event.personal:
            own.add(event.version)
        text = str(event.personal.get("document", rewritten.get(str(event.version), "")))
        named: Any = event.personal.get("files", {})
        files = {name: base64.b64decode(data) for name, data in named.items()}
        if text:
            versions.append(_Version(event.version, text, files))
    return DocumentVersions(tuple(versions), frozenset(own), tombstones)


def _names(version: _Version, member: str, words: frozenset[str]) -> bool:
    person = version.organization.members_by_id.get(member)
    if person is not None and (person.name or person.contact):
        return True
    # In the document's own text a name with quotes is written otherwise.
    texts = [version.text, *texts_of(version.organization.to_dict())]
    return any(word in text for word in words for text in texts)


def _rewritten(version: _Version, member: str, words: frozenset[str]) -> str:
    """Write a version anew, without the member's name and contacts; its digest stays."""
    import tomli_w  # noqa: PLC0415  only who writes pays for it

    document = version.organization.to_dict()
    for person in document.get("members", ()):
        if person["id"] == member:
            person.pop("name", None)
            person.pop("contact", None)
    return tomli_w.dumps(_with_id_for(document, words, member))


def _with_id_for(value: Any, words: frozenset[str], member: str, key: str = "") -> Any:
    """Put the member's id in place of their name wherever somebody gave a reason."""
    if isinstance(value, dict):
        return {k: _with_id_for(v, words, member, k) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_id_for(one, words, member, key) for one in value]
    return without_words(value, words, member) if key in _REASONS else value


def without_words(text: str, words: frozenset[str], member: str) -> str:
    """Put the member's id in place of each of their names and addresses."""
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, member)
    return text


def texts_of(value: Any) -> Iterator[str]:
    """Yield every text in a value, as it was written."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield str(name)
            yield from texts_of(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from texts_of(one)
