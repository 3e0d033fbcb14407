"""Answers with their reasons: verdicts, reasons, remedies, and the messages they come in."""

from socialcollab.verdicts.catalogue import LANGUAGES, message
from socialcollab.verdicts.verdict import Advice, Reason, Remedy, Verdict

__all__ = [
    "LANGUAGES",
    "Advice",
    "Reason",
    "Remedy",
    "Verdict",
    "message",
]
