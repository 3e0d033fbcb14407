"""Update the desk with the current users, groups and rules."""

from django.core.management.base import BaseCommand

from office.desk import open_desk
from office.organization import current_organization


class Command(BaseCommand):
    """Propose the current organization, and adopt it if anything has changed."""

    help = "Adopt the current users and groups, and the rules in organization.toml."

    def add_arguments(self, parser):
        parser.add_argument("--by", required=True, help="the superuser who adopts the changes")
        parser.add_argument("--reason", default="users or groups changed")

    def handle(self, *, by, reason, **_):
        desk = open_desk()
        proposal = desk.propose(current_organization())
        for change in proposal.changes:
            self.stdout.write(str(change))
        if proposal.changes:
            desk.acting_as(by).adopt(proposal, reason=reason)
        self.stdout.write(f"changes adopted: {len(proposal.changes)}")
