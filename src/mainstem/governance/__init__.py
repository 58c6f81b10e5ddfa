"""Data management: check kinds, catalog, tags, lineage."""
