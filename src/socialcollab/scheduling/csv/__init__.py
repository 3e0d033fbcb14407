"""Spreadsheets of posts: reading them, reporting all of their problems, and writing them."""
