"""Measure the length of a post as each network does, and find its clickable parts."""

from socialcollab.directory import NETWORKS
from socialcollab.text import entities, measure

POST = "De lente is er 🌷 Kom kijken: tulip.nl/voorjaar met @anna en #lente, groeten van 👨‍👩‍👧"

for name in sorted(NETWORKS):
    length = measure(name, POST)
    active = ", ".join(entity.text for entity in entities(name, POST))
    print(f"{name:10} {length.value:3} of {length.limit:5} {length.unit:10} active: {active}")
