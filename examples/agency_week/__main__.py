"""
One week of an agency's posts, from a spreadsheet to published.

Run it with ``python examples/agency_week``. It can be killed at any moment and run again, or stopped
and continued while another run works: each post of the week is published once.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from week import run_week

HERE = Path(__file__).resolve().parent


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Play one week of an agency, from a spreadsheet to published posts."
    )
    parser.add_argument("--out", default="out/agency-week", help="the folder of the results")
    parser.add_argument("--quiet", action="store_true", help="print the last line only")
    parser.add_argument(
        "--lease-s",
        type=float,
        default=2.0,
        help="how long other runs leave the work of this one alone, in seconds",
    )
    parser.add_argument(
        "--send-within-s", type=float, default=1.0, help="how long a request may take, in seconds"
    )
    options = parser.parse_args()
    clean = run_week(
        HERE,
        Path(options.out),
        lease_s=options.lease_s,
        send_within_s=options.send_within_s,
        log=(lambda _: None) if options.quiet else print,
    )
    print("the week is done" if clean else "the week is done, but the audit found damage")
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
