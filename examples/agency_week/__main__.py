"""
Simulate a week at an agency, from a spreadsheet to published posts.

Run the simulation with ``python examples/agency_week``. You can kill it at any moment and start it
again, or suspend it while another run continues: each post of the week is published only once.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from week import run_week

HERE = Path(__file__).resolve().parent


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Simulate a week at an agency, from a spreadsheet to published posts."
    )
    parser.add_argument("--out", default="out/agency-week", help="the folder for the results")
    parser.add_argument("--quiet", action="store_true", help="print only the last line")
    parser.add_argument(
        "--lease-s",
        type=float,
        default=2.0,
        help="how long work is reserved for this run, in seconds",
    )
    parser.add_argument(
        "--send-within-s", type=float, default=1.0, help="the time limit of a request, in seconds"
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
