"""The first sentence on the hosted API's page, pasted as it stands, gives the picture it asks for."""

from __future__ import annotations

import cv2
import numpy as np
from tests.scenarios.whole.client import Client, data_uri, hand_mask, photo, pixels

PROMPT = "Change the background to a starry sky, keep the main subject"


def test_the_subject_is_kept_to_the_byte_and_the_rest_is_a_night_sky(client: Client) -> None:
    original = photo("astronaut.png")
    task = client.ended(
        client.submit(PROMPT, data_uri(original), model="grok-imagine-1.0-edit-apimart", n=1, seed=5)
    )

    assert task["status"] == "completed", task
    assert (task["progress"], task["engine"], task["attempts"]) == (100, "builtin", 1)
    answer = client.http.get(task["result"]["images"][0]["url"][0])
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"

    before, after = pixels(original)[..., :3], pixels(answer.content)[..., :3]
    assert after.shape == before.shape
    subject = hand_mask("astronaut")
    core = cv2.erode(subject.astype(np.uint8), np.ones((33, 33), np.uint8)) > 0
    kept = (before == after).all(axis=2)
    assert kept[core].mean() > 0.9
    far = cv2.dilate(subject.astype(np.uint8), np.ones((41, 41), np.uint8)) == 0
    assert after[far].mean() < 60
    assert kept[far].mean() < 0.05


def test_the_same_sentence_in_chinese_does_the_same(client: Client) -> None:
    picture = data_uri(photo("chelsea.png"))
    (english,) = client.edit(PROMPT, picture, seed=9)
    (chinese,) = client.edit("把背景换成星空，保留主体", picture, seed=9)

    assert np.array_equal(pixels(english), pixels(chinese))
