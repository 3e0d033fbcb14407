"""Publish what is due; from cron, every minute."""

from django.core.management.base import BaseCommand

from office.desk import desk


class Command(BaseCommand):
    """Do what is due, outside of any request: what is sent must not be rolled back."""

    help = "Publish what is due, remind, and let lapse."

    def handle(self, **_):
        report = desk().run_due()
        for delivery, state in report.states:
            self.stdout.write(f"{delivery} {state}")
        for stream, problem in report.problems:
            self.stderr.write(f"{stream}: {problem}")
