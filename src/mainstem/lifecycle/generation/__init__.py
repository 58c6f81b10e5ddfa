"""Systems that make data, one file a kind."""
