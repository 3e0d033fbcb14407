"""Run a flow, which is a generator that yields requests and receives the responses."""

import httpx

from socialcollab.transport import Driver, Flow, HttpTransport, Request, call


def account() -> Flow[str]:
    response = yield from call(Request(method="GET", url="https://network.example/account"))
    return f"{response.status}: {response.json()}"


answers = iter([httpx.Response(503), httpx.Response(200, json={"handle": "@tulipair"})])
with httpx.Client(transport=httpx.MockTransport(lambda _: next(answers))) as client:
    print(Driver().run(account(), transport=HttpTransport(client)))
