"""Text to nouns, each with its place; JSON Schemas of every file kind."""
