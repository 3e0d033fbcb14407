"""
The command line: ``python -m socialcollab``, or ``socialcollab``.

Exit codes: 0, success; 1, something was found, such as a fault, an error of the style guide, or
damage; 2, the command was used wrongly; 3, the store cannot be read or written now.
"""

from socialcollab.cli.command_line import main

__all__ = [
    "main",
]
