"""What surrounds the data's way: projects of other tools brought over."""
