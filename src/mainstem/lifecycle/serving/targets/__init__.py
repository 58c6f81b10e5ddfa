"""Systems that rows are written to, one file a kind."""
