"""Engines: what turns a request, a plan and pictures into edited pictures."""
