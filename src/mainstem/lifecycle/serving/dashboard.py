"""Output kind dashboard."""
