"""Perform the due work. Run this command from cron every minute."""

from django.core.management.base import BaseCommand

from office.desk import open_desk


class Command(BaseCommand):
    """Perform the due work outside of requests, because a sent post cannot be rolled back."""

    help = "Publish due posts, remind reviewers, and mark late posts as expired."

    def handle(self, **_):
        report = open_desk().run_due()
        for delivery, state in report.states:
            self.stdout.write(f"{delivery} {state}")
        for stream, problem in report.problems:
            self.stderr.write(f"{stream}: {problem}")
