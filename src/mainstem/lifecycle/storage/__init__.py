"""How data is kept: Delta tables, versions, releases, maintenance."""
