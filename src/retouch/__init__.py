"""Retouch: pictures edited by instruction, on your own machine."""
