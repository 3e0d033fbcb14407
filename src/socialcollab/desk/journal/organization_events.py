"""The events of the stream ``organization``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import attrs

from socialcollab.identifiers import MemberId
from socialcollab.workflow.events import PERSONAL


@attrs.frozen(kw_only=True)
class OrganizationCreated:
    """
    The desk was created, with its first document.

    Attributes:
        owner: The member who holds every permission everywhere.
        document_digest: The document's digest.
        tzdata: The version of the time zone data by which instants were computed.
        document: The document as text; it holds names and contacts.
        files: The files it names, by name, in base64.
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
    A member adopted another document.

    Attributes:
        document_digest: The document's digest.
        before: The digest of the document that it replaced.
        changes: The entries that changed, as `Change` prints them.
        document: The document as text; it holds names and contacts.
        files: The files it names, by name, in base64.
        reason: Why it was adopted.
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
    """Every waiting post and delivery was reevaluated by the active document and this *tzdata*."""

    TYPE: ClassVar[str] = "organization.reevaluated"

    tzdata: str
