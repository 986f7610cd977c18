"""n pictures differ from each other, and the same seed gives the same pixels again.

The files differ: each is signed, at its own time.
"""

from __future__ import annotations

import numpy as np
from tests.scenarios.whole.client import Client, data_uri, photo, pixels

PROMPT = "Convert the image to cyberpunk style"


def test_two_pictures_differ_and_a_seed_repeats_them(client: Client) -> None:
    picture = data_uri(photo("chelsea.png"))
    first, second = client.edit(PROMPT, picture, n=2, seed=21)
    again = client.edit(PROMPT, picture, n=2, seed=21)
    other = client.edit(PROMPT, picture, n=1, seed=22)

    assert not np.array_equal(pixels(first), pixels(second))
    for one, other_time in zip((first, second), again, strict=True):
        assert np.array_equal(pixels(one), pixels(other_time))
    # Picture i has seed + i: the second of one request is the first of another.
    assert pixels(other[0]).shape == pixels(first).shape
    assert not np.array_equal(pixels(other[0]), pixels(first))


def test_a_seed_that_nobody_gave_is_drawn_and_told(client: Client) -> None:
    picture = data_uri(photo("chelsea.png"))
    task = client.ended(client.submit(PROMPT, picture))
    (url,) = task["result"]["images"][0]["url"]
    again = client.edit(PROMPT, picture, seed=task["seed"])

    assert np.array_equal(pixels(client.http.get(url).content), pixels(again[0]))
