"""Reading, checking, writing and describing the document of an organization."""
