"""The tree of errors, and their messages."""

from __future__ import annotations

import copy
import datetime as dt
import inspect
import pickle

import pytest
from tests.source_tree import public_names

from socialcollab import errors
from socialcollab.errors import (
    ConflictError,
    FaultError,
    InvalidValueError,
    NaiveDatetimeError,
    NotAllowedError,
    RateLimitedError,
    SocialCollabError,
    StaleError,
)
from socialcollab.time import AmbiguousDateError
from socialcollab.verdicts import Reason, Verdict

ALL = [getattr(errors, name) for name in public_names(errors)]
NAIVE = dt.datetime(2026, 4, 7, 9, 30)  # noqa: DTZ001  naive on purpose
UTC = NAIVE.replace(tzinfo=dt.UTC)
MADE = [
    NaiveDatetimeError(NAIVE),
    errors.EmptyWindowError(start=UTC, end=UTC),
    errors.SkippedTimeError(local=NAIVE, zone="Europe/Amsterdam"),
    errors.RepeatedTimeError(local=NAIVE, zone="Europe/Amsterdam"),
    FaultError(
        place="grants[0].role",
        problem="unknown role `publsher`",
        suggestion="did you mean `publisher`?",
    ),
    NotAllowedError(Verdict.no(Reason.of("not_a_member", member="zoe"))),
    StaleError(
        thing="post `p1`", seen="revision 1", current="revision 3", by="ben", changed=["text"]
    ),
    errors.NotFoundError("post", "p1"),
    errors.WebhookError("the signature is not valid", reason="bad signature"),
    errors.MissingExtraError(feature="a calendar", extra="calendar"),
    ConflictError(stream="post/p1", expected=2, actual=3),
    errors.CorruptJournalError("a hole", place="position 7"),
    RateLimitedError("slow down", retry_after_s=3, status=429, network="x"),
    AmbiguousDateError("03/04/2026", (UTC.date(), UTC.date())),
]


def _through_pickle(error):
    return pickle.loads(pickle.dumps(error))


def test_tree_is_complete() -> None:
    """Every error is in the tree in the module's docstring."""
    picture = inspect.getdoc(errors) or ""
    for error in ALL:
        assert issubclass(error, SocialCollabError)
        assert error.__name__ in picture


def test_drawing_shows_parents() -> None:
    """The drawing shows each error below its base class."""
    trail: list[tuple[int, str]] = []
    for line in (inspect.getdoc(errors) or "").splitlines():
        name = next((word for word in line.split() if word.endswith("Error")), "")
        if "──" not in line or not name:
            continue
        depth = line.index("──")
        trail = [(at, parent) for at, parent in trail if at < depth]
        parent = trail[-1][1] if trail else "SocialCollabError"
        assert getattr(errors, parent) in getattr(errors, name).__bases__, name
        trail.append((depth, name))


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_message_form(error) -> None:
    """Messages start with a lower-case letter and have no full stop."""
    text = str(error)
    assert text
    assert not text.endswith(".")
    assert not text[0].isupper()


def test_stale_error_names_member() -> None:
    """A stale error names the member, the fields and the current version."""
    message = str(MADE[6])
    assert "ben changed text" in message
    assert "revision 3" in message


def test_builtin_bases() -> None:
    """Errors are also instances of the built-in exceptions that callers may expect."""
    assert issubclass(InvalidValueError, ValueError)
    assert issubclass(errors.NotFoundError, LookupError)
    assert issubclass(errors.MissingExtraError, ImportError)


def test_not_allowed_error_has_verdict() -> None:
    """A refusal contains the verdict, and its message explains the verdict."""
    verdict = Verdict.no(Reason.of("not_a_member", member="zoe"))
    assert NotAllowedError(verdict).verdict is verdict
    assert "`zoe` is not a member" in str(NotAllowedError(verdict))


def test_details_are_attributes() -> None:
    """Details of an error are attributes."""
    assert RateLimitedError("slow down", retry_after_s=3, status=429).retry_after_s == 3
    assert RateLimitedError("slow down", status=429).status == 429


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, _through_pickle])
def test_copy_and_pickle(error, again) -> None:
    """Copying and pickling keep an error's type, message and attributes."""
    error.add_note("seen by a worker")
    other = again(error)
    assert type(other) is type(error)
    assert str(other) == str(error)
    assert vars(other) == vars(error)


def test_pickle_group() -> None:
    """Pickling keeps the errors of a group."""
    group = ExceptionGroup("2 faults", [MADE[4], MADE[9]])
    other = _through_pickle(group)
    assert [str(each) for each in other.exceptions] == [str(MADE[4]), str(MADE[9])]
    assert other.exceptions[0].place == "grants[0].role"
