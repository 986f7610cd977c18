"""Decoding, encoding and metadata; used only inside the child process."""
