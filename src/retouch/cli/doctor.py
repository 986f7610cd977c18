"""``retouch doctor``: what is installed, which engines are able, and what to fix."""
