"""n pictures differ from each other, and the same seed gives the same bytes again."""

from __future__ import annotations

from tests.scenarios.whole.client import Client, data_uri, photo, pixels

PROMPT = "Convert the image to cyberpunk style"


def test_two_pictures_differ_and_a_seed_repeats_them(client: Client) -> None:
    picture = data_uri(photo("chelsea.png"))
    first, second = client.edit(PROMPT, picture, n=2, seed=21)
    again = client.edit(PROMPT, picture, n=2, seed=21)
    other = client.edit(PROMPT, picture, n=1, seed=22)

    assert first != second
    assert [first, second] == again
    # Picture i has seed + i: the second of one request is the first of another.
    assert pixels(other[0]).shape == pixels(first).shape
    assert other[0] != first


def test_a_seed_that_nobody_gave_is_drawn_and_told(client: Client) -> None:
    picture = data_uri(photo("chelsea.png"))
    task = client.ended(client.submit(PROMPT, picture))
    (url,) = task["result"]["images"][0]["url"]
    again = client.edit(PROMPT, picture, seed=task["seed"])

    assert client.http.get(url).content == again[0]
