"""Run the command line: ``python -m socialcollab``."""

from __future__ import annotations

import sys

from socialcollab.cli import main

if __name__ == "__main__":
    sys.exit(main())
