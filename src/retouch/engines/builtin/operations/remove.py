"""``remove``: something goes, and what could be behind it is filled in.

Argument: ``target``
    "mask"     all that the request's mask covers,
    "subject"  what stands out from the background,
    "person"   the parts of the subject to which a face belongs.

With a mask, of a subject or person only what is inside the mask is removed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.arguments import choice, known
from retouch.engines.builtin.faces import Face
from retouch.engines.builtin.inpainting import fill
from retouch.engines.builtin.operation import Canvas, Context, Matte
from retouch.engines.builtin.seams import Area
from retouch.engines.builtin.subject import found
from retouch.errors import InstructionNotSupported, TargetNotFound

TARGETS = ("person", "subject", "mask")
_MOST = 0.35  # of the picture: of more, too little is left that could be behind it
_FAINT = 0.04  # of the matte: what shows so much of the subject goes with it
_RIM = 0.012  # of the longer side: soft edges reach beyond the matte
_LEAST_RIM = 3  # px
_OF_FACE = 0.3  # of a face's box: so much of it lies in the person that it belongs to


def apply(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Remove the target; what is outside of it stays as it is, to the byte.

    Raises:
        InstructionNotSupported: wrong arguments; no mask where one is needed; more than can be filled.
        TargetNotFound: the target is not in the picture, or not inside the mask.
        WeightsMissing: a person is to be removed, and the net for faces is not on this machine.
    """
    known(arguments, ("target",), "remove")
    target = choice(arguments, "target", TARGETS)
    whole = _masked(context) if target == "mask" else _subject(canvas, target, context)
    hole = whole if context.mask is None else whole & (context.mask > 0)
    if not hole.any():
        raise TargetNotFound("the mask covers nothing that could be removed")
    part = float(hole.mean())
    if part > _MOST:
        raise InstructionNotSupported(
            f"What is to be removed covers {part:.0%} of the picture; where it is more than {_MOST:.0%}, "
            "nothing convincing can be put in its place."
        )
    context.progress(0.2)
    kept = ~whole if canvas.alpha is None else ~whole & (canvas.alpha > 0)
    rgb = fill(canvas.rgb, hole, context.rng(), lambda part: context.progress(0.2 + 0.8 * part), source=kept)
    return Canvas(rgb, canvas.alpha)


def _masked(context: Context) -> Area:
    if context.mask is None:
        raise InstructionNotSupported(
            "Removing what is marked needs a mask of the picture as it is at that step; there is none. "
            "Send one as the mask, and ask for turning and cropping afterwards."
        )
    return np.asarray(context.mask > 0, np.bool_)


def _subject(canvas: Canvas, target: str, context: Context) -> Area:
    """Where the subject is, (H, W), grown over its soft edges; of a person only what has a face."""
    if canvas.alpha is not None and int(canvas.alpha.min()) < 255:
        raise InstructionNotSupported("The picture is a cut-out: behind its subject there is nothing.")
    faces = context.faces(canvas.rgb) if target == "person" else ()
    if target == "person" and not faces:
        raise TargetNotFound("no face was found in the picture, so no person is known")
    matte = found(canvas, context)
    reach = max(_LEAST_RIM, round(max(matte.shape) * _RIM))
    hole = _grown(matte > _FAINT, reach)
    if target == "person":
        hole &= _grown(_people(matte, faces), 2 * reach)
        if len(faces) > 1:
            context.warnings.append(f"remove: everyone whose face was found, {len(faces)} in number")
    return hole


def _people(matte: Matte, faces: tuple[Face, ...]) -> Area:
    """The connected parts of the subject that a face lies in, (H, W)."""
    labels = np.asarray(cv2.connectedComponents((matte > 0.5).astype(np.uint8))[1], np.int32)
    owners = list(_owners(labels, faces))
    if not owners:
        raise TargetNotFound("a face was found, but nobody who stands out from the background")
    return np.asarray(np.isin(labels, owners), np.bool_)


def _owners(labels: NDArray[np.int32], faces: tuple[Face, ...]) -> Iterator[int]:
    for face in faces:
        box = labels[
            max(0, int(face.y)) : max(0, int(face.y + face.h)),
            max(0, int(face.x)) : max(0, int(face.x + face.w)),
        ]
        counts = np.bincount(box.ravel(), minlength=1)
        counts[0] = 0
        if counts.max() > _OF_FACE * box.size:
            yield int(counts.argmax())


def _grown(area: Area, reach: int) -> Area:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.dilate(area.astype(np.uint8), kernel), np.bool_)
