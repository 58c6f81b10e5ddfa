"""Check kinds, one file each."""
