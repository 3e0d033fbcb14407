"""Messages in Dutch."""

from __future__ import annotations

from typing import Final

__all__ = ["MESSAGES"]

MESSAGES: Final[dict[str, str]] = {
    # verdicts
    "verdict.yes": "toegestaan",
    "verdict.no": "geweigerd",
    "verdict.default_deny": "niets staat het toe",
    "verdict.would_help": "wat zou helpen: {remedies}",
    "remedy.by": "{remedy} (kan gedaan worden door: {by})",
    "not_a_member": "`{member}` is geen lid",
}
