"""
One week of an agency's posts, from a spreadsheet to published.

Run it with ``python examples/agency_week``; kill it at any moment and run it
again, or stop it, let another run go on, and let it continue: the week is
finished with nothing doubled and nothing lost.
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
    parser.add_argument(
        "--lease-s", type=float, default=2.0, help="how long other runs leave alone what one does"
    )
    parser.add_argument(
        "--send-within-s", type=float, default=1.0, help="how long one request may take"
    )
    given = parser.parse_args()
    say = (lambda _: None) if given.quiet else print
    ended_well = run_week(
        HERE, Path(given.out), lease_s=given.lease_s, send_within_s=given.send_within_s, say=say
    )
    print("the week is done" if ended_well else "the week is done, and the audit found damage")
    return 0 if ended_well else 1


if __name__ == "__main__":
    sys.exit(main())
