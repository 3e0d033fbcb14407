"""Style guides: configured rules, including a brand's preferred and avoided terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import attrs

from socialcollab.document_fields import ListOf, Text, as_words, shape
from socialcollab.errors import InvalidValueError
from socialcollab.styleguide.guide_file import read_files, read_guides
from socialcollab.styleguide.kinds.spelling import Dictionary
from socialcollab.styleguide.rule import ConfiguredRule


@attrs.frozen(kw_only=True)
class StyleGuide:
    """
    A style guide: rules with their settings, from one or more files.

    Attributes:
        name: The display name.
        rules: The rules, in the order in which they are checked.
    """

    name: str = ""
    rules: tuple[ConfiguredRule, ...] = ()

    @classmethod
    def default(cls) -> Self:
        """Return a guide that checks only lengths, alt texts and references to other workspaces."""
        return cls.from_dict({})

    @classmethod
    def loads(
        cls,
        text: str | bytes,
        *,
        name: str = "guide",
        trusted: bool = False,
        dictionaries: Mapping[str, Dictionary] | None = None,
    ) -> Self:
        """
        Read a guide in TOML. It is safe to read guides from untrusted sources.

        Args:
            text: The content of the file, at most 1 MB.
            name: The file's name, which is part of each fault's location.
            trusted: Whether the guide is the team's own, so that its patterns may use all of `re`.
                Patterns of other guides need RE2 (the extra ``re2``).
            dictionaries: Spelling dictionaries by the name that the guide uses.

        Raises:
            ExceptionGroup: If the guide has faults. It contains one `FaultError` per fault.
        """
        return cls.stacked({name: text}, trusted=trusted, dictionaries=dictionaries)

    @classmethod
    def from_dict(
        cls,
        document: Mapping[str, Any],
        *,
        name: str = "guide",
        trusted: bool = False,
        dictionaries: Mapping[str, Dictionary] | None = None,
    ) -> Self:
        """
        Create a guide from a dictionary, such as the output of a TOML or JSON parser.

        See `loads` for the arguments.

        Raises:
            ExceptionGroup: If the guide has faults. It contains one `FaultError` per fault.
        """
        return cls.stacked({name: document}, trusted=trusted, dictionaries=dictionaries)

    @classmethod
    def stacked(
        cls,
        guides: Mapping[str, str | bytes | Mapping[str, Any]],
        *,
        trusted: bool = False,
        dictionaries: Mapping[str, Dictionary] | None = None,
    ) -> Self:
        """
        Combine guides, such as an agency's guide and a client's guide.

        The combination contains the terms of all guides. A later guide can `allow` a
        term from an earlier guide. Its rule settings replace the settings of the same
        rule in earlier guides, also of a rule that an earlier guide defines.

        Args:
            guides: The guides as texts or dictionaries, by name and in order.
            trusted: Whether the guides are the team's own; see `loads`.
            dictionaries: Spelling dictionaries by name; see `loads`.

        Raises:
            ExceptionGroup: If the guides have faults. It contains one `FaultError` per fault.
        """
        name, rules = read_guides(guides, trusted=trusted, dictionaries=dictionaries or {})
        return cls(name=name, rules=rules)

    @classmethod
    def load(
        cls,
        *paths: str,
        trusted: bool = True,
        dictionaries: Mapping[str, Dictionary] | None = None,
    ) -> Self:
        """
        Read a file, or combine several files in order.

        Args:
            paths: The paths of the files.
            trusted: Whether the guides are the team's own; see `loads`.
            dictionaries: Spelling dictionaries by name; see `loads`.

        Raises:
            ExceptionGroup: If the files have faults. It contains one `FaultError` per fault.
            OSError: If a file cannot be read.
        """
        if not paths:
            raise InvalidValueError(
                "no style guide file is given; pass one or more paths", expected="one or more paths"
            )
        return cls.stacked(read_files(paths), trusted=trusted, dictionaries=dictionaries)


@attrs.frozen(kw_only=True)
class Style:
    """
    The style guides of the organization.

    Attributes:
        guides: The files of the style guides, in order, for example the agency's
            guide followed by the client's guide.
    """

    guides: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=Text(at_most=255, file=True), or_one=True)),
        default=(),
        converter=as_words,
    )
