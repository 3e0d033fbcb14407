"""The generated table of Unicode properties."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.text.unicode_tool import same_unicode_version, unicode_tool

from socialcollab.text.tables import unicode


@pytest.mark.integration
def test_table_is_generated() -> None:
    """
    The committed table equals the output of its tool for the table's Unicode version.

    A newer `regex` contains a newer version of Unicode. The table is then still correct for its own
    version, so the test is skipped with instructions.
    """
    if not same_unicode_version():
        pytest.skip(
            f"the table is of Unicode {unicode.UNICODE_VERSION} and `regex` knows"
            f" {unicode_tool().unicode_version()}: run `python tools/text_tables.py`, and read"
            " what the new version changes in the rules of Annex 29"
        )
    assert Path(unicode.__file__).read_text("utf-8") == unicode_tool().unicode_table()
