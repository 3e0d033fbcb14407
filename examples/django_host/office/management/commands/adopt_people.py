"""Tell the desk who works here now; after users or groups have changed, or house.toml has."""

from django.core.management.base import BaseCommand

from office.desk import desk
from office.people import organization


class Command(BaseCommand):
    """Propose what the office knows, and adopt it."""

    help = "Adopt the office's people and the rules of house.toml."

    def add_arguments(self, parser):
        parser.add_argument("--by", required=True, help="a superuser")
        parser.add_argument("--reason", default="people changed")

    def handle(self, *, by, reason, **_):
        proposal = desk().propose(organization())
        for change in proposal.changes:
            self.stdout.write(str(change))
        if proposal.changes:
            desk().acting_as(by).adopt(proposal, reason=reason)
        self.stdout.write(f"{len(proposal.changes)} lines adopted")
