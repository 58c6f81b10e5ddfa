"""Data operations: what is done with a project besides running it."""
