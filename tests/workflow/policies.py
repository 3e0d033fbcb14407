"""Policies for the tests of the workflow."""

from __future__ import annotations

from socialcollab.time import WallTime
from socialcollab.workflow import ApprovalPolicy

LATER = WallTime(local="2026-04-09 11:00", zone="Europe/Amsterdam")
TULIP = {"workspace": "tulip"}


def policy(name="editorial", *steps, on=TULIP, **more) -> ApprovalPolicy:
    """Return a policy, which has one step for editors unless steps or `extends` are given."""
    if not steps and "extends" not in more:
        steps = (step("edit", "role:editor"),)
    return ApprovalPolicy(id=name, on=on, steps=steps, **more)


def step(name, reviewers, **more) -> dict:
    return {"id": name, "reviewers": reviewers, **more}
