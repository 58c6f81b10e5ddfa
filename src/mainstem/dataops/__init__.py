"""What surrounds the data's way: tests of models, projects of other tools brought over."""
