"""Convert errors that the desk raises to responses with reasons and remedies."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError, StaleError


def add_error_handlers(app: FastAPI) -> None:
    """Add handlers that convert errors of the desk to responses with 403, 404, 409 or 422."""

    @app.exception_handler(NotFoundError)
    async def not_found(_: Request, __: NotFoundError) -> JSONResponse:
        # A post that the user may not view has the same response as a post that does not exist.
        return JSONResponse({"error": "not found"}, status_code=404)

    @app.exception_handler(NotAllowedError)
    async def not_allowed(_: Request, error: NotAllowedError) -> JSONResponse:
        content = {
            "error": error.verdict.explain(),
            "reasons": [reason.text() for reason in error.verdict.reasons],
            "remedies": [remedy.text() for remedy in error.verdict.remedies],
        }
        return JSONResponse(content, status_code=403)

    @app.exception_handler(StaleError)
    async def stale(_: Request, error: StaleError) -> JSONResponse:
        content = {
            "error": str(error),
            "changed_by": error.by,
            "changed": list(error.changed),
            "seen": error.seen,
            "current": error.current,
        }
        return JSONResponse(content, status_code=409)

    @app.exception_handler(InvalidValueError)
    async def invalid(_: Request, error: InvalidValueError) -> JSONResponse:
        return JSONResponse({"error": str(error), "expected": error.expected}, status_code=422)
