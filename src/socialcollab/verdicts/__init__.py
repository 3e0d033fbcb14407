"""Answers with their reasons and remedies, and the messages that people read."""

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
