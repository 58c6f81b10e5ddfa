"""How data comes in: contract, quarantine, write modes, positions."""
