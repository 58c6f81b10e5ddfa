"""Why: goals to verdicts, agreement, lint."""
