"""The subject of a canvas, or a clear word that there is none."""

from __future__ import annotations

from retouch.engines.builtin.blur import f32
from retouch.engines.builtin.operation import Canvas, Context, Matte
from retouch.errors import TargetNotFound

_LEAST = 0.002  # of the picture's area: less is a speck, not a subject
_MOST = 0.998  # more leaves nothing behind it


def found(canvas: Canvas, context: Context) -> Matte:
    """The matte of the canvas' subject, (H, W) float32, 0..1; a cut-out brings its own alpha along.

    Raises:
        TargetNotFound: nothing stands out from its background, or everything is subject.
    """
    if canvas.alpha is not None and int(canvas.alpha.min()) < 255:
        matte: Matte = f32(canvas.alpha / 255)
    else:
        matte = context.matte(canvas.rgb)
    part = float((matte > 0.5).mean())
    if part < _LEAST:
        raise TargetNotFound("no subject was found in the picture: nothing stands out from its background")
    if part > _MOST:
        raise TargetNotFound("no background was found in the picture: the subject fills all of it")
    return matte
