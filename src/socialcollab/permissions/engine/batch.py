"""Ask many questions one after the other; an error says which of them it was."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from socialcollab.errors import InvalidValueError

_Answer = TypeVar("_Answer")


def each(
    ask: Callable[..., _Answer], questions: Iterable[Sequence[str]], *, at: dt.datetime
) -> Iterator[_Answer]:
    """
    Yield the answer to each question about one instant.

    Raises:
        InvalidValueError: If one is none, or names what does not exist.
    """
    for number, question in enumerate(questions):
        if isinstance(question, str) or len(question) != 3:
            raise InvalidValueError(
                f"question {number} is {question!r}",
                value=question,
                expected="a member, a permission and a place",
            )
        member, permission, resource = question
        try:
            answer = ask(member, permission, resource, at=at)
        except InvalidValueError as error:
            raise InvalidValueError(
                f"question {number}: {error}", value=error.value, expected=error.expected
            ) from error
        yield answer
