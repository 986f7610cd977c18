"""Two pictures in one request: the instruction says what the second one is for, or it is left aside."""

from __future__ import annotations

import numpy as np
from tests.scenarios.whole.client import Client, data_uri, hand_mask, photo, pixels


def test_the_second_picture_lies_behind_the_subject_of_the_first(client: Client) -> None:
    pictures = [data_uri(photo("astronaut.png")), data_uri(photo("china.jpg"), "jpeg")]
    task = client.ended(
        client.submit("Put her in front of the second picture", pictures[0], image_urls=pictures, seed=3)
    )

    assert task["status"] == "completed", task
    assert task["ignored"] == []
    before = pixels(photo("astronaut.png"))[..., :3]
    after = pixels(client.http.get(task["result"]["images"][0]["url"][0]).content)[..., :3]
    assert after.shape == before.shape
    sky, subject = after[:60, -120:], hand_mask("astronaut")
    assert sky[..., 2].mean() > 200  # the sky of the second picture is bright, the studio was grey
    assert np.abs(after[subject].astype(int) - before[subject]).mean() < 25


def test_a_picture_that_nobody_asked_for_is_ignored_and_says_so(client: Client) -> None:
    pictures = [data_uri(photo("chelsea.png")), data_uri(photo("china.jpg"), "jpeg")]
    task = client.ended(client.submit("Make it black and white", pictures[0], image_urls=pictures))

    assert task["status"] == "completed", task
    (ignored,) = task["ignored"]
    assert ignored == {"param": "image_urls", "reason": "this instruction looks at only the first picture"}


def test_a_picture_that_is_not_there_fails_the_task_with_a_reason(client: Client) -> None:
    task = client.ended(client.submit("把第二张图作为背景", data_uri(photo("chelsea.png"))))

    assert task["status"] == "failed"
    assert task["error"]["code"] == "instruction_not_supported"
    assert "picture 2" in task["error"]["message"]
