"""A downloaded result says what made it, is signed, and holds nothing of what the client wrote."""

from __future__ import annotations

from tests.scenarios.whole.client import Client, data_uri, photo
from tests.support_credentials import UNTRUSTED, read

from retouch.testing.service import Service

PROMPT = "Change the background to a starry sky, keep the main subject"


def test_every_picture_of_a_task_is_signed(client: Client, service: Service) -> None:
    task = client.ended(client.submit(PROMPT, data_uri(photo("chelsea.png")), n=2))
    assert task["status"] == "completed", task
    for index, image in enumerate(task["result"]["images"]):
        data = client.http.get(image["url"][0]).content
        shown = read(data)
        assert (shown.state, shown.failures) == ("Valid", UNTRUSTED)
        assert shown.manifest["title"] == f"{task['id']}-{index}"
        assert shown.edits[0]["parameters"]["retouch"]["scene"] == "starry sky"
        assert shown.edits[0]["digitalSourceType"].endswith("/composite")
        assert b"keep the main subject" not in data

    authority = (service.data_dir / "credentials" / "ca.pem").read_text()
    assert read(data, user_anchors=authority).state == "Trusted"


def test_other_formats_are_signed_as_well(client: Client) -> None:
    for name in ("jpeg", "webp", "avif"):
        (data,) = client.edit("Make it warmer", data_uri(photo("chelsea.png")), output_format=name)
        assert read(data, f"image/{name}").state == "Valid"
