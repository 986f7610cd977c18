"""The arguments of every kind of operation as types, strict in reading.

An argument that may be left out may also be null. What a type cannot say (exactly one of three arguments) is
checked after the types. A number outside its range is refused and never clamped: whoever is wrong about one
number may be wrong about the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    create_model,
    model_validator,
)
from pydantic_core.core_schema import CoreSchema, no_info_after_validator_function, str_schema

from retouch.engines.planner import vocabulary
from retouch.engines.planner.naming import MOST
from retouch.engines.planner.supported import SUPPORTED

if TYPE_CHECKING:
    from retouch.engines.extensions import Extension


@dataclass(frozen=True)
class _Among:
    """A text that is one of the names that are known when it is looked at."""

    names: Callable[[], Sequence[str]]

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(self._known, str_schema(strict=True))

    def __get_pydantic_json_schema__(self, _: CoreSchema, __: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.names())}

    def _known(self, value: str) -> str:
        if value not in self.names():
            raise ValueError("no name that is known")
        return value


_Scene: TypeAlias = Annotated[str, _Among(lambda: SUPPORTED.scenes)]
_Sky: TypeAlias = Annotated[str, _Among(lambda: SUPPORTED.skies)]
_Style: TypeAlias = Annotated[str, _Among(lambda: SUPPORTED.styles)]
_Look: TypeAlias = Annotated[str, _Among(lambda: SUPPORTED.looks)]
_Colour: TypeAlias = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$", description="#rrggbb")]
_Strength: TypeAlias = Annotated[int, Field(ge=0, le=100)]
_Turn: TypeAlias = Annotated[int, Field(ge=-100, le=100)]
_Pixels: TypeAlias = Annotated[int, Field(ge=1, le=20_000)]
_Ratio: TypeAlias = Annotated[
    str,
    Field(
        pattern=r"^(square|[1-9][0-9]{0,3}(\.[0-9]{1,3})?:[1-9][0-9]{0,3}(\.[0-9]{1,3})?)$",
        description="square, or width:height",
    ),
]
_Wording: TypeAlias = Annotated[str, Field(min_length=1, max_length=300, description="verbatim")]
_Place: TypeAlias = Literal[
    "top", "bottom", "center", "left", "right", "top left", "top right", "bottom left", "bottom right"
]
_Further: TypeAlias = Annotated[int, Field(ge=1, le=MOST - 1, description="1 is the second picture")]
_Side: TypeAlias = Literal["left", "right", "top", "bottom"]


class Strict(BaseModel):
    """Exactly these fields, of exactly these types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    def _given(self, *names: str) -> int:
        return sum(getattr(self, name) is not None for name in names)


class _BackgroundReplace(Strict):
    """Exactly one of scene, color, gradient and image; a studio may have a color beside it."""

    kind: Literal["background.replace"]
    scene: _Scene | None = None
    color: _Colour | None = None
    gradient: Annotated[list[_Colour], Field(min_length=2, max_length=2)] | None = None
    image: _Further | None = None
    keep: Literal["subject"] | None = None

    @model_validator(mode="after")
    def _one_background(self) -> Self:
        coloured_studio = self.scene == "studio" and self._given("gradient", "image") == 0
        if self._given("scene", "color", "gradient", "image") != 1 and not coloured_studio:
            raise ValueError("exactly one of scene, color, gradient, image")
        return self


class _SkyReplace(Strict):
    kind: Literal["sky.replace"]
    scene: _Sky


class _BackgroundRemove(Strict):
    kind: Literal["background.remove"]


class _BackgroundBlur(Strict):
    kind: Literal["background.blur"]
    strength: _Strength | None = None


class _StyleChange(Strict):
    kind: Literal["style"]
    style: _Style
    strength: _Strength | None = None


class _StyleOfAnother(Strict):
    kind: Literal["style"]
    image: _Further
    strength: _Strength | None = None


class _Tone(Strict):
    """A look, one axis or several; strength is that of the look."""

    kind: Literal["tone"]
    look: _Look | None = None
    strength: _Strength | None = None
    brightness: _Turn | None = None
    contrast: _Turn | None = None
    exposure: _Turn | None = None
    saturation: _Turn | None = None
    warmth: _Turn | None = None
    vibrance: _Turn | None = None
    shadows: _Turn | None = None
    highlights: _Turn | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self._given("look", *SUPPORTED.axes):
            raise ValueError("a look or an axis")
        return self


