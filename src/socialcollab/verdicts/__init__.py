"""Verdicts with their reasons and remedies, and the catalogues of messages in each language."""

from socialcollab.verdicts.catalogue import LANGUAGES, catalogue, message
from socialcollab.verdicts.verdict import Advice, Reason, Remedy, Verdict

__all__ = [
    "LANGUAGES",
    "Advice",
    "Reason",
    "Remedy",
    "Verdict",
    "catalogue",
    "message",
]
