"""Make the desk's permissions available to Django's permission checks."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend
from django.db.models import QuerySet

from office.desk import open_desk

LABEL = "desk"


class DeskBackend(BaseBackend):
    """
    A backend for checks such as ``user.has_perm("desk.publish", "tulip-x")``.

    The object of a check is a profile or a workspace, or None for all resources. If a permission
    does not exist, an error is raised, because the name is probably misspelt.
    """

    def has_perm(self, user_obj: Any, perm: str, obj: str | None = None) -> bool:
        label, _, permission = perm.partition(".")
        if label != LABEL or not user_obj.is_active:
            return False
        desk = open_desk()
        return desk.organization.access.allows(
            user_obj.get_username(), permission, obj or "*", at=desk.engine.now()
        )

    def get_all_permissions(self, user_obj: Any, obj: str | None = None) -> set[str]:
        if not user_obj.is_active:
            return set()
        desk = open_desk()
        permissions = desk.organization.access.permissions_of(
            user_obj.get_username(), obj or "*", at=desk.engine.now()
        )
        return {f"{LABEL}.{permission}" for permission in permissions}

    def with_perm(self, perm: str, obj: str | None = None) -> QuerySet[Any]:
        """Return the users who have a permission from a grant, from a shift or as a delegate."""
        label, _, permission = perm.partition(".")
        members: tuple[str, ...] = ()
        if label == LABEL:
            desk = open_desk()
            members = desk.organization.access.members(permission, obj or "*", at=desk.engine.now())
        return get_user_model().objects.filter(username__in=members, is_active=True)
