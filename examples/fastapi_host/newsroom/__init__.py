"""A service with its own users, tokens and database, which contains a social media desk."""

from newsroom.app import create_app

__all__ = ["create_app"]
