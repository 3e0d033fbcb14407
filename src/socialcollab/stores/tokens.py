"""Tokens of accounts in environment variables and in files, for deployments without a secret store."""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from socialcollab._toml import parse_toml
from socialcollab.errors import AuthenticationError, InvalidValueError
from socialcollab.identifiers import did_you_mean

_PREFIX: Final = "SOCIALCOLLAB_TOKEN_"
_LARGEST_FILE: Final = 1_000_000


class EnvironmentTokens:
    """
    The tokens in environment variables, which networks accept as their `tokens`.

    The variable of a profile is ``SOCIALCOLLAB_TOKEN_`` and the profile's id in capital letters,
    with ``_`` in place of other characters. Do not use ids that differ only in these characters.

    >>> tokens = EnvironmentTokens(environ={"SOCIALCOLLAB_TOKEN_TULIP_X": "a token"})
    >>> tokens("tulip-x")
    'a token'

    Args:
        prefix: The beginning of the variables' names.
        environ: The variables; by default those of the process, which are read for each request.
    """

    def __init__(self, *, prefix: str = _PREFIX, environ: Mapping[str, str] | None = None) -> None:
        self._prefix = prefix
        self._environ = os.environ if environ is None else environ

    def __repr__(self) -> str:
        return "EnvironmentTokens()"

    def __call__(self, profile: str) -> str:
        """
        Return the token of a profile.

        Raises:
            AuthenticationError: If its variable is missing or empty.
        """
        name = self.variable_of(profile)
        token = self._environ.get(name, "").strip()
        if not token:
            raise AuthenticationError(
                f"the environment variable `{name}` with the token of `{profile}` is not set"
            )
        return token

    def variable_of(self, profile: str) -> str:
        """
        Return the name of the variable of a profile.

        >>> EnvironmentTokens().variable_of("tulip.x")
        'SOCIALCOLLAB_TOKEN_TULIP_X'
        """
        return f"{self._prefix}{re.sub(r'[^A-Z0-9]', '_', profile.upper())}"


class FileTokens:
    """
    The tokens in a TOML or JSON file, which networks accept as their `tokens`.

    The file is a table from profile ids to tokens, such as ``tulip-x = "a token"``. It is read for
    each request, so it can be replaced while the application runs. On POSIX systems, only its owner
    may read it.

    Args:
        path: The file, whose name ends in ``.toml`` or ``.json``.

    Raises:
        InvalidValueError: If the name of the file ends differently, if other users can read the
            file, or if it is not a table of tokens. No message shows a value from the file.
        OSError: If the file cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        if self._path.suffix not in (".toml", ".json"):
            raise self._error("its name does not end in `.toml` or `.json`", "a TOML or JSON file")
        self._read()

    def __repr__(self) -> str:
        return "FileTokens()"

    def __call__(self, profile: str) -> str:
        """
        Return the token of a profile.

        Raises:
            AuthenticationError: If the file does not contain it.
            InvalidValueError: As for the constructor.
            OSError: If the file cannot be read.
        """
        tokens = self._read()
        token = tokens.get(profile, "").strip()
        if not token:
            hint = did_you_mean(profile, sorted(tokens), before="; ")
            raise AuthenticationError(f"`{self._path}` contains no token for `{profile}`{hint}")
        return token

    def _read(self) -> dict[str, str]:
        # Opening a pipe would otherwise wait for a process that writes to it.
        descriptor = os.open(self._path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as stream:  # noqa: PTH123  the descriptor is checked below
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                raise self._error("it is not a file", "a TOML or JSON file")
            check_private(self._path, mode)
            data = stream.read(_LARGEST_FILE + 1)
        if len(data) > _LARGEST_FILE:
            raise self._error(
                f"it has more than {_LARGEST_FILE:,} bytes", "a table from profile ids to tokens"
            )
        table = self._parsed(data)
        for profile, token in table.items():
            if isinstance(token, Mapping):
                raise self._error(
                    f"the entry `{profile}` is a table; write an id with a dot in quotes",
                    f'"{profile}.x" = "a token"',
                )
            if not isinstance(token, str):
                raise self._error(
                    f"the entry `{profile}` is not a text", f'{profile} = "a token" in quotes'
                )
        return table

    def _parsed(self, data: bytes) -> dict[str, Any]:
        expected = "a table from profile ids to tokens"
        try:
            text = data.decode("utf-8-sig")
            if self._path.suffix == ".toml":
                return parse_toml(text)
            table = json.loads(text, object_pairs_hook=_without_duplicates)
        # The messages and causes of these errors could contain a part of a token.
        except json.JSONDecodeError as error:
            place = f"line {error.lineno}, column {error.colno}"
            raise self._error(f"it is not valid JSON at {place}", expected) from None
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"line \d+, column \d+", str(error))
            place = found[0] if found else "its end"
            raise self._error(f"it is not valid TOML at {place}", expected) from None
        except (ValueError, RecursionError):
            raise self._error("it cannot be parsed", expected) from None
        if not isinstance(table, dict):
            raise self._error("it is not a table", expected)
        return table

    def _error(self, problem: str, expected: str) -> InvalidValueError:
        return InvalidValueError(
            f"`{self._path}` cannot be used for tokens: {problem}",
            value=str(self._path),
            expected=expected,
        )


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError
    return table


def check_private(path: Path, mode: int) -> None:
    """
    Check that only the owner of a file with tokens can access it.

    Args:
        path: The file.
        mode: Its mode, as in ``os.stat_result.st_mode``.

    Raises:
        InvalidValueError: If other users can access the file, on a POSIX system.
    """
    permissions = stat.S_IMODE(mode)
    if os.name == "posix" and permissions & 0o077:
        raise InvalidValueError(
            f"other users can access `{path}`, which has mode {permissions:04o}; run"
            f" `chmod 600 {path}`",
            value=f"{permissions:04o}",
            expected=f"chmod 600 {path}",
        )
