"""Generate the pages of the style guide's rules from their docstrings."""

from __future__ import annotations

from pathlib import Path

from socialcollab.styleguide import rule_pages

PAGES = Path(__file__).resolve().parents[1] / "docs" / "reference" / "rules"

if __name__ == "__main__":
    PAGES.mkdir(parents=True, exist_ok=True)
    for name, text in rule_pages().items():
        (PAGES / name).write_text(text, encoding="utf-8")
