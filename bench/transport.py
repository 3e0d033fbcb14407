"""
Compare the HTTP transport with a plain httpx client that sends the same requests.

A server on this machine answers at once, so the figures are upper bounds of the cost of the
transport: deadlines, limits of size and the translation of errors.

A transport without a client, which the networks use by default, should reach 0.9 of the plain
client; it reaches 1.0 to 1.2. Its own connections end each operation at the deadline, so that the
thread of the caller sends the request.

A transport with a client of the caller reaches 0.7 to 0.8. httpx applies a timeout to each
operation only, and offers no access to a connection before the headers of the response have
arrived. Nothing but another thread can therefore end such a request at its deadline, and handing it
over takes about 100 microseconds. Building the request without the client would save a part of that,
but would ignore the settings of the client.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from socialcollab.transport import HttpTransport, Request

BODY = json.dumps({"id": "1", "text": "De lente is er"}).encode()


class Handler(BaseHTTPRequestHandler):
    """Answers each request with the same body."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Answer a request."""
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def serve(ports: multiprocessing.Queue[int]) -> None:
    """Serve in a process of its own, and report the port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ports.put(server.server_port)
    server.serve_forever()


def rates(works: dict[str, Callable[[], object]], rounds: int, count: int) -> dict[str, float]:
    """Return the median rate of each work, in requests per second; the works take turns."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            start = time.perf_counter()
            for _ in range(count):
                work()
            found[name].append(count / (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in found.items()}


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--requests", type=int, default=200)
    options = parser.parse_args()
    ports: multiprocessing.Queue[int] = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(ports,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{ports.get()}/posts"
    body = {"text": "De lente is er", "labels": ["food"], "language": "nl"}
    request = Request(method="POST", url=url, json=body)
    with httpx.Client() as plain, httpx.Client() as inner:
        own, given = HttpTransport(), HttpTransport(inner)
        found = rates(
            {
                "httpx.Client": lambda: plain.post(url, json=body, timeout=30).json(),
                "HttpTransport()": lambda: own.send(request, timeout_s=30).json(),
                "HttpTransport(client)": lambda: given.send(request, timeout_s=30).json(),
            },
            options.rounds,
            options.requests,
        )
        own.close()
        given.close()
    server.terminate()
    for name, rate in found.items():
        print(f"{name:24}{rate:8.0f} requests/s   {rate / found['httpx.Client']:.2f}")


if __name__ == "__main__":
    main()
