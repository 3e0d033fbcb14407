"""Steps, as the desk writes everything that reads or writes; see `socialcollab.transport.steps`."""

from socialcollab.transport.steps import Call, Steps, arun, ask, ask_long, held, run

__all__ = ["Call", "Steps", "arun", "ask", "ask_long", "held", "run"]
