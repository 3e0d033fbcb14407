"""Apply events to posts and deliveries."""
