"""Roles, sign-off, calendar, style guide and honest publishing for social media teams."""
