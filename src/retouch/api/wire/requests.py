"""What clients send. Not parsed with these: ``dialects`` does that, and says in its errors what was wrong."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from retouch.api.wire.examples import EXAMPLE_ID, PICTURE, PIXEL, STARRY, SUBMIT_EXAMPLES, TASK_ID
from retouch.task import DEFAULT_MODEL

# Counted after NFC and trim, which no schema can tell.
Prompt = Annotated[
    str,
    Field(
        description="The instruction, in any language; 1 to 8,000 characters after NFC and trim.",
        min_length=1,
        examples=[STARRY],
    ),
]
# Sides and pixels have limits of their own, which a pattern cannot tell.
_SIZES = '"auto", a size as "1024x768" or a ratio as "16:9".'
_SIZE = r"^(auto|[0-9]{2,5}x[0-9]{2,5}|[1-9][0-9]?:[1-9][0-9]?)$"
PictureAddress = Annotated[str, Field(pattern="^(https?://|data:image/)")]
Receiver = Annotated[
    str, Field(pattern="^https?://", max_length=2048, examples=["https://shop.example/hooks"])
]
_TOLD = "Gets the task object, signed, when the task has ended; https. Wants RETOUCH_PUBLIC_URL to be set."
File = Annotated[bytes, WithJsonSchema({"type": "string", "format": "binary", "minLength": 1})]


Metadata = Annotated[
    dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]], Field(max_length=16)
]


class EditSubmission(BaseModel):
    """An edit to be made; null is as absent. Fields not named here end in the task's `ignored`."""

    model_config = ConfigDict(json_schema_extra={"examples": [SUBMIT_EXAMPLES[0][2], SUBMIT_EXAMPLES[1][2]]})

    model: str | None = Field(default=DEFAULT_MODEL, description="One of GET /v1/models.")
    prompt: Prompt
    image_urls: list[PictureAddress] = Field(
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
    size: str | None = Field(
        default=None, pattern=_SIZE, description='"auto", a size as "1024x768" or a ratio as "16:9".'
    )
    mask_url: str | None = Field(default=None, min_length=1, description="A mask, given as the pictures are.")
    negative_prompt: str | None = Field(default=None, description="What shall not be seen.")
    strength: float | None = Field(default=None, ge=0, le=1, description="How far from the original.")
    steps: int | None = Field(default=None, ge=1, le=150, description="Steps of a generative engine.")
    guidance: float | None = Field(default=None, ge=0, le=30, description="Guidance of a generative engine.")
    output_format: Literal["png", "jpeg", "webp", "avif"] | None = Field(
        default="png", description="Of the results."
    )
    output_compression: int | None = Field(
        default=None, ge=0, le=100, description="Quality of lossy formats, 100 is best."
    )
    background: Literal["auto", "opaque", "transparent"] | None = Field(
        default="auto", description="transparent: the subject is cut out as well; jpeg cannot."
    )
    metadata: Metadata | None = Field(default=None, description="At most 16 pairs, given back.")
    webhook: Receiver | None = Field(default=None, description=_TOLD)
    strict: bool | None = Field(default=False, description="Refuse what would end in `ignored`.")


class NamedPicture(BaseModel):
    """A picture of OpenAI's JSON form."""

    image_url: str = Field(examples=[PICTURE])


class OpenAIEdit(BaseModel):
    """OpenAI's edit as JSON; its form has the same fields, with files as `image` or `image[]` and `mask`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"prompt": STARRY, "images": [{"image_url": PIXEL}]}]}
    )

    images: list[NamedPicture] = Field(min_length=1)
    prompt: Prompt
    model: str | None = Field(default=DEFAULT_MODEL)
    mask: NamedPicture | None = Field(default=None, description="Its transparent part may be edited.")
    n: int | None = Field(default=1, ge=1, le=10)
    response_format: Literal["b64_json", "url"] | None = Field(default="b64_json")
    stream: bool | None = Field(default=False, description="Answer with server-sent events.")
    partial_images: int | None = Field(
        default=0, ge=0, le=3, description="Intermediate pictures in the stream."
    )
    webhook: Receiver | None = Field(default=None, description=_TOLD)


class OpenAIForm(BaseModel):
    """OpenAI's edit as a form. The other fields of an EditSubmission are legal, too."""

    # A field with a factory may be left away and has no default that could be told.

    image: File = Field(description="The picture; several are sent as image[].")
    prompt: Prompt
    mask: File = Field(default_factory=bytes, description="Its transparent part may be edited.")
    model: str = Field(default=DEFAULT_MODEL)
    n: int = Field(default=1, ge=1, le=10)
    seed: int = Field(default_factory=int, ge=0, le=2**31 - 1, description="Drawn where it is not given.")
    size: str = Field(
        default="auto", pattern=_SIZE, description='"auto", a size as "1024x768" or a ratio as "16:9".'
    )
    output_format: Literal["png", "jpeg", "webp", "avif"] = Field(default="png")
    output_compression: int = Field(default=100, ge=0, le=100)
    background: Literal["auto", "opaque", "transparent"] = Field(default="auto")
    response_format: Literal["b64_json", "url"] = Field(default="b64_json")
    webhook: Receiver = Field(default_factory=str, description=_TOLD)
    stream: bool = Field(default=False, description="Answer with server-sent events.")
    partial_images: int = Field(default=0, ge=0, le=3, description="Intermediate pictures in the stream.")


class LinkedPicture(BaseModel):
    """A picture of xAI's form."""

    url: str = Field(examples=[PICTURE])


class XaiEdit(BaseModel):
    """xAI's edit; `images`, a list of the same, stands for several pictures."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"prompt": STARRY, "image": {"url": PIXEL}}]})

    image: LinkedPicture
    prompt: Prompt
    model: str | None = Field(default=DEFAULT_MODEL)
    n: int | None = Field(default=1, ge=1, le=10)
    response_format: Literal["url", "b64_json"] | None = Field(default="url")
    aspect_ratio: str | None = Field(default=None, examples=["16:9"])
    webhook: Receiver | None = Field(default=None, description=_TOLD)


class TaskIds(BaseModel):
    """Tasks asked for at once."""

    task_ids: list[Annotated[str, Field(pattern=TASK_ID)]] = Field(
        min_length=1, max_length=100, examples=[[EXAMPLE_ID]]
    )


class PlanQuestion(BaseModel):
    """An instruction to be understood."""

    prompt: Prompt
    model: str | None = Field(default=DEFAULT_MODEL)


class WebhookTest(BaseModel):
    """A receiver to be tried."""

    url: Receiver
