"""Backgrounds drawn at the wanted size."""
