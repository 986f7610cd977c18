"""The shapes on the wire, for the description at /openapi.json."""

from __future__ import annotations

from pydantic import BaseModel

from retouch.api.wire.answers import (
    Balance,
    BatchAnswer,
    DeliveredPicture,
    Health,
    IgnoredParameter,
    MissingTask,
    ModelList,
    ModelObject,
    Picture,
    PlanAnswer,
    PlanObject,
    Problem,
    ProblemDetail,
    Queued,
    QueuedAnswer,
    Result,
    SubmitAnswer,
    Submitted,
    SyncAnswer,
    TaskAnswer,
    TaskFailure,
    TaskObject,
    TaskPage,
    UploadAnswer,
)
from retouch.api.wire.examples import EXAMPLE_REQUEST_ID, PROBLEM_EXAMPLES, SUBMIT_EXAMPLES, TASK_ID
from retouch.api.wire.requests import (
    EditSubmission,
    LinkedPicture,
    NamedPicture,
    OpenAIEdit,
    OpenAIForm,
    PlanQuestion,
    TaskIds,
    XaiEdit,
)

__all__ = [
    "BY_NAME",
    "EXAMPLE_REQUEST_ID",
    "PROBLEM_EXAMPLES",
    "SUBMIT_EXAMPLES",
    "TASK_ID",
    "Balance",
    "BatchAnswer",
    "DeliveredPicture",
    "EditSubmission",
    "Health",
    "IgnoredParameter",
    "LinkedPicture",
    "MissingTask",
    "ModelList",
    "ModelObject",
    "NamedPicture",
    "OpenAIEdit",
    "OpenAIForm",
    "Picture",
    "PlanAnswer",
    "PlanObject",
    "PlanQuestion",
    "Problem",
    "ProblemDetail",
    "Queued",
    "QueuedAnswer",
    "Result",
    "SubmitAnswer",
    "Submitted",
    "SyncAnswer",
    "TaskAnswer",
    "TaskFailure",
    "TaskIds",
    "TaskObject",
    "TaskPage",
    "UploadAnswer",
    "XaiEdit",
]

# Those that the routes only name.
BY_NAME: tuple[type[BaseModel], ...] = (
    EditSubmission,
    OpenAIEdit,
    OpenAIForm,
    XaiEdit,
    TaskIds,
    PlanQuestion,
    Problem,
)
