"""Check requests and responses against the OpenAPI description of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    import openapi_core


def described_by(document: dict[str, Any]) -> openapi_core.OpenAPI:
    """Return a description without checking that the description itself is valid."""
    import openapi_core  # importing it takes a second, and most tests do not need it

    return openapi_core.OpenAPI.from_dict(
        document, config=openapi_core.Config(spec_validator_cls=None)
    )


class Exchange:
    """A request and its response, in the form in which openapi-core reads both."""

    def __init__(self, request: httpx.Request, response: httpx.Response) -> None:
        from openapi_core.datatypes import RequestParameters

        self.host_url = str(request.url.copy_with(path="", query=None))
        self.path = request.url.path
        self.method = request.method.lower()
        self.parameters = RequestParameters(
            query=dict(request.url.params), header=dict(request.headers)
        )
        self.body = request.content
        self.content_type = request.headers.get("content-type", "").partition(";")[0]
        self.response = ExchangeResponse(response)


class ExchangeResponse:
    def __init__(self, response: httpx.Response) -> None:
        self.status_code = response.status_code
        self.data = response.content
        self.content_type = response.headers.get("content-type", "")
        self.headers = dict(response.headers)
