"""Output kind training."""
