"""SG107: the accounts that a post mentions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import attrs

from socialcollab.content import Finding
from socialcollab.document_fields import as_words
from socialcollab.styleguide.lint_input import LintInput, TextSpan
from socialcollab.styleguide.rules.settings import as_flag, as_optional_limit
from socialcollab.text import Entity


def _plain(handle: str) -> str:
    return handle.lstrip("@\uff20").casefold()


def _handles(values: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return tuple(_plain(value) for value in as_words(values))


@attrs.frozen(kw_only=True)
class Mentions:
    """
    Report too many mentions, and mentions of accounts that must not be mentioned.

    What it does:
        The rule looks at the mentions that the target networks recognise. Without settings, it
        reports nothing. A post that begins with a mention is shown to fewer people on X, so this
        can be reported as well.

    Why it matters:
        Each mentioned account is notified. A mention of a competitor or of a wrong account cannot
        be taken back.

    Example:
        network = "x"
        text = "@tulipair en @rival vliegen nu naar Lissabon."
        guide = '''
        [rules.SG107]
        banned = ["@rival"]
        '''

    Instead:
        network = "x"
        text = "@tulipair vliegt nu naar Lissabon."
        guide = '''
        [rules.SG107]
        banned = ["@rival"]
        '''

    Source:
        help.x.com/using-x/types-of-posts, read 2026-11-30, for posts that begin with a mention.

    Attributes:
        at_most: The maximum number of mentions in each text, or no limit.
        banned: Accounts that must not be mentioned.
        not_first: Whether a post that is not a reply must not begin with a mention.
    """

    code: ClassVar[str] = "SG107"

    at_most: int | None = attrs.field(default=None, converter=as_optional_limit)
    banned: tuple[str, ...] = attrs.field(default=(), converter=_handles)
    not_first: bool = attrs.field(default=False, converter=as_flag)

    def check(self, draft: LintInput) -> Iterator[Finding]:
        """Report the mentions in the order of each text."""
        if (self.at_most, self.banned, self.not_first) == (None, (), False):
            return
        leads = self.not_first and not draft.reply_to
        for span in draft.spans:
            found = [each for each in draft.entities_of(span) if each.kind == "mention"]
            if self.at_most is not None and len(found) > self.at_most:
                params: dict[str, object] = {"count": len(found), "limit": self.at_most}
                yield self._finding("count", span, found[self.at_most], params)
            for mention in found:
                if _plain(mention.text) in self.banned:
                    yield self._finding("banned", span, mention, {"mention": mention.text})
                elif leads and mention.start == 0 and span.field == "text":
                    yield self._finding("first", span, mention, {"mention": mention.text})

    def _finding(
        self, kind: str, span: TextSpan, mention: Entity, params: dict[str, object]
    ) -> Finding:
        return Finding(
            code=self.code,
            message_code=f"SG107.{kind}",
            params=params,
            field=span.field,
            start=mention.start,
            end=mention.end,
            profile=span.profile,
        )
