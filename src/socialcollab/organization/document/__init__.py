"""Reading, checking, writing and describing an organization's document."""
