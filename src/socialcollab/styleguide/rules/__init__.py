"""The built-in rules. Each rule has its own module, code and documentation page."""

from collections.abc import Mapping
from types import MappingProxyType

from socialcollab.styleguide.rule import Rule
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
    "RULES",
    "AltTextMissing",
    "AltTextQuality",
    "Avoided",
    "Disclosure",
    "Emoji",
    "Hashtags",
    "Links",
    "Mentions",
    "Term",
    "Tone",
    "TooLong",
    "WrongWorkspace",
]

# A code is never reused, because waivers and old findings refer to it. SG104 was a rule about posts
# with too many hashtags.
RULES: Mapping[str, type[Rule]] = MappingProxyType(
    {
        rule.code: rule
        for rule in (
            TooLong,
            Term,
            AltTextMissing,
            WrongWorkspace,
            Hashtags,
            Mentions,
            Emoji,
            Links,
            Disclosure,
            AltTextQuality,
            Tone,
        )
    }
)
