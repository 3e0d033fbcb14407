"""
The command line: ``python -m socialcollab``, or ``socialcollab``.

Exit codes: 0, all is well; 1, something was found (a fault, an error of the
style guide, damage); 2, the command could not be carried out as given; 3, the
store cannot be read or written now.
"""

from socialcollab.cli.command_line import main

__all__ = [
    "main",
]
