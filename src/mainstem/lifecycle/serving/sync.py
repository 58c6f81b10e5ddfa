"""Output kind sync."""
