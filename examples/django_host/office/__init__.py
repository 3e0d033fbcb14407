"""A back-office application with its own users and database, and an embedded desk."""
