"""
Compare the time of a refusal with the time of its full explanation in a large organization.

The peer is the same question including its explanation: reasons, near misses and remedies.

    python bench/refusals.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from socialcollab import Desk, MemoryStore, Organization
from socialcollab.errors import NotAllowedError

WORKSPACES, PROFILES, MEMBERS = 20, 10, 1000
REPEATS = 30


def document() -> str:
    """Return a document with 1,000 members, 200 profiles and 2,000 grants."""
    lines = ['[organization]\nid = "large"\ntimezone = "Europe/Amsterdam"']
    lines.append('[roles.writer]\npermissions = ["view", "draft", "comment", "submit"]')
    lines.append('[roles.editor]\nincludes = ["writer"]\npermissions = ["approve", "edit_others"]')
    for number in range(WORKSPACES):
        lines.append(
            f'[[workspaces]]\nid = "w{number}"\nlead = "m{number}"\ndefault_approval = "edit"'
        )
        lines += [
            f'[[profiles]]\nid = "w{number}-{profile}"\nworkspace = "w{number}"\nnetwork = "x"'
            for profile in range(PROFILES)
        ]
        members = [f'"m{member}"' for member in range(number, MEMBERS, WORKSPACES)]
        lines.append(f'[[teams]]\nid = "t{number}"\nmembers = [{", ".join(members)}]')
        lines.append(
            f'[[grants]]\nto = "team:t{number}"\nrole = "writer"\non = {{ workspace = "w{number}" }}'
        )
    lines += [f'[[members]]\nid = "m{number}"' for number in range(MEMBERS)]
    lines += [
        f'[[grants]]\nto = "member:m{number}"\nrole = "editor"\non = "w{(number + 1) % WORKSPACES}-0"'
        for number in range(MEMBERS)
    ]
    lines.append('[roles.owner]\npermissions = ["*"]')
    lines.append('[[grants]]\nto = "member:m0"\nrole = "owner"\non = { workspace = "*" }')
    lines.append('[[approvals]]\nid = "edit"\non = { workspace = "*" }')
    lines.append('[[approvals.steps]]\nid = "edit"\nreviewers = "role:editor"')
    return "\n".join(lines)


def median_ms(call: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def main() -> None:
    desk = Desk.create(MemoryStore(), Organization.loads(document()), owner="m0")
    author, other = desk.acting_as("m1"), desk.acting_as("m21")
    post = author.submit(author.draft("De lente is er", profiles=["w1-1"]))

    def refused(*, text: bool) -> None:
        try:
            other.approve(post)
        except NotAllowedError as error:
            if text:
                str(error)

    def actions(*, text: bool) -> None:
        for verdict in other.allowed_actions(post).values():
            if text:
                verdict.explain()

    print(f"{'ms, median of ' + str(REPEATS):<24}{'answer':>10}{'with text':>12}{'ratio':>8}")
    for name, call in (("a refused approval", refused), ("allowed_actions", actions)):
        answer, text = (median_ms(lambda: call(text=shown)) for shown in (False, True))  # noqa: B023
        print(f"{name:<24}{answer:>10.2f}{text:>12.2f}{answer / text:>8.2f}")
    desk.close()


if __name__ == "__main__":
    main()
