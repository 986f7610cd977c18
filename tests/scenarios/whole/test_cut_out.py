"""A cut-out is a PNG with alpha; in a format that has none, the white beneath it is told."""

from __future__ import annotations

import pytest
from tests.scenarios.whole.client import Client, data_uri, photo, pixels


def test_the_background_is_gone(client: Client) -> None:
    (result,) = client.edit("Remove the background", data_uri(photo("astronaut.png")))
    alpha = pixels(result)[..., 3]
    assert (alpha == 0).mean() > 0.2
    assert (alpha == 255).mean() > 0.2


@pytest.mark.parametrize(("output_format", "said"), [("jpeg", ["white"]), ("webp", [])])
def test_transparency_that_a_format_cannot_hold_is_told(
    client: Client, output_format: str, said: list[str]
) -> None:
    picture = data_uri(photo("chelsea.png"))
    task = client.ended(client.submit("Remove the background", picture, output_format=output_format))

    assert task["status"] == "completed", task
    assert [word for word in ("white",) if any(word in warning for warning in task["warnings"])] == said
