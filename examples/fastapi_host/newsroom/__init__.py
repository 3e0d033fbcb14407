"""A service with its own users, tokens and database, and an embedded desk."""

from newsroom.app import create_app

__all__ = ["create_app"]
