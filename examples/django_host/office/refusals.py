"""What the desk refuses, as pages: with the reason, and with what would help."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError, StaleError


class Refusals:
    """Answer 403, 404, 409 and 400 for the errors that say what their caller can do."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._answer(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for an error; whatever the request did is undone with it."""
        if isinstance(error, NotFoundError):
            # What may not be viewed and what does not exist look the same.
            raise Http404
        if isinstance(error, NotAllowedError):
            told = {
                "title": "This may not be done",
                "reasons": [reason.text() for reason in error.verdict.reasons]
                or ["nothing allows it"],
                "remedies": [remedy.text() for remedy in error.verdict.remedies],
            }
            return self._page(request, told, status=403)
        if isinstance(error, StaleError):
            told = {
                "title": "Somebody was faster",
                "reasons": [f"{error.by} changed {', '.join(error.changed) or 'it'} meanwhile"],
                "remedies": ["look at it as it is now, and decide again"],
            }
            return self._page(request, told, status=409)
        if isinstance(error, InvalidValueError):
            told = {"title": "That cannot be", "reasons": [str(error)], "remedies": []}
            return self._page(request, told, status=400)
        return None

    def _page(self, request: HttpRequest, told: dict, *, status: int) -> HttpResponse:
        if transaction.get_connection().in_atomic_block:
            transaction.set_rollback(True)
        return render(request, "office/refused.html", told, status=status)
