"""Handle errors according to their classes."""

from socialcollab.errors import (
    InvalidValueError,
    OutcomeUnknownError,
    RateLimitedError,
    SocialCollabError,
)
from socialcollab.identifiers import check_id


def next_step(error: SocialCollabError) -> str:
    match error:
        case InvalidValueError(expected=expected):
            return f"replace the value with {expected}"
        case RateLimitedError(retry_after_s=seconds):
            return f"wait {seconds:g} seconds"
        case OutcomeUnknownError():
            return "look the post up before you send it again"
    return "report it"


too_many = RateLimitedError("too many posts", retry_after_s=90)
for error in (too_many, OutcomeUnknownError("the network did not respond")):
    print(f"{error}\n  -> {next_step(error)}")
try:
    check_id("member", "Ana Prado")
except SocialCollabError as error:
    print(f"{error}\n  -> {next_step(error)}")
