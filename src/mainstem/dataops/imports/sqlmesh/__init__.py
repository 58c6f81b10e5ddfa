"""Reads projects of SQLMesh; no program of theirs is run."""
