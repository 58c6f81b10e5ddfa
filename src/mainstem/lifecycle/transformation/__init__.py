"""How data becomes useful: models."""
