"""The demo: a complete project on real data, and the world outside of it, replayed night by night."""
