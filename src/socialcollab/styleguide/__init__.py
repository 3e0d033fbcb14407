"""Style guides: their rules and terms, the findings in a post, and fixes for the findings."""

from socialcollab.styleguide.custom import CustomRule
from socialcollab.styleguide.examples import WrongExample, wrong_examples
from socialcollab.styleguide.fix import FixResult, fix, fix_until_settled
from socialcollab.styleguide.guide import Style, StyleGuide
from socialcollab.styleguide.kinds.hit import Hit, Kind
from socialcollab.styleguide.kinds.metric import FORMULAS, measure_readability
from socialcollab.styleguide.kinds.spelling import Dictionary, Hunspell, WordList
from socialcollab.styleguide.lint import lint
from socialcollab.styleguide.lint_input import LintInput, Neighbour, Target, TextSpan
from socialcollab.styleguide.rule import ConfiguredRule, Rule
from socialcollab.styleguide.rule_page import RulePage, lint_example, rule_pages
from socialcollab.styleguide.rules import RULES
from socialcollab.styleguide.rules.alt_text_missing import AltTextMissing
from socialcollab.styleguide.rules.alt_text_quality import AltTextQuality
from socialcollab.styleguide.rules.disclosure import Disclosure
from socialcollab.styleguide.rules.emoji import Emoji
from socialcollab.styleguide.rules.hashtags import Hashtags
from socialcollab.styleguide.rules.links import Links
from socialcollab.styleguide.rules.mentions import Mentions
from socialcollab.styleguide.rules.term import Avoided, Term
from socialcollab.styleguide.rules.tone import Tone
from socialcollab.styleguide.rules.too_long import TooLong
from socialcollab.styleguide.rules.wrong_workspace import WrongWorkspace

__all__ = [
    "FORMULAS",
    "RULES",
    "AltTextMissing",
    "AltTextQuality",
    "Avoided",
    "ConfiguredRule",
    "CustomRule",
    "Dictionary",
    "Disclosure",
    "Emoji",
    "FixResult",
    "Hashtags",
    "Hit",
    "Hunspell",
    "Kind",
    "Links",
    "LintInput",
    "Mentions",
    "Neighbour",
    "Rule",
    "RulePage",
    "Style",
    "StyleGuide",
    "Target",
    "Term",
    "TextSpan",
    "Tone",
    "TooLong",
    "WordList",
    "WrongExample",
    "WrongWorkspace",
    "fix",
    "fix_until_settled",
    "lint",
    "lint_example",
    "measure_readability",
    "rule_pages",
    "wrong_examples",
]
