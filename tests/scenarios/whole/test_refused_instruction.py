"""What cannot be done is a typed failure that says what was not understood and what can be done."""

from __future__ import annotations

from tests.scenarios.whole.client import Client, data_uri

from retouch.testing import pictures


def test_a_generative_wish_is_refused_by_name(client: Client) -> None:
    picture = data_uri(pictures.saved(pictures.photo()))
    task = client.ended(client.submit("Add a dragon to the picture", picture))

    assert task["status"] == "failed"
    assert task["error"]["code"] == "instruction_not_supported"
    assert "dragon" in task["error"]["message"]
    assert task["cost"] == 0
    assert "result" not in task


def test_a_client_that_waits_is_told_in_its_language_too(client: Client) -> None:
    picture = data_uri(pictures.saved(pictures.photo()))
    forms = (
        {"prompt": "Add a dragon to the picture", "image": {"url": picture}},
        {"prompt": "Add a dragon to the picture", "images": [{"image_url": picture}]},
    )
    for body in forms:
        answer = client.http.post("/v1/images/edits", params={"language": "de"}, json=body)
        assert answer.status_code == 400
        message = answer.json()["error"]["message"]
        assert message.startswith("instruction_not_supported: Diese Anweisung kann nicht ausgeführt werden.")
        assert "dragon" in message
