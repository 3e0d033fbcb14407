"""The queries of a desk."""
