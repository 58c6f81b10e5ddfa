"""Output kind api."""
