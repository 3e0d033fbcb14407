"""Generated tables of Unicode properties and top-level domains."""
