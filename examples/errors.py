"""Something went wrong: what can the caller do about it?"""

from socialcollab.errors import (
    InvalidValueError,
    OutcomeUnknownError,
    RateLimitedError,
    SocialCollabError,
)
from socialcollab.identifiers import check_id


def what_now(error: SocialCollabError) -> str:
    match error:
        case InvalidValueError(expected=expected):
            return f"fix it: give {expected}"
        case RateLimitedError(retry_after_s=seconds):
            return f"wait {seconds:g} seconds"
        case OutcomeUnknownError():
            return "look before sending again"
    return "tell somebody"


too_many = RateLimitedError("too many posts", retry_after_s=90)
for error in (too_many, OutcomeUnknownError("no answer came")):
    print(f"{error}\n  -> {what_now(error)}")
try:
    check_id("member", "Ana Prado")
except SocialCollabError as refused:
    print(f"{refused}\n  -> {what_now(refused)}")
