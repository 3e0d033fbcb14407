"""What can happen to the organization in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import attrs

from socialcollab.identifiers import MemberId
from socialcollab.workflow.events import PERSONAL


@attrs.frozen(kw_only=True)
class OrganizationCreated:
    """
    The first organization came into force.

    Attributes:
        owner: Who may do everything, everywhere.

        document_digest: The organization's digest.

        tzdata: The version of the zone data that times were reckoned with.

        document: The document as text: it holds names and contacts.

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
    Another organization came into force.

    Attributes:
        document_digest: Its digest.

        before: The digest of the one that was in force.

        changes: The lines that changed, as `Change` prints them.

        document: The document as text.

        files: The files it names, by name, in base64.

        reason: Why.
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
    """What waits has been reckoned anew, under the organization in force and this zone data."""

    TYPE: ClassVar[str] = "organization.reevaluated"

    tzdata: str


ORGANIZATION_EVENTS: Final[tuple[type[Any], ...]] = (
    OrganizationCreated,
    OrganizationAdopted,
    OrganizationReevaluated,
)
