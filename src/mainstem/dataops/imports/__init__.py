"""Projects of other tools as projects of this one: read, written anew, tried, and what is left out said."""
