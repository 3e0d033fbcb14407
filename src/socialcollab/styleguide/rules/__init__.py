"""The built-in rules. Each rule has its own module, code and documentation page."""

from collections.abc import Mapping
from types import MappingProxyType

from socialcollab.styleguide.rule import Rule
from socialcollab.styleguide.rules.alt_text_missing import AltTextMissing
from socialcollab.styleguide.rules.term import Avoided, Term
from socialcollab.styleguide.rules.too_long import TooLong
from socialcollab.styleguide.rules.wrong_workspace import WrongWorkspace

__all__ = [
    "RULES",
    "AltTextMissing",
    "Avoided",
    "Term",
    "TooLong",
    "WrongWorkspace",
]

# A code is never reused, because waivers and old findings refer to it. SG104 was a rule about posts
# with too many hashtags.
RULES: Mapping[str, type[Rule]] = MappingProxyType(
    {rule.code: rule for rule in (TooLong, Term, AltTextMissing, WrongWorkspace)}
)
