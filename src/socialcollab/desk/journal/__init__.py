"""How the desk's events, snapshots and projections are stored, read back and repaired."""
