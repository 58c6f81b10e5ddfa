"""Frozen nouns, ports, places, problems, the clock; standard library only."""
