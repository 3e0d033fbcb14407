"""What can be read at a desk."""
