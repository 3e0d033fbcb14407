"""Requests and responses of flows."""

from __future__ import annotations

import subprocess
import sys

import pytest

from socialcollab.errors import InvalidValueError, TransientError
from socialcollab.transport import Request, Response


def test_creating_request_is_not_safe():
    """A creating request cannot be declared safe to repeat."""
    with pytest.raises(InvalidValueError, match="creates part 0"):
        Request(method="POST", url="https://network.example/", creates=0, repeat="safe")


def test_body_that_is_not_json():
    """A body that is not JSON is a transient error, because it was probably sent by a proxy."""
    assert Response(status=200, body=b"[1]").json() == [1]
    with pytest.raises(TransientError, match="status 502 is not JSON"):
        Response(status=502, body=b"<html>").json()


def test_request_repr():
    """The repr of a request shows neither parameters nor headers nor the body."""
    request = Request(
        method="GET",
        url="https://network.example/me",
        params={"access_token": "hush"},
        headers={"authorization": "hush"},
        form={"client_secret": "hush"},
        json={"password": "hush"},
    )
    assert "hush" not in repr(request)


def test_response_repr():
    """The repr of a response shows neither headers nor the body."""
    response = Response(
        status=200, headers={"set-cookie": "hush"}, body=b'{"access_token": "hush"}'
    )
    assert repr(response) == "Response(status=200)"


@pytest.mark.integration
def test_import_cost():
    """Importing transport and the sandbox loads neither httpx nor tenacity."""
    code = (
        "import sys, socialcollab.transport, socialcollab.networks.sandbox;"
        "print([name for name in ('httpx', 'tenacity') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
