"""Instruction in, Plan out; text only."""
