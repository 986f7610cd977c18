"""Looks that repaint the whole picture, one file each."""
