"""How data leaves: outputs, one file a kind; the access gate."""
