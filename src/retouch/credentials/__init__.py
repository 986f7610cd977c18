"""Content credentials (C2PA): says in every result what made it and how, and signs that. Opens no pixel."""
