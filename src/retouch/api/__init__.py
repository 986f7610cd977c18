"""HTTP in, HTTP out. This room opens no picture."""
