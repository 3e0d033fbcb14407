"""Errors of the desk as pages, with reasons and remedies."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError, StaleError


class ErrorPages:
    """Middleware that answers errors of the desk with 400, 403, 404 or 409."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer an error, and roll back everything that the request has written."""
        if isinstance(error, NotFoundError):
            # Posts that the user may not view and posts that do not exist get the same answer.
            raise Http404
        if isinstance(error, NotAllowedError):
            status, title = 403, "You cannot do this"
            reasons = [reason.text() for reason in error.verdict.reasons] or ["no rule allows it"]
            remedies = [remedy.text() for remedy in error.verdict.remedies]
        elif isinstance(error, StaleError):
            status, title = 409, "The post has changed"
            reasons = [f"{error.by} has changed {', '.join(error.changed) or 'the post'}"]
            remedies = ["open the post again, and decide on its current revision"]
        elif isinstance(error, InvalidValueError):
            status, title, reasons, remedies = 400, "Invalid input", [str(error)], []
        else:
            return None
        if transaction.get_connection().in_atomic_block:
            transaction.set_rollback(True)
        context = {"title": title, "reasons": reasons, "remedies": remedies}
        return render(request, "office/error.html", context, status=status)
