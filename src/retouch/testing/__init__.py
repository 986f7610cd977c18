"""Fakes and conformance suites, for our tests and for those of others."""
