"""One module per published figure. ``python -m bench`` runs all and writes docs/reference/measurements.md."""
