"""Answers with their reasons: verdicts, reasons, remedies, and the messages they come in."""

from socialcollab.verdicts.catalogue import LANGUAGES, message
from socialcollab.verdicts.verdict import Reason, Remedy, Verdict

__all__ = ["LANGUAGES", "Reason", "Remedy", "Verdict", "message"]
