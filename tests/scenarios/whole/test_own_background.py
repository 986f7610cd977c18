"""The owner puts a picture into a folder; a client asks for it in German, by the word of its TOML file."""

from __future__ import annotations

import cv2
import numpy as np
from tests.scenarios.whole.client import Client, data_uri, hand_mask, photo, pixels
from tests.scenarios.whole.conftest import GREEN

PROMPT = "Ersetze den Hintergrund durch einen Tennisplatz, das Motiv soll bleiben"


def test_it_is_planned_and_stands_behind_the_subject(client: Client) -> None:
    planned = client.http.post("/v1/plan", json={"prompt": PROMPT}).json()["data"]["operations"]
    assert planned == [{"kind": "background.replace", "scene": "lawn tennis", "keep": "subject"}]

    original = photo("astronaut.png")
    (edited,) = client.edit(PROMPT, data_uri(original), seed=5)

    before, after = pixels(original)[..., :3].astype(int), pixels(edited)[..., :3].astype(int)
    subject = hand_mask("astronaut").astype(np.uint8)
    far = cv2.dilate(subject, np.ones((41, 41), np.uint8)) == 0
    assert (abs(after[far].mean(0) - GREEN) < 6).all()
    core = cv2.erode(subject, np.ones((33, 33), np.uint8)) > 0
    assert (before == after).all(axis=2)[core].mean() > 0.9


def test_a_word_that_nobody_taught_is_refused(client: Client) -> None:
    planned = client.http.post("/v1/plan", json={"prompt": "Change the background to a cricket pitch"}).json()
    assert planned["data"]["operations"] == []
    assert planned["data"]["unsupported"] == ["Change the background to a cricket pitch"]
