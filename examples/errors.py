"""Handle errors according to their class."""

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
            return f"fix it: give {expected}"
        case RateLimitedError(retry_after_s=seconds):
            return f"wait {seconds:g} seconds"
        case OutcomeUnknownError():
            return "look the post up before you send it again"
    return "report it"


too_many = RateLimitedError("too many posts", retry_after_s=90)
for error in (too_many, OutcomeUnknownError("no answer came")):
    print(f"{error}\n  -> {next_step(error)}")
try:
    check_id("member", "Ana Prado")
except SocialCollabError as error:
    print(f"{error}\n  -> {next_step(error)}")
