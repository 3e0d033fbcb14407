"""Create the desk in the application's database. Run once after `migrate`, `createsuperuser`."""

from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand

from office.desk import ORGANIZATION, open_media, open_store
from office.organization import current_organization
from socialcollab import Desk


class Command(BaseCommand):
    """Create the groups to which the rules refer, and the desk."""

    help = "Create the desk and the groups to which its rules refer."

    def add_arguments(self, parser):
        parser.add_argument(
            "--owner", required=True, help="the superuser who becomes the owner of the organization"
        )

    def handle(self, *, owner, **_):
        for team in ("writers", "editors", "ads"):
            Group.objects.get_or_create(name=team)
        Desk.create(open_store(), current_organization(), owner=owner, media=open_media())
        self.stdout.write(f"created the desk of {ORGANIZATION} with the owner {owner}")
