"""The shapes on the wire, for the description at /openapi.json. Tests hold every answer against them.

Requests are not parsed with these: ``dialects`` does that, and says in its errors what was wrong.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from retouch.task import DEFAULT_MODEL

TASK_ID = "^task_[0-9A-HJKMNP-TV-Z]{26}$"
_TASK_ID = "task_01KAP3QW8ZJ4V5N6C7X9B2D1EF"
_STARRY = "Change the background to a starry sky, keep the main subject"
_PICTURE = "https://example.com/original.png"
# One grey pixel.
_PIXEL = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)


class _Wire(BaseModel):
    """An answer has exactly these fields."""

    model_config = ConfigDict(extra="forbid")


# --- requests


class EditSubmission(BaseModel):
    """An edit to be made; null is as absent. Fields not named here end in the task's `ignored`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"model": DEFAULT_MODEL, "prompt": _STARRY, "image_urls": [_PICTURE], "n": 1},
                {
                    "prompt": "Convert the image to cyberpunk style",
                    "image_urls": [_PIXEL],
                    "n": 2,
                    "seed": 7,
                },
            ]
        }
    )

    model: str | None = Field(default=DEFAULT_MODEL, description="One of GET /v1/models.")
    prompt: str = Field(description="The instruction, in any language.", min_length=1, max_length=8000)
    image_urls: list[str] = Field(
        description="https:// URLs, data:image/…;base64,… URIs, or URLs of POST /v1/uploads/images. "
        "The first picture is the one edited.",
        min_length=1,
    )
    n: int | None = Field(default=1, ge=1, le=10, description="Pictures to make.")
    seed: int | None = Field(
        default=None,
        ge=0,
        le=2**31 - 1,
        description="Drawn where it is not given. Picture i has seed + i, which must fit, too.",
    )
    size: str | None = Field(default=None, description='"auto", a size as "1024x768" or a ratio as "16:9".')
    mask_url: str | None = Field(default=None, min_length=1, description="A mask, given as the pictures are.")
    negative_prompt: str | None = Field(default=None, max_length=8000, description="What shall not be seen.")
    strength: float | None = Field(default=None, ge=0, le=1, description="How far from the original.")
    steps: int | None = Field(default=None, ge=1, le=150, description="Steps of a generative engine.")
    guidance: float | None = Field(default=None, ge=0, le=30, description="Guidance of a generative engine.")
    output_format: Literal["png", "jpeg", "webp", "avif"] | None = Field(
        default="png", description="Of the results."
    )
    output_compression: int | None = Field(
        default=None, ge=0, le=100, description="Quality of lossy formats, 100 is best."
    )
    metadata: dict[str, str] | None = Field(default=None, description="At most 16 pairs, given back.")
    strict: bool | None = Field(default=False, description="Refuse what would end in `ignored`.")


class NamedPicture(BaseModel):
    """A picture of OpenAI's JSON form."""

    image_url: str = Field(examples=[_PICTURE])


class OpenAIEdit(BaseModel):
    """OpenAI's edit as JSON; its form has the same fields, with files as `image` or `image[]` and `mask`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"prompt": _STARRY, "images": [{"image_url": _PIXEL}]}]}
    )

    images: list[NamedPicture] = Field(min_length=1)
    prompt: str = Field(min_length=1, max_length=8000)
    model: str | None = Field(default=DEFAULT_MODEL)
    mask: NamedPicture | None = Field(default=None, description="Its transparent part may be edited.")
    n: int | None = Field(default=1, ge=1, le=10)
    response_format: Literal["b64_json", "url"] | None = Field(default="b64_json")
    stream: bool | None = Field(default=False, description="Answer with server-sent events.")
    partial_images: int | None = Field(
        default=0, ge=0, le=3, description="Intermediate pictures in the stream."
    )


class LinkedPicture(BaseModel):
    """A picture of xAI's form."""

    url: str = Field(examples=[_PICTURE])


class XaiEdit(BaseModel):
    """xAI's edit; `images`, a list of the same, stands for several pictures."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"prompt": _STARRY, "image": {"url": _PIXEL}}]})

    image: LinkedPicture
    prompt: str = Field(min_length=1, max_length=8000)
    model: str | None = Field(default=DEFAULT_MODEL)
    n: int | None = Field(default=1, ge=1, le=10)
    response_format: Literal["url", "b64_json"] | None = Field(default="url")
    aspect_ratio: str | None = Field(default=None, examples=["16:9"])


class TaskIds(BaseModel):
    """Tasks asked for at once."""

    task_ids: list[Annotated[str, Field(pattern=TASK_ID)]] = Field(
        min_length=1, max_length=100, examples=[[_TASK_ID]]
    )


class PlanQuestion(BaseModel):
    """An instruction to be understood."""

    prompt: str = Field(min_length=1, max_length=8000, examples=[_STARRY])
    model: str | None = Field(default=DEFAULT_MODEL)


# --- answers


class Submitted(_Wire):
    """One accepted task."""

    status: Literal["submitted"]
    task_id: str = Field(examples=[_TASK_ID])


class SubmitAnswer(_Wire):
    """The answer to a submit; always one task, whatever n is."""

    code: Literal[200]
    data: list[Submitted] = Field(min_length=1, max_length=1)


class Queued(_Wire):
    """One accepted task, in the 2026-07-27 form."""

    id: str = Field(examples=[_TASK_ID])
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

    id: str = Field(examples=[_TASK_ID])
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


class ModelObject(_Wire):
    """One model."""

    id: str = Field(examples=[DEFAULT_MODEL])
    object: Literal["model"]
    created: int
    owned_by: str
    engines: list[str] = Field(description="Which engines serve it, in order.")


class ModelList(_Wire):
    """The models that this key may use."""

    object: Literal["list"]
    data: list[ModelObject]


class Balance(_Wire):
    """What is left of the key's quota; -1 where there is no quota."""

    success: Literal[True]
    remain_balance: float
    used_balance: float
    unlimited_quota: bool


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


# Those that the routes only name.
BY_NAME: tuple[type[BaseModel], ...] = (EditSubmission, OpenAIEdit, XaiEdit, TaskIds, PlanQuestion, Problem)
