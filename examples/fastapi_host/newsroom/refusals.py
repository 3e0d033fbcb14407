"""What the desk refuses, as answers: with the reason, and with what would help."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError, StaleError


def answer_refusals(app: FastAPI) -> None:
    """Answer 403, 404, 409 and 422 for the errors that say what their caller can do."""

    @app.exception_handler(NotFoundError)
    async def not_found(_: Request, __: NotFoundError) -> JSONResponse:
        # What may not be viewed and what does not exist look the same.
        return JSONResponse({"error": "there is no such thing here"}, status_code=404)

    @app.exception_handler(NotAllowedError)
    async def refused(_: Request, error: NotAllowedError) -> JSONResponse:
        told = {
            "error": error.verdict.explain(),
            "reasons": [reason.text() for reason in error.verdict.reasons],
            "remedies": [remedy.text() for remedy in error.verdict.remedies],
        }
        return JSONResponse(told, status_code=403)

    @app.exception_handler(StaleError)
    async def stale(_: Request, error: StaleError) -> JSONResponse:
        told = {
            "error": str(error),
            "changed_by": error.by,
            "changed": list(error.changed),
            "seen": error.seen,
            "current": error.current,
        }
        return JSONResponse(told, status_code=409)

    @app.exception_handler(InvalidValueError)
    async def invalid(_: Request, error: InvalidValueError) -> JSONResponse:
        return JSONResponse({"error": str(error), "expected": error.expected}, status_code=422)
