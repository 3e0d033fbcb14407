"""Spreadsheets of posts: reading them with all of their problems, and writing them."""
