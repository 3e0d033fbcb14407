"""The organization: the rules of the document, with the users and groups of Django."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from socialcollab import Member, Organization, Team
from socialcollab.permissions import Grant


def current_organization() -> Organization:
    """Return the rules of the document with users as members and groups as teams."""
    users = get_user_model().objects.order_by("username")
    return Organization.assemble(
        (settings.BASE / "organization.toml").read_text(encoding="utf-8"),
        members=[
            Member(id=user.username, name=user.get_full_name(), suspended=not user.is_active)
            for user in users
        ],
        teams=[
            Team(
                id=group.name,
                members=group.user_set.order_by("username").values_list("username", flat=True),
            )
            for group in Group.objects.order_by("name")
        ],
        grants=[
            Grant(to=f"member:{user.username}", role="owner", on={"workspace": "*"})
            for user in users
            if user.is_superuser and user.is_active
        ],
    )
