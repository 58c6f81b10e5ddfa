"""Plan, run, recovery: where the stages meet."""
