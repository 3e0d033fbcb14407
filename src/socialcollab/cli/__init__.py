"""
The command line interface: ``python -m socialcollab``, or ``socialcollab``.

Exit codes: 0 if successful; 1 if the command found a problem, such as a fault, a style guide error
or damage; 2 if the command was used incorrectly; 3 if the store cannot be read or written at the
moment.
"""

from socialcollab.cli.command_line import main

__all__ = [
    "main",
]
