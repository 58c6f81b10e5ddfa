"""SQL as trees: the only user of SQLGlot."""
