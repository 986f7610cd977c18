"""Instruction in, Plan out; text only."""

from retouch.engines.planner.learning import learn, taken_words, unreachable
from retouch.engines.planner.planner import plan_instruction
from retouch.engines.planner.suggestions import describe_supported, nearest
from retouch.engines.planner.supported import SUPPORTED

__all__ = [
    "SUPPORTED",
    "describe_supported",
    "learn",
    "nearest",
    "plan_instruction",
    "taken_words",
    "unreachable",
]
