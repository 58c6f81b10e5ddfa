"""Reads projects of dbt; no program of theirs is run."""
