"""
One week of an agency's posts, from a spreadsheet to published.

Run it with ``python examples/agency_week``; kill it at any moment and run it
again: it finishes the week with nothing doubled and nothing lost.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from week import run_week

HERE = Path(__file__).resolve().parent


def main() -> int:
    parser = argparse.ArgumentParser(description="One week of an agency, from sheet to published.")
    parser.add_argument("--out", default="out/agency-week", help="where everything is left")
    parser.add_argument("--quiet", action="store_true", help="print the last line only")
    given = parser.parse_args()
    say = (lambda _: None) if given.quiet else print
    ended_well = run_week(HERE, Path(given.out), say=say)
    print("the week is done" if ended_well else "the week is done, and the audit found damage")
    return 0 if ended_well else 1


if __name__ == "__main__":
    sys.exit(main())
