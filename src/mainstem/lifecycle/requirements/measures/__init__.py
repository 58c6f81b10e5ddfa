"""The catalogue of measures, one file each: what its options are, what it reads, when a slice is good."""
