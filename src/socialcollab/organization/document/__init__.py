"""Read, check, write and describe the document of an organization."""
