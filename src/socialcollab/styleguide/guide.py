"""Style guides: which rules apply where, and the words of a brand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import attrs

from socialcollab.document_fields import ListOf, Text, as_words, shape
from socialcollab.errors import InvalidValueError
from socialcollab.styleguide.guide_file import read_files, read_guides
from socialcollab.styleguide.rule import ConfiguredRule


@attrs.frozen(kw_only=True)
class StyleGuide:
    """
    Rules with their settings, from one file or several.

    Attributes:
        name: The name to display.
        rules: The rules, in the order in which they are checked.
    """

    name: str = ""
    rules: tuple[ConfiguredRule, ...] = ()

    @classmethod
    def default(cls) -> Self:
        """Return the guide without terms: it checks lengths, alt texts and other workspaces."""
        return cls.from_dict({})

    @classmethod
    def loads(cls, text: str | bytes, *, name: str = "guide") -> Self:
        """
        Read a guide in TOML; the text need not be trusted.

        Args:
            text: The content of the file, at most 1 MB.
            name: The name of the file, for the places of faults.

        Raises:
            ExceptionGroup: Of one `FaultError` for each fault, with its place.
        """
        return cls.stacked({name: text})

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], *, name: str = "guide") -> Self:
        """
        Make a guide from plain values, as parsers of TOML or JSON return them.

        Raises:
            ExceptionGroup: Of one `FaultError` for each fault, with its place.
        """
        return cls.stacked({name: document})

    @classmethod
    def stacked(cls, guides: Mapping[str, str | bytes | Mapping[str, Any]]) -> Self:
        """
        Combine guides, such as the agency's and then the client's.

        Terms add up. A later guide may `allow` a term of an earlier one, and
        its settings of a rule replace those of an earlier one.

        Args:
            guides: The texts or plain values of the guides by name, first to last.

        Raises:
            ExceptionGroup: Of one `FaultError` for each fault of any guide.
        """
        name, rules = read_guides(guides)
        return cls(name=name, rules=rules)

    @classmethod
    def load(cls, *paths: str) -> Self:
        """
        Read one file, or combine several, first to last.

        Raises:
            ExceptionGroup: Of one `FaultError` for each fault of any file.
            OSError: If a file cannot be read.
        """
        if not paths:
            raise InvalidValueError(
                "no style guide is named; give one or more files", expected="one or more files"
            )
        return cls.stacked(read_files(paths))


@attrs.frozen(kw_only=True)
class Style:
    """
    The section ``[style]``.

    Attributes:
        guides: The files of style guides, first to last, such as the agency's
            and then the client's.
    """

    guides: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=Text(at_most=255, file=True), or_one=True)),
        default=(),
        converter=as_words,
    )
