"""What the brand says and how: rules, guides, findings and their fixes."""

from socialcollab.styleguide.fix import Fixed, fix, fix_until_settled
from socialcollab.styleguide.guide import Selected, StyleGuide
from socialcollab.styleguide.lint import lint
from socialcollab.styleguide.reading import Neighbour, Passage, Reading, Target
from socialcollab.styleguide.rule import Rule
from socialcollab.styleguide.rule_page import RulePage, lint_example, rule_pages
from socialcollab.styleguide.rules import (
    RULES,
    AltTextMissing,
    Avoided,
    Term,
    TooLong,
    WrongWorkspace,
)
from socialcollab.styleguide.section import Style

__all__ = [
    "RULES",
    "AltTextMissing",
    "Avoided",
    "Fixed",
    "Neighbour",
    "Passage",
    "Reading",
    "Rule",
    "RulePage",
    "Selected",
    "Style",
    "StyleGuide",
    "Target",
    "Term",
    "TooLong",
    "WrongWorkspace",
    "fix",
    "fix_until_settled",
    "lint",
    "lint_example",
    "rule_pages",
]
