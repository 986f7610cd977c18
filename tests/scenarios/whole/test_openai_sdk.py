"""The unmodified ``openai`` SDK against this server: only its base URL is ours."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import httpx2
import numpy as np
import openai
import pytest
from PIL import Image
from tests.scenarios.whole.client import photo

from retouch.testing.service import Service

MODEL = "grok-imagine-1.0-edit-apimart"
STARRY = "Change the background to a starry sky, keep the main subject"
SIZE = (512, 512)


@pytest.fixture(scope="module")
def sdk(service: Service) -> Iterator[openai.OpenAI]:
    """The SDK as its user makes it."""
    with openai.OpenAI(base_url=f"{service.url}/v1", api_key=service.key, timeout=120) as client:
        yield client


def astronaut() -> io.BytesIO:
    file = io.BytesIO(photo("astronaut.png"))
    file.name = "astronaut.png"
    return file


def opened(b64: str | None) -> Image.Image:
    assert b64 is not None
    return Image.open(io.BytesIO(base64.b64decode(b64)))


def brightness(image: Image.Image) -> np.ndarray:
    """(H, W) uint8."""
    return np.asarray(image.convert("L"))


def test_an_edit_comes_back_at_once(sdk: openai.OpenAI) -> None:
    answer = sdk.images.edit(image=astronaut(), prompt=STARRY, model=MODEL)

    assert answer.data is not None
    (picture,) = answer.data
    image = opened(picture.b64_json)
    assert (image.format, image.size) == ("PNG", SIZE)
    corner, before = (brightness(each)[:40, -40:] for each in (image, Image.open(astronaut())))
    assert corner.mean() < before.mean() * 0.75, "a sky, whatever its seed, is darker than the wall was"


def test_three_pictures_by_url_differ(sdk: openai.OpenAI) -> None:
    answer = sdk.images.edit(
        image=astronaut(), prompt=STARRY, model=MODEL, n=3, response_format="url", extra_body={"seed": 5}
    )

    assert answer.data is not None
    files = [httpx2.get(str(each.url), trust_env=False).content for each in answer.data]
    assert len({*files}) == 3
    assert {Image.open(io.BytesIO(file)).size for file in files} == {SIZE}


def test_a_mask_keeps_the_rest(sdk: openai.OpenAI) -> None:
    """Its transparent part may be edited, everything else comes back to the byte."""
    alpha = np.full((*SIZE, 4), 255, np.uint8)
    alpha[:256, :, 3] = 0
    mask = io.BytesIO()
    Image.fromarray(alpha).save(mask, "PNG")
    mask.name = "mask.png"
    mask.seek(0)

    answer = sdk.images.edit(image=astronaut(), mask=mask, prompt="Make it black and white", model=MODEL)

    assert answer.data is not None
    after = np.asarray(opened(answer.data[0].b64_json).convert("RGB"))
    before = np.asarray(Image.open(astronaut()).convert("RGB"))
    assert np.array_equal(after[256:], before[256:])
    assert np.ptp(after[:250].astype(int), axis=-1).max() <= 1


def test_a_stream_shows_the_work(sdk: openai.OpenAI) -> None:
    """Partial pictures are what the edit really has in between: first the cut-out, then the whole."""
    stream = sdk.images.edit(
        image=astronaut(), prompt=STARRY, model=MODEL, stream=True, partial_images=3, extra_body={"seed": 5}
    )
    events = list(stream)

    assert [event.type for event in events] == [
        "image_edit.partial_image",
        "image_edit.partial_image",
        "image_edit.completed",
    ]
    first, second, last = (opened(event.b64_json) for event in events)
    assert first.mode == "RGBA"
    assert np.asarray(first)[..., 3].min() == 0
    assert last.size == SIZE
    small = np.asarray(last.convert("RGB").resize(second.size), np.int16)
    difference = np.abs(small - np.asarray(second.convert("RGB"), np.int16)).mean()
    assert difference < 6, "the second one is nearly the result"


@pytest.mark.parametrize(
    ("prompt", "modes"),
    [
        ("Convert the image to cyberpunk style", ["RGB", "RGB"]),  # painted, then at the photo's size
        ("Make it black and white and add a vignette", ["RGB", "RGB"]),  # after each of the two
        ("Remove the background and make it black and white", ["RGBA", "RGBA"]),
    ],
)
def test_what_a_stream_shows_is_what_there_is(sdk: openai.OpenAI, prompt: str, modes: list[str]) -> None:
    """All the previews that may be asked for: each a stage of the work, none of them the photo as it came."""
    events = list(
        sdk.images.edit(
            image=astronaut(),
            prompt=prompt,
            model=MODEL,
            stream=True,
            partial_images=3,
            extra_body={"seed": 5},
        )
    )

    assert [event.type for event in events[:-1]] == ["image_edit.partial_image"] * len(modes)
    assert [event.partial_image_index for event in events[:-1]] == [*range(len(modes))]  # type: ignore[union-attr]  # the others have none
    partials, final = [opened(event.b64_json) for event in events[:-1]], opened(events[-1].b64_json)
    assert [partial.mode for partial in partials] == modes
    photo_small = brightness(Image.open(astronaut()).resize(partials[0].size)).astype(int)
    for partial in partials:
        shown = partial.convert("RGBA")
        changed = np.abs(brightness(shown.convert("L")).astype(int) - photo_small).mean()
        hidden = 255 - np.asarray(shown)[..., 3].mean()
        assert max(changed, hidden) > 3, "it is not the photo"
    end = np.asarray(final.convert("RGBA").resize(partials[-1].size), np.int16)
    last = np.asarray(partials[-1].convert("RGBA"), np.int16)
    visible = (end[..., 3] > 250) & (last[..., 3] > 250)
    assert np.abs(end - last)[visible].mean() < 6, "the last one is nearly the result"


def test_no_more_previews_than_were_asked_for(sdk: openai.OpenAI) -> None:
    """Each of the two pictures has a preview to show; one is asked for."""
    stream = sdk.images.edit(
        image=astronaut(), prompt="Make it sepia", model=MODEL, n=2, stream=True, partial_images=1
    )

    kinds = [event.type for event in stream]
    assert kinds == ["image_edit.partial_image", "image_edit.completed", "image_edit.completed"]


def test_a_transparent_background_beside_an_instruction_that_says_nothing_of_it(sdk: openai.OpenAI) -> None:
    answer = sdk.images.edit(
        image=astronaut(), prompt="Make it black and white", model=MODEL, background="transparent"
    )

    assert answer.data is not None
    picture = opened(answer.data[0].b64_json)
    assert picture.mode == "RGBA"
    alpha = np.asarray(picture)[..., 3]
    assert (alpha == 0).mean() > 0.2
    assert (alpha == 255).mean() > 0.2
    assert answer.background == "transparent"
    assert answer.model_dump()["ignored"] == []


def test_more_than_one_picture_goes_along(sdk: openai.OpenAI) -> None:
    coffee = io.BytesIO(photo("coffee.png"))
    coffee.name = "coffee.png"

    answer = sdk.images.edit(
        image=[astronaut(), coffee], prompt="Use the second image as the background", model=MODEL
    )

    assert answer.data is not None
    assert opened(answer.data[0].b64_json).size == SIZE


def test_what_is_not_honoured_is_said(sdk: openai.OpenAI) -> None:
    answer = sdk.images.edit(
        image=astronaut(), prompt="Make it black and white", model=MODEL, quality="high", user="u1"
    )

    extra = answer.model_dump()
    assert {each["param"] for each in extra["ignored"]} >= {"quality", "user"}


def test_its_own_exceptions(sdk: openai.OpenAI, service: Service) -> None:
    with (
        pytest.raises(openai.AuthenticationError),
        openai.OpenAI(base_url=f"{service.url}/v1", api_key="rt_wrong") as stranger,
    ):
        stranger.images.edit(image=astronaut(), prompt=STARRY, model=MODEL)
    with pytest.raises(openai.BadRequestError, match="no such model"):
        sdk.images.edit(image=astronaut(), prompt=STARRY, model="gpt-image-9")
    with pytest.raises(openai.APIStatusError) as large:
        sdk.images.edit(image=("big.png", b"\x89PNG\r\n\x1a\n" + bytes(21 << 20)), prompt=STARRY, model=MODEL)
    assert large.value.status_code == 413
    with pytest.raises(openai.BadRequestError, match="instruction_not_supported") as refused:
        sdk.images.edit(image=astronaut(), prompt="Give her a dragon to ride on", model=MODEL)
    assert refused.value.response.headers["x-task-id"].startswith("task_")


def test_a_stream_that_fails_says_so(sdk: openai.OpenAI) -> None:
    with pytest.raises(openai.APIError, match="instruction_not_supported"):
        list(
            sdk.images.edit(
                image=astronaut(), prompt="Give her a dragon to ride on", model=MODEL, stream=True
            )
        )


def test_the_models(sdk: openai.OpenAI) -> None:
    assert MODEL in {model.id for model in sdk.models.list()}