class _Crop(Strict):
    """A ratio, the subject as the middle, or both."""

    kind: Literal["geometry"]
    action: Literal["crop"]
    ratio: _Ratio | None = None
    to: Literal["subject"] | None = None

    @model_validator(mode="after")
    def _to_something(self) -> Self:
        if not self._given("ratio", "to"):
            raise ValueError("a ratio or the subject")
        return self


class _Resize(Strict):
    """One side or both in pixels, or a percentage."""

    kind: Literal["geometry"]
    action: Literal["resize"]
    width: _Pixels | None = None
    height: _Pixels | None = None
    percent: Annotated[float, Field(ge=1, le=1000)] | None = None

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if bool(self._given("width", "height")) == bool(self._given("percent")):
            raise ValueError("sides in pixels, or a percent")
        return self


class _Rotate(Strict):
    kind: Literal["geometry"]
    action: Literal["rotate"]
    degrees: Annotated[float, Field(ge=-360, le=360, description="clockwise")]


class _Flip(Strict):
    kind: Literal["geometry"]
    action: Literal["flip"]
    axis: Literal["horizontal", "vertical"]


class _Straighten(Strict):
    kind: Literal["geometry"]
    action: Literal["straighten"]


class _Extend(Strict):
    kind: Literal["geometry"]
    action: Literal["extend"]
    percent: Annotated[int, Field(ge=1, le=100)] | None = None
    sides: Annotated[list[_Side], Field(min_length=1, max_length=4)] | None = None


class _Frame(Strict):
    kind: Literal["frame"]
    frame: Literal["border", "polaroid", "vignette", "rounded", "sticker outline", "drop shadow", "grain"]
    color: _Colour | None = None
    strength: _Strength | None = None


class _Weather(Strict):
    kind: Literal["weather"]
    weather: Literal["rain", "snow", "fog", "sun-rays"]
    strength: _Strength | None = None


class _Restore(Strict):
    kind: Literal["restore"]
    mode: Literal["denoise", "deblock", "dehaze", "sharpen", "auto"]
    strength: _Strength | None = None


class _Recolor(Strict):
    kind: Literal["recolor"]
    target: Literal["subject", "background", "whole"]
    color: _Colour
    strength: _Strength | None = None


class _Privacy(Strict):
    kind: Literal["privacy"]
    mode: Literal["blur", "pixelate"]
    target: Literal["faces"]


class _Upscale(Strict):
    kind: Literal["upscale"]
    factor: Literal[2, 4] | None = None


class _Retouch(Strict):
    kind: Literal["retouch"]
    mode: Literal["smooth skin", "brighten face", "red eye"]
    strength: _Strength | None = None


class _TextReplace(Strict):
    kind: Literal["text.replace"]
    old: _Wording
    new: _Wording


class _TextRemove(Strict):
    kind: Literal["text.remove"]
    text: _Wording | None = None


class _TextAdd(Strict):
    kind: Literal["text.add"]
    text: _Wording
    position: _Place | None = None
    color: _Colour | None = None
    size: Literal["small", "large"] | None = None


class _Remove(Strict):
    kind: Literal["remove"]
    target: Annotated[
        Literal["person", "subject", "mask"],
        Field(description="person: all persons whose face shows; mask: what the mask covers"),
    ]


_BuiltIn: TypeAlias = (
    _BackgroundReplace
    | _SkyReplace
    | _BackgroundRemove
    | _BackgroundBlur
    | _StyleChange
    | _StyleOfAnother
    | _Tone
    | _Crop
    | _Resize
    | _Rotate
    | _Flip
    | _Straighten
    | _Extend
    | _Frame
    | _Weather
    | _Restore
    | _Recolor
    | _Privacy
    | _TextAdd
    | _TextReplace
    | _TextRemove
    | _Upscale
    | _Retouch
    | _Remove
)


def _installed(extension: Extension) -> type[Strict]:
    """The model of an operation that another package brings."""
    fields: dict[str, Any] = {"kind": (Literal[extension.name], ...)}
    if extension.strength:
        fields["strength"] = (_Strength | None, None)
    return create_model(f"_{extension.name}", __base__=Strict, **fields)


if TYPE_CHECKING:
    Step: TypeAlias = _BuiltIn
else:
    Step = reduce(or_, map(_installed, vocabulary.added_operations().values()), _BuiltIn)
