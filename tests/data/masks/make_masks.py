"""Draw the masks of this folder from hand-set outlines: ``python tests/data/masks/make_masks.py``.

``outlines.json`` holds corners set by eye on enlarged photographs (``width``: that of the enlargement). Each
outline is filled, then GrabCut may move the edge by at most ``snap`` pixels of the photograph, so that it
follows the visible border between two clicks. No net had a hand in it; every mask was checked by eye.
"""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
PHOTOS = HERE.parent / "photos"


def filled(outlines: list[list[list[int]]], scale: float, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """The polygons, in pixels of the photograph, 0 or 1."""
    mask = np.zeros(shape, np.uint8)
    for outline in outlines:
        corners = np.round(np.array(outline, float) * scale * 16).astype(np.int32)
        cv2.fillPoly(mask, [corners], (1,), shift=4)
    return mask


def snapped(photo: NDArray[np.uint8], mask: NDArray[np.uint8], reach: int) -> NDArray[np.uint8]:
    """Let the edge move by up to ``reach`` pixels to where the colours change."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    inner, outer = cv2.erode(mask, kernel), cv2.dilate(mask, kernel)
    labels = np.where(mask == 1, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[inner == 1], labels[outer == 0] = cv2.GC_FGD, cv2.GC_BGD
    cv2.setRNGSeed(1)
    model = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(photo, labels, (0, 0, 0, 0), *model, 4, cv2.GC_INIT_WITH_MASK)
    found = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    return np.asarray(cv2.medianBlur(found, 5), np.uint8)


def main() -> None:
    """Write one PNG a photograph, 255 = subject."""
    for name, row in json.loads((HERE / "outlines.json").read_text()).items():
        photo = np.asarray(cv2.imread(str(next(PHOTOS.glob(f"{name}.*")))), np.uint8)
        mask = filled(row["outlines"], photo.shape[1] / row["width"], photo.shape[:2])
        cv2.imwrite(str(HERE / f"{name}.png"), snapped(photo, mask, row["snap"]) * 255)


if __name__ == "__main__":
    main()
