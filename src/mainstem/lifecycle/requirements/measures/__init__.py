"""The catalogue of measures, one file each."""
