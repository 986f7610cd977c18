"""Model files: where they come from, and how one gets here once and checked."""
