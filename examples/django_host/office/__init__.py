"""A back office with its own users and database, which contains a social media desk."""
