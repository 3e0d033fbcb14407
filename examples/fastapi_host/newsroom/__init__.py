"""A service that has its own users, their tokens, its own file, and a social media desk in it."""

from newsroom.app import create_app

__all__ = ["create_app"]
