"""Messages in English."""

from __future__ import annotations

from typing import Final

__all__ = ["MESSAGES"]

MESSAGES: Final[dict[str, str]] = {
    # verdicts
    "verdict.yes": "allowed",
    "verdict.no": "refused",
    "verdict.default_deny": "nothing allows it",
    "verdict.would_help": "what would help: {remedies}",
    "remedy.by": "{remedy} (could be done by: {by})",
    "not_a_member": "`{member}` is not a member",
}
