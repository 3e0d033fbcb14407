"""Combine the rules in the document with Django's users and groups."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from socialcollab import Member, Organization, Team
from socialcollab.identifiers import is_id
from socialcollab.permissions import Grant


def current_organization() -> Organization:
    """
    Return the rules in the document, with users as members and groups as teams.

    Users and groups whose names are not valid identifiers are omitted, so that such a name does
    not prevent the adoption of all other users and groups.
    """
    users = [user for user in get_user_model().objects.order_by("username") if is_id(user.username)]
    return Organization.assemble(
        (settings.BASE / "organization.toml").read_text(encoding="utf-8"),
        members=[
            Member(id=user.username, name=user.get_full_name(), suspended=not user.is_active)
            for user in users
        ],
        teams=[
            Team(
                id=group.name,
                members=filter(
                    is_id, group.user_set.order_by("username").values_list("username", flat=True)
                ),
            )
            for group in Group.objects.order_by("name")
            if is_id(group.name)
        ],
        grants=[
            Grant(to=f"member:{user.username}", role="owner", on={"workspace": "*"})
            for user in users
            if user.is_superuser and user.is_active
        ],
    )
