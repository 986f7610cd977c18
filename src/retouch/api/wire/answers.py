"""What clients get. Tests hold every answer against these."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from retouch.api.wire.examples import EXAMPLE_ID
from retouch.task import DEFAULT_MODEL


class _Wire(BaseModel):
    """An answer has exactly these fields."""

    model_config = ConfigDict(extra="forbid")


class Submitted(_Wire):
    """One accepted task."""

    status: Literal["submitted"]
    task_id: str = Field(examples=[EXAMPLE_ID])


class SubmitAnswer(_Wire):
    """The answer to a submit; always one task, whatever n is."""

    code: Literal[200]
    data: list[Submitted] = Field(min_length=1, max_length=1)


class Queued(_Wire):
    """One accepted task, in the 2026-07-27 form."""

    id: str = Field(examples=[EXAMPLE_ID])
    status: Literal["queued"]
    poll_url: str


class QueuedAnswer(_Wire):
    """The answer to a submit with the header X-APIMart-Response-Version: 2026-07-27."""

    code: Literal[202]
    data: Queued
    request_id: str


class IgnoredParameter(_Wire):
    """A parameter that was not honoured, and why."""

    param: str
    reason: str


class DeliveredPicture(_Wire):
    """One picture of a synchronous answer."""

    b64_json: str | None = None
    url: str | None = None


class SyncAnswer(_Wire):
    """The answer of a synchronous dialect; the last five fields are OpenAI's."""

    created: int
    data: list[DeliveredPicture]
    ignored: list[IgnoredParameter]
    warnings: list[str]
    output_format: str | None = None
    size: str | None = None
    background: str | None = None
    quality: str | None = None
    usage: dict[str, Any] | None = Field(default=None, description="Zeros: no tokens are counted here.")


class Picture(_Wire):
    """One result."""

    url: list[str] = Field(description="Always a list of one.", min_length=1, max_length=1)
    expires_at: int = Field(description="Unix time at which the picture is deleted.")
    seed: int


class Result(_Wire):
    """What a completed task delivers."""

    images: list[Picture]


class TaskFailure(_Wire):
    """Why a task failed."""

    code: str = Field(examples=["source_not_found"])
    message: str
    type: str


class TaskObject(_Wire):
    """A task. Times are Unix seconds."""

    id: str = Field(examples=[EXAMPLE_ID])
    status: Literal["pending", "processing", "completed", "failed", "cancelled"]
    progress: int = Field(ge=0, le=100, description="Never goes back.")
    created: int
    completed: int | None = Field(default=None, description="Only when ended.")
    estimated_time: int = Field(description="Seconds; a guess.")
    actual_time: int | None = Field(default=None, description="Seconds from submit to end; only when ended.")
    cost: float
    credits_cost: float
    result: Result | None = Field(default=None, description="Only when completed.")
    error: TaskFailure | None = Field(default=None, description="Only when failed.")
    model: str
    engine: str | None = Field(description="Which engine did the work; null until it is done.")
    n: int
    seed: int
    ignored: list[IgnoredParameter]
    warnings: list[str]
    attempts: int
    metadata: dict[str, str]
    request_id: str = Field(description="Of the submit.")
    expires_at: int | None = Field(default=None, description="When the pictures are deleted.")


class TaskAnswer(_Wire):
    """One task."""

    code: Literal[200]
    data: TaskObject


class MissingTask(_Wire):
    """An id that is nobody's, or somebody else's."""

    id: str
    status: Literal["not_found"]


class BatchAnswer(_Wire):
    """Tasks in the order asked for."""

    code: Literal[200]
    data: list[TaskObject | MissingTask]


class TaskPage(_Wire):
    """Tasks, newest first."""

    code: Literal[200]
    data: list[TaskObject]
    next_cursor: str | None = Field(description="Give it as cursor to get the next page; null on the last.")


class Deleted(_Wire):
    """What is gone; `deleting`: for you it is, and the rest follows within minutes."""

    id: str
    status: Literal["deleted", "deleting"]


class DeletedAnswer(_Wire):
    """The answer to a deletion."""

    code: Literal[200]
    data: Deleted


class ModelObject(_Wire):
    """One model."""

    id: str = Field(examples=[DEFAULT_MODEL])
    object: Literal["model"]
    created: int
    owned_by: str
    engines: list[str] = Field(description="Which engines serve it, in order.")
    price: float = Field(description="Credits for a delivered picture.")


class ModelList(_Wire):
    """The models that this key may use."""

    object: Literal["list"]
    data: list[ModelObject]


class Balance(_Wire):
    """What is left of the key's quota; -1 where there is no quota. The last four fields only with one."""

    success: Literal[True]
    remain_balance: float = Field(description="What submits may still ask for.")
    used_balance: float = Field(
        description="Delivered in this period; without a quota: credits spent so far."
    )
    unlimited_quota: bool
    reserved_balance: float | None = Field(default=None, description="Held by tasks that have not ended.")
    unit: Literal["pictures", "credits"] | None = None
    per: Literal["total", "day", "month"] | None = None
    renews_at: int | None = Field(default=None, description="Unix time; null for a quota in all.")


class UploadAnswer(_Wire):
    """A kept picture."""

    url: str
    filename: str
    content_type: str = Field(examples=["image/png"])
    bytes: int
    created_at: int


class PlanObject(_Wire):
    """What would be done."""

    model: str
    language: str = Field(description="ISO 639-1.")
    operations: list[dict[str, Any]] = Field(
        examples=[[{"kind": "background.replace", "scene": "starry sky"}]]
    )
    confidence: float
    unsupported: list[str]
    warnings: list[str] = Field(default_factory=list)
    message: str | None = Field(
        default=None, description="Only where nothing can be done: why, as the failed task would say it."
    )


class PlanAnswer(_Wire):
    """The plan for an instruction."""

    code: Literal[200]
    data: PlanObject


class Health(_Wire):
    """How a process stands."""

    status: Literal["ok", "ready"]


class ProblemDetail(_Wire):
    """What was wrong; `param` names the field at fault."""

    code: int = Field(description="The HTTP status.")
    message: str
    type: str
    param: str | None = None
    request_id: str


class Problem(_Wire):
    """Every error answer."""

    error: ProblemDetail
