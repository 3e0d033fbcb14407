"""Read all versions of the organization's document, and remove a member's name from them."""

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

DOCUMENT_EVENTS: Final = frozenset({OrganizationCreated.TYPE, OrganizationAdopted.TYPE})
REASON_KEYS: Final = frozenset({"reason", "why"})


@attrs.frozen(slots=False)
class _Version:
    """A version of the document in its current, possibly rewritten form."""

    number: int
    text: str
    files: Mapping[str, bytes]

    @cached_property
    def organization(self) -> Organization:
        return Organization.loads(self.text, files=self.files)


@attrs.frozen
class DocumentVersions:
    """
    All versions of the organization's document.

    The text of a version is a personal value of the event that recorded its adoption. When a member
    is erased, that value is erased too. The tombstone, an event of type ``person.erased``, then
    contains the text of the version without the member's name.

    Attributes:
        versions: The versions, oldest first.
        intact: The numbers of the versions whose original event still contains the text.
        tombstones: The fields that contain rewritten texts, by the event version of the tombstone.
    """

    versions: tuple[_Version, ...]
    intact: frozenset[int]
    tombstones: Mapping[int, frozenset[str]]

    def text(self, number: int) -> str:
        """Return the text of a version, or an empty string if there is no such version."""
        return next((version.text for version in self.versions if version.number == number), "")

    def workspace_of(self, profile: str) -> str | None:
        """Return the workspace of a profile in the newest version that contains it, or None."""
        for version in reversed(self.versions):
            # Loading a version takes much longer than searching its text.
            if profile in version.text and profile in version.organization.profiles_by_id:
                return version.organization.profiles_by_id[profile].workspace
        return None

    def knows(self, member: str) -> bool:
        """Return whether any version contains the member."""
        return any(member in version.organization.members_by_id for version in self.versions)

    def naming(self, member: str) -> dict[int, set[str]]:
        """Return the fields that must be erased to remove the member's name, by event version."""
        words = self.words(member)
        named = [version.number for version in self.versions if _names(version, member, words)]
        if not named:
            return {}
        fields = {number: {"document"} for number in named if number in self.intact}
        # The new tombstone contains every rewritten version, so the texts in older tombstones can
        # be deleted.
        fields.update({number: set(names) for number, names in self.tombstones.items()})
        return fields

    def without(self, member: str) -> dict[str, Any]:
        """Return the fields of a tombstone: the versions without the member's name."""
        words = self.words(member)
        named = {version.number for version in self.versions if _names(version, member, words)}
        if not named:
            return {}
        texts = {
            str(version.number): (
                _rewritten(version, member, words) if version.number in named else version.text
            )
            for version in self.versions
            if version.number in named or version.number not in self.intact
        }
        active = str(self.versions[-1].number)
        return {"documents": texts, "document": texts.get(active, "")}

    def words(self, member: str) -> frozenset[str]:
        """Return every name and contact address of the member in any version."""
        words: set[str] = set()
        for version in self.versions:
            person = version.organization.members_by_id.get(member)
            if person is not None:
                words |= {person.name, *person.contact.values()}
        return frozenset(words - {""})


def versions_of(events: Sequence[StoredEvent]) -> DocumentVersions:
    """Return the versions of the document from the events of the ``organization`` stream."""
    rewritten: dict[str, str] = {}
    tombstones: dict[int, frozenset[str]] = {}
    for event in events:
        if event.type == PersonErased.TYPE:
            texts: Any = event.personal.get("documents", {})
            rewritten.update(texts)
            fields = {"document", "documents"} & event.personal.keys()
            if fields:
                tombstones[event.version] = frozenset(fields)
    versions, intact = [], set()
    for event in events:
        if event.type not in DOCUMENT_EVENTS:
            continue
        if "document" in event.personal:
            intact.add(event.version)
        text = str(event.personal.get("document", rewritten.get(str(event.version), "")))
        encoded: Any = event.personal.get("files", {})
        files = {name: base64.b64decode(data) for name, data in encoded.items()}
        if text:
            versions.append(_Version(event.version, text, files))
    return DocumentVersions(tuple(versions), frozenset(intact), tombstones)


def _names(version: _Version, member: str, words: frozenset[str]) -> bool:
    person = version.organization.members_by_id.get(member)
    if person is not None and (person.name or person.contact):
        return True
    # TOML escapes some characters, so a value may contain a name that the text does not contain
    # literally.
    texts = [version.text, *texts_of(version.organization.to_dict())]
    return any(word in text for word in words for text in texts)


def _rewritten(version: _Version, member: str, words: frozenset[str]) -> str:
    """Return a version with the member's name and contacts removed from its text."""
    import tomli_w  # noqa: PLC0415  needed only to erase a member

    document = version.organization.to_dict()
    for person in document.get("members", ()):
        if person["id"] == member:
            person.pop("name", None)
            person.pop("contact", None)
    return tomli_w.dumps(_with_id_in_reasons(document, words, member))


def _with_id_in_reasons(value: Any, words: frozenset[str], member: str, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _with_id_in_reasons(v, words, member, name) for name, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_id_in_reasons(item, words, member, key) for item in value]
    return without_words(value, words, member) if key in REASON_KEYS else value


def without_words(text: str, words: frozenset[str], member: str) -> str:
    """Replace every name and address of a member in *text* with the member's id."""
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, member)
    return text


def texts_of(value: Any) -> Iterator[str]:
    """Yield every string in a nested value, including keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield str(name)
            yield from texts_of(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts_of(item)
