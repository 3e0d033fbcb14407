"""The option ``--networks``, which names the Python object with the networks to publish to."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from socialcollab.errors import InvalidValueError

if TYPE_CHECKING:
    from socialcollab.transport import Network

_EXPECTED = 'a mapping such as {"mastodon": Mastodon(...)}, or a function without arguments that returns one'


def add_networks_option(parser: argparse._ActionsContainer) -> None:
    """Add the option ``--networks``."""
    parser.add_argument(
        "--networks",
        metavar="MODULE:OBJECT",
        help="the Python object with the networks, such as agency_networks:networks: a mapping from"
        " profile ids or network names to networks, or a function that returns one",
    )


@contextmanager
def opened_networks(reference: str) -> Iterator[Mapping[str, Network]]:
    """
    Load the networks that ``--networks`` names, and close them at the end.

    Args:
        reference: A reference of the form ``MODULE:OBJECT``. The module is also found in the current
            folder.

    Raises:
        InvalidValueError: If the object cannot be loaded, or if it is not a mapping of networks.
    """
    networks = _checked(reference, _loaded(reference))
    with ExitStack() as stack:
        # One network can have several names, and must be closed only once.
        for network in {id(network): network for network in networks.values()}.values():
            stack.callback(network.close)
        yield networks


def _loaded(reference: str) -> object:
    from importlib import import_module

    module_name, _, path = reference.partition(":")
    if not (module_name and path) or not all(
        part.isidentifier() for part in (*module_name.split("."), *path.split("."))
    ):
        raise _error(
            reference, "does not have the form MODULE:OBJECT, such as agency_networks:networks"
        )
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: object = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise _failed(reference, f"`{module_name}` cannot be imported", error) from error
        raise _error(
            reference,
            f"cannot be loaded: there is no module `{error.name}` in `{here}` or among the"
            " installed packages",
        ) from None
    except Exception as error:
        raise _failed(reference, f"`{module_name}` cannot be imported", error) from error
    for name in path.split("."):
        if not hasattr(found, name):
            raise _no_attribute(reference, module_name, name, found)
        found = getattr(found, name)
    if callable(found) and not isinstance(found, Mapping):
        return _called(reference, found)
    return found


def _called(reference: str, function: Callable[..., object]) -> object:
    try:
        return function()
    except Exception as error:
        raise _failed(reference, "the function raised an exception", error) from error


def _checked(reference: str, networks: object) -> Mapping[str, Network]:
    from inspect import iscoroutinefunction

    if not isinstance(networks, Mapping):
        kind = "`None`" if networks is None else f"a value of type `{type(networks).__name__}`"
        raise _error(reference, f"is {kind}; it must be {_EXPECTED}")
    for name, network in networks.items():
        if not isinstance(name, str):
            raise _error(reference, f"contains the name {name!r}, which is not a string")
        if isinstance(network, type) or not all(
            callable(getattr(network, method, None)) for method in ("adapter", "transport", "close")
        ):
            raise _error(
                reference,
                f"contains `{name}`, which is not a network but {_kind(network)}; it must have the"
                " methods of `socialcollab.transport.Network`",
            )
        if iscoroutinefunction(network.close):
            raise _error(
                reference, f"contains `{name}`, which is an async network; use a blocking network"
            )
    return networks


def _kind(network: object) -> str:
    # The value itself could be a token.
    if isinstance(network, type):
        return f"the class `{network.__name__}`"
    return f"a value of type `{type(network).__name__}`"


def _no_attribute(reference: str, module: str, name: str, owner: object) -> InvalidValueError:
    from socialcollab.identifiers import did_you_mean

    names = [known for known in dir(owner) if not known.startswith("_")]
    hint = did_you_mean(name, names)
    return _error(
        reference,
        f"cannot be loaded: `{module}` has no object `{name}`" + (f"; {hint}" if hint else ""),
    )


def _failed(reference: str, problem: str, error: Exception) -> InvalidValueError:
    """Return an error that names the line of the user's code that failed."""
    from traceback import extract_tb

    frames = [frame for frame in extract_tb(error.__traceback__) if frame.filename != __file__]
    frames = [frame for frame in frames if not frame.filename.startswith("<frozen importlib")]
    frames = [frame for frame in frames if Path(frame.filename).parent.name != "importlib"]
    place = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return _error(reference, f"cannot be loaded: {problem}: {type(error).__name__}: {error}{place}")


def _error(reference: str, problem: str) -> InvalidValueError:
    return InvalidValueError(
        f"--networks `{reference}` {problem}", value=reference, expected=_EXPECTED
    )
