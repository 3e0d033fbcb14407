"""Publish to the sandbox: if the response is lost, look up the post. Then read the answers to it."""

import datetime as dt
from tempfile import mkdtemp

from socialcollab.directory import Profile
from socialcollab.errors import OutcomeUnknownError
from socialcollab.networks.sandbox import InjectedFault, Sandbox
from socialcollab.transport import Driver, OutgoingPost, ReadingAdapter

sandbox = Sandbox(mkdtemp(), faults=[InjectedFault("lost_answer")], honours_keys=False)
profile = Profile(id="tulip-x", workspace="tulip", network="x", handle="@tulipair")
adapter, transport = sandbox.adapter(profile), sandbox.transport(profile)
spring = OutgoingPost(delivery="d1", profile=profile, text="De lente is er 🌷")
prepared = adapter.prepare(
    spring, now=dt.datetime(2026, 4, 7, tzinfo=dt.UTC), entropy=b"16 random bytes!"
)
try:
    print(Driver().run(adapter.publish(prepared, {}), transport=transport))
except OutcomeUnknownError as error:
    print(f"{error}; lookup: {Driver().run(adapter.find(prepared, {}), transport=transport)}")
print(f"{len(sandbox.posts())} post; see {sandbox.write_preview().name}")

sandbox.add_message("tulip-x", "Mooi!", kind="reply", parent=sandbox.posts()[0].network_id)
assert isinstance(adapter, ReadingAdapter)
cursor = ""  # in your application: the stored cursor
page = Driver().run(adapter.messages(cursor), transport=transport)
for message in page.messages:
    print(f"{message.kind} from @{message.author.handle}: {message.text}")
sandbox.close()
