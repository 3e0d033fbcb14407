"""A flow alone: write the conversation, let a driver carry it out."""

import httpx

from socialcollab.transport import Driver, Flow, HttpTransport, Request, call


def account() -> Flow[str]:
    reply = yield from call(Request(method="GET", url="https://network.example/account"))
    return f"{reply.status}: {reply.json()}"


answers = iter([httpx.Response(503), httpx.Response(200, json={"handle": "@tulipair"})])
with httpx.Client(transport=httpx.MockTransport(lambda _: next(answers))) as client:
    print(Driver().run(account(), transport=HttpTransport(client)))
