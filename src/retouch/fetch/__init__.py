"""Bytes from outside: the only outbound HTTP client, and what it may reach."""
