"""Show errors that the desk raises as pages, with reasons and remedies."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError, StaleError


class ErrorPages:
    """Middleware that converts errors of the desk to responses with status 400, 403, 404 or 409."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return a page that describes the error, and roll back the request's changes."""
        if isinstance(error, NotFoundError):
            # A post that the user may not view has the same response as a post that does not exist.
            raise Http404
        if isinstance(error, NotAllowedError):
            status, title = 403, "You cannot do this"
            reasons = [reason.text() for reason in error.verdict.reasons] or ["no rule allows it"]
            remedies = [remedy.text() for remedy in error.verdict.remedies]
        elif isinstance(error, StaleError):
            status, title = 409, "The post has changed"
            reasons = [f"{error.by} has changed {', '.join(error.changed) or 'the post'}"]
            remedies = ["open the post again, and review its current revision"]
        elif isinstance(error, InvalidValueError):
            status, title, reasons, remedies = 400, "Invalid input", [str(error)], []
        else:
            return None
        if transaction.get_connection().in_atomic_block:
            transaction.set_rollback(True)
        context = {"title": title, "reasons": reasons, "remedies": remedies}
        return render(request, "office/error.html", context, status=status)
