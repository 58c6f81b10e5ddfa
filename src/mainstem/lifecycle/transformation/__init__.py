"""How data becomes useful: what the rows of a model are made of, and which of them to make anew."""
