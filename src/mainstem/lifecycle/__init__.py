"""The stages of the data engineering lifecycle, side by side."""
