"""What can happen to the organization in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import attrs

from socialcollab.identifiers import MemberId
from socialcollab.workflow.events import PERSONAL

__all__ = ["OrganizationCreated"]


@attrs.frozen(kw_only=True)
class OrganizationCreated:
    """
    The first organization came into force.

    Attributes:
        owner: Who may do everything, everywhere.

        document_digest: The organization's digest.

        document: The document as text: it holds names and contacts.

        files: The files it names, by name, in base64.
    """

    TYPE: ClassVar[str] = "organization.created"

    owner: MemberId
    document_digest: str
    document: str = attrs.field(metadata=PERSONAL)
    files: Mapping[str, str] = attrs.field(factory=dict, metadata=PERSONAL)
