"""Instruction in, Plan out; text only."""

from retouch.engines.planner.planner import plan_instruction

__all__ = ["plan_instruction"]
