"""Content credentials for the pictures of one edit; used by the worker's step and by ``retouch edit``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from retouch.credentials.signer import NotSigned

if TYPE_CHECKING:
    from retouch.credentials.signer import Signer
    from retouch.engines.base import EncodedImage
    from retouch.engines.planner.plan import Plan


def signed(
    signer: Signer | None, images: Sequence[EncodedImage], *, plan: Plan, engine: str, title: str
) -> tuple[Sequence[EncodedImage], tuple[str, ...]]:
    """The pictures with their manifests, and what to warn of. Blocks; ``signer`` None changes nothing.

    A finished picture is worth more than its label: one that cannot be signed goes out as it is, and says so.
    """
    if signer is None:
        return images, ()
    operations = [operation.to_json() for operation in plan.operations]
    done, warnings = [], []
    for index, image in enumerate(images):
        try:
            data = signer.sign(
                image.data,
                image.content_type,
                operations=operations,
                engine=engine,
                title=f"{title}-{index}",
            )
        except NotSigned as error:
            warnings.append(error.message)
            done.append(image)
        else:
            done.append(replace(image, data=data))
    return done, tuple(warnings)
