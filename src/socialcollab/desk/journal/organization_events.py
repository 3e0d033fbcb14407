"""The event classes of the ``organization`` stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import attrs

from socialcollab.identifiers import MemberId
from socialcollab.workflow.events import PERSONAL


@attrs.frozen(kw_only=True)
class OrganizationCreated:
    """
    The event that records the creation of the desk with its first document.

    Attributes:
        owner: The member who has every permission on all resources.
        document_digest: The document's digest.
        tzdata: The version of the time zone data used to compute instants.
        document: The document as text, including names and contacts.
        files: The files that the document refers to, by name, encoded as base64.
    """

    TYPE: ClassVar[str] = "organization.created"

    owner: MemberId
    document_digest: str
    tzdata: str = ""
    document: str = attrs.field(metadata=PERSONAL)
    files: Mapping[str, str] = attrs.field(factory=dict, metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class OrganizationAdopted:
    """
    The event that records the adoption of another document.

    Attributes:
        document_digest: The document's digest.
        before: The digest of the replaced document.
        changes: The entries that changed, each as the string form of a `Change`.
        document: The document as text, including names and contacts.
        files: The files that the document refers to, by name, encoded as base64.
        reason: The reason for the adoption.
    """

    TYPE: ClassVar[str] = "organization.adopted"

    document_digest: str
    before: str
    changes: tuple[str, ...] = ()
    document: str = attrs.field(metadata=PERSONAL)
    files: Mapping[str, str] = attrs.field(factory=dict, metadata=PERSONAL)
    reason: str = attrs.field(metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class OrganizationReevaluated:
    """The event that records a reevaluation of all waiting posts and deliveries."""

    TYPE: ClassVar[str] = "organization.reevaluated"

    tzdata: str
