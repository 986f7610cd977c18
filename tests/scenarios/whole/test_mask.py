"""With a mask, nothing outside it changes, to the byte."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from tests.scenarios.whole.client import Client, data_uri, photo, pixels

from retouch.testing import pictures


def test_a_mask_that_cannot_be_applied_is_said_to_be_lost(client: Client) -> None:
    picture = pictures.photo(64, 48)
    mask = data_uri(pictures.saved(Image.new("L", picture.size, 255)))
    task_id = client.submit("Crop it square", data_uri(pictures.saved(picture)), mask_url=mask)

    task = client.ended(task_id)
    assert task["status"] == "completed", task
    assert any("mask" in warning for warning in task["warnings"])


@pytest.mark.parametrize("prompt", ["Convert the image to cyberpunk style", "Make it much brighter"])
def test_only_the_white_of_the_mask_is_edited(client: Client, prompt: str) -> None:
    original = photo("chelsea.png")
    before = pixels(original)
    inside = np.zeros(before.shape[:2], np.uint8)
    inside[60:200, 80:300] = 255
    mask = data_uri(pictures.saved(Image.fromarray(inside)))

    (result,) = client.edit(prompt, data_uri(original), mask_url=mask, seed=2)

    after = pixels(result)
    changed = (after != before).any(axis=-1)
    assert not changed[inside == 0].any()
    assert changed[inside == 255].mean() > 0.5
