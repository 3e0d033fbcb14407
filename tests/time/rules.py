"""Recurrence rules for property tests, as strings."""

from __future__ import annotations

from hypothesis import strategies as st

DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def numbers(low, high, *, negative=False):
    values = st.integers(low, high)
    if negative:
        values = values | st.integers(-high, -low)
    return st.sets(values, min_size=1, max_size=3).map(
        lambda found: ",".join(map(str, sorted(found)))
    )


@st.composite
def rules(draw):
    freq = draw(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY"]))
    parts = [f"FREQ={freq}", f"INTERVAL={draw(st.integers(1, 4))}"]
    if draw(st.booleans()):
        parts.append(f"WKST={draw(st.sampled_from(DAYS))}")
    if draw(st.booleans()):
        parts.append(f"BYMONTH={draw(numbers(1, 12))}")
    kind = draw(st.sampled_from(["day", "month day", "none"]))
    if kind == "day":
        numbered = freq == "MONTHLY" and draw(st.booleans())
        days = draw(st.sets(st.sampled_from(DAYS), min_size=1, max_size=4))
        parts.append(
            "BYDAY="
            + ",".join(
                f"{draw(st.sampled_from([1, 2, -1])) if numbered else ''}{d}" for d in sorted(days)
            )
        )
    if kind == "month day" and freq != "WEEKLY" and not (freq == "YEARLY" and draw(st.booleans())):
        parts.append(f"BYMONTHDAY={draw(numbers(1, 31, negative=True))}")
    if draw(st.booleans()):
        parts.append(f"BYHOUR={draw(numbers(0, 23))}")
    # dateutil begins the first week at DTSTART, but RFC 5545 at WKST, so BYSETPOS differs.
    if kind != "none" and freq == "MONTHLY" and draw(st.booleans()):
        parts.append(f"BYSETPOS={draw(numbers(1, 3, negative=True))}")
    return ";".join(parts)
