"""Match profiles with a selector, parse a principal, and look up the limits of a network."""

from socialcollab.directory import PostAttributes, Principal, Profile, Selector, network

profiles = [
    Profile(id="tulip-x", workspace="tulip", network="x", tags=["care"]),
    Profile(id="tulip-mastodon", workspace="tulip", network="mastodon"),
    Profile(id="van-dam-x", workspace="van-dam", network="x"),
]
offers = Selector.of({"workspace": "tulip", "post_tag": ["offer"], "excluding": {"network": "x"}})
offer = PostAttributes(post_tag=["offer"])
print(f"{offers}: {[profile.id for profile in profiles if offers.matches(profile, offer)]}")
print(f"{Principal.parse('team:social')} is the {Principal.parse('team:social').kind} social")
bluesky = network("bluesky")
print(f"{bluesky.title} accepts {bluesky.text.at_most} {bluesky.text.unit}")
