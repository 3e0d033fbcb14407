"""Ask the desk where Django asks for permissions: ``user.has_perm("desk.publish", "tulip-x")``."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend
from django.db.models import QuerySet

from office.desk import desk

LABEL = "desk"


class DeskBackend(BaseBackend):
    """
    The rights of the desk as permissions of Django.

    The object is a profile, a workspace, or None for everywhere. A permission
    that does not exist is an error and no "no": it is a slip of the pen.
    """

    def has_perm(self, user_obj: Any, perm: str, obj: str | None = None) -> bool:
        label, _, permission = perm.partition(".")
        if label != LABEL or not user_obj.is_active:
            return False
        here = desk()
        return here.organization.access.allows(
            user_obj.get_username(), permission, obj or "*", at=here.engine.now()
        )

    def get_all_permissions(self, user_obj: Any, obj: str | None = None) -> set[str]:
        if not user_obj.is_active:
            return set()
        here = desk()
        may = here.organization.access.permissions_of(
            user_obj.get_username(), obj or "*", at=here.engine.now()
        )
        return {f"{LABEL}.{permission}" for permission in may}

    def with_perm(self, perm: str, obj: str | None = None) -> QuerySet[Any]:
        """Return the users who may: by a grant, on duty now, or in somebody's place."""
        here = desk()
        label, _, permission = perm.partition(".")
        may = (
            here.organization.access.members(permission, obj or "*", at=here.engine.now())
            if label == LABEL
            else ()
        )
        return get_user_model().objects.filter(username__in=may, is_active=True)
