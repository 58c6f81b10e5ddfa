"""Engines, one file each, known elsewhere by their port only."""
