"""Whatever is sent as a picture ends completed or in a typed failure, and the next task runs."""

from __future__ import annotations

import pytest
from tests.scenarios.whole.client import Client, data_uri, pixels

from retouch.testing import pictures

PROMPT = "Make it a bit brighter"
FINE = {
    "animated gif": (pictures.animation("GIF"), "gif"),
    "cmyk jpeg": (pictures.saved(pictures.photo(mode="CMYK"), "JPEG"), "jpeg"),
    "16 bit grey": (pictures.grey16(), "png"),
    "16 bit colour": (pictures.rgb16(), "png"),
    "alpha": (pictures.saved(pictures.photo(mode="RGBA")), "png"),
    "palette": (pictures.saved(pictures.photo(mode="P")), "png"),
    "heic": (pictures.HEIC, "heic"),
    "location inside": (pictures.with_gps(), "jpeg"),
}
# Refused at the door, by their first bytes: the answer is a 400 and there is no task.
DOOR = {400, 413, 415}


@pytest.mark.parametrize("name", FINE)
def test_an_odd_picture_is_edited(client: Client, name: str) -> None:
    data, kind = FINE[name]
    (result,) = client.edit(PROMPT, data_uri(data, kind))
    assert pixels(result).shape[2] in {3, 4}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(client: Client, orientation: int) -> None:
    (result,) = client.edit(PROMPT, data_uri(pictures.turned(orientation), "jpeg"))
    upright = pixels(result)
    assert upright.shape[:2] == (48, 64)
    assert upright[:, -8:, 0].mean() > upright[:, :8, 0].mean() + 60  # red grows to the right
    assert upright[-8:, :, 1].mean() > upright[:8, :, 1].mean() + 60  # green grows downwards


@pytest.mark.parametrize("name", [*pictures.broken(), *pictures.bombs(), *pictures.refused()])
def test_a_bad_picture_is_a_typed_failure_and_the_next_task_runs(client: Client, name: str) -> None:
    data = {**pictures.broken(), **pictures.bombs(), **pictures.refused()}[name]
    body = {"prompt": PROMPT, "image_urls": [data_uri(data)]}
    answer = client.http.post("/v1/images/edits", json=body)
    if answer.status_code in DOOR:
        assert answer.json()["error"]["type"] in {"invalid_request_error", "payload_too_large"}
    else:
        assert answer.status_code == 200
        task = client.ended(answer.json()["data"][0]["task_id"])
        assert task["status"] == "failed"
        assert task["error"]["type"] == "invalid_request_error"
        assert task["error"]["code"].startswith("image_")
        assert task["error"]["message"]

    assert client.edit(PROMPT, data_uri(pictures.saved(pictures.photo())))


def test_sixty_megapixels_are_too_many(client: Client) -> None:
    task = client.ended(client.submit(PROMPT, data_uri(pictures.png(10_000, 6_000))))
    assert task["status"] == "failed"
    assert task["error"]["code"] == "image_too_large"
    assert "24" in task["error"]["message"]
