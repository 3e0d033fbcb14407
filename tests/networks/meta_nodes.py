"""Check requests against Meta's description of the nodes of its Graph API."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
from tests.networks.graph_server import form_of


class Nodes:
    """
    The described nodes, against which requests are checked.

    Attributes:
        checked: The edges that were checked, such as "POST Page/feed".
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.checked: set[str] = set()

    def check(self, request: httpx.Request, node: str, edge: str = "") -> None:
        """Check that an edge of a node exists and has the parameters or fields of a request."""
        described = json.loads((self._folder / f"{node}.json").read_text())
        (api,) = (
            api
            for api in described["apis"]
            if api["method"] == request.method and api.get("endpoint", "").strip("/") == edge
        )
        known = {param["name"]: param for param in api["params"]}
        sent = set(request.url.params) if request.method == "GET" else set(self._sent(request))
        # Fields, pages and uploads are common to all nodes.
        assert sent - {"fields", "limit", "after", "source"} <= set(known), (node, edge, sent)
        assert {name for name, param in known.items() if param.get("required")} <= sent
        self.checked.add(f"{request.method} {node}/{edge}".rstrip("/"))

    def check_fields(self, request: httpx.Request, node: str) -> None:
        """Check that a node has the fields that a request reads."""
        described = json.loads((self._folder / f"{node}.json").read_text())
        fields = set(re.sub(r"{.*?}", "", request.url.params["fields"]).split(","))
        edges = {api.get("endpoint", "") for api in described["apis"] if api["method"] == "GET"}
        assert fields <= {field["name"] for field in described["fields"]} | edges, (node, fields)
        self.checked.add(f"fields of {node}")

    def _sent(self, request: httpx.Request) -> list[str]:
        if request.headers.get("content-type") == "application/json":
            return list(json.loads(request.content))
        return list(form_of(request))
