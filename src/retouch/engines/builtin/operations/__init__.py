"""One file per operation of the builtin engine."""
