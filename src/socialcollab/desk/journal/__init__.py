"""Store, read and repair the events, snapshots and projections of a desk."""
