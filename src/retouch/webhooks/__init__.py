"""Telling receivers that a task has ended: what is said, how it is signed, how it gets there."""
