"""Make the desk in the office's file; once, after `migrate` and the first superuser."""

from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand

from office.desk import desk, media, store
from office.people import organization
from socialcollab import Desk


class Command(BaseCommand):
    """Bring the rules and the people into force."""

    help = "Make the desk; --owner is a superuser."

    def add_arguments(self, parser):
        parser.add_argument("--owner", required=True)

    def handle(self, *, owner, **_):
        for team in ("writers", "editors", "ads"):
            Group.objects.get_or_create(name=team)
        Desk.create(store(), organization(), owner=owner, media=media())
        self.stdout.write(f"{desk().organization.id} is in force, owned by {owner}")
