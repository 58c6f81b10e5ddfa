"""Output kind metric."""
