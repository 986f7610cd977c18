"""What a chat model may answer: steps of the kinds in ``operation_types``, printed as JSON Schema."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from retouch.engines.planner.operation_types import Step, Strict
from retouch.engines.planner.plan import Operation

OPERATIONS_MAX = 8
_QUOTES, _QUOTE = 10, 120  # as many and as long as those of the offline planner


class ChatAnswer(Strict):
    """A whole answer: the steps in order, and verbatim what none of them carries out."""

    language: Annotated[str, Field(pattern=r"^[a-z]{2}$", description="ISO 639-1, of the instruction")]
    operations: Annotated[list[Step], Field(max_length=OPERATIONS_MAX)]
    unsupported: Annotated[
        list[Annotated[str, Field(max_length=_QUOTE)]],
        Field(max_length=_QUOTES, description="parts of the instruction that no operation carries out"),
    ]

    def steps(self) -> tuple[Operation, ...]:
        """The operations as a Plan holds them: without the arguments that were left out or null."""
        return tuple(Operation.from_json(step.model_dump(exclude_none=True)) for step in self.operations)


def answer_schema() -> dict[str, Any]:
    """The JSON Schema of :class:`ChatAnswer`."""
    return ChatAnswer.model_json_schema()
