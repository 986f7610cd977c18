"""One file per operation of the builtin engine; this is the list of them."""

from collections.abc import Mapping
from typing import Final

from retouch.engines.builtin.operation import OperationFunction
from retouch.engines.builtin.operations import (
    background_blur,
    background_remove,
    background_replace,
    frame,
    geometry,
    privacy,
    recolor,
    remove,
    restore,
    retouch,
    sky_replace,
    style,
    text_add,
    text_remove,
    text_replace,
    tone,
    upscale,
    weather,
)
from retouch.engines.builtin.table import Table

_ROWS: Mapping[str, OperationFunction] = {
    "background.replace": background_replace.apply,
    "background.remove": background_remove.apply,
    "background.blur": background_blur.apply,
    "sky.replace": sky_replace.apply,
    "style": style.apply,
    "tone": tone.apply,
    "geometry": geometry.apply,
    "frame": frame.apply,
    "weather": weather.apply,
    "restore": restore.apply,
    "recolor": recolor.apply,
    "privacy": privacy.apply,
    "text.add": text_add.apply,
    "text.replace": text_replace.apply,
    "text.remove": text_remove.apply,
    "upscale": upscale.apply,
    "retouch": retouch.apply,
    "remove": remove.apply,
}

OPERATIONS: Final = Table("operation", _ROWS)
