"""A back office that has its own users, its own file, and a social media desk in it."""
