"""The content gate: what it refuses, that nothing passes it unjudged, and that it never starts half."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.support_pictures import photo
from typer.testing import CliRunner

from retouch.cli.main import app
from retouch.engines.builtin.nets import CompiledNet
from retouch.engines.builtin.nets import _openvino as quiet_openvino
from retouch.engines.gate import ContentGate
from retouch.engines.planner.plan import Plan
from retouch.errors import ContentRefused, SetupError, TaskError, WeightsMissing
from retouch.settings import Settings, default_weights_dir, load_settings
from retouch.task import EditRequest
from retouch.testing import pictures
from retouch.weights import gate as parent_gate
from retouch.weights import store as weights_store
from retouch.weights.gate import gate_model, require_gate
from retouch.weights.manifest import manifest, weight
from retouch.weights.store import WeightsStore
from retouch.worker.child import pool as child_pool
from retouch.worker.child.pool import ChildPool
from retouch.worker.child.session import Session

FAKE = "retouch.testing.engines:FakeEngine"  # it inverts: what comes in cyan goes out red
RED, CYAN, GREY = (220, 20, 20), (20, 230, 230), (128, 128, 128)


@pytest.fixture(scope="module")
def red_is_refused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A net of the gate's shape, whose score is high where a picture has more red than green."""
    openvino = quiet_openvino()
    ops = openvino.opset13
    seen = ops.parameter([-1, 224, 224, 3], np.float32, name="input")
    colour = ops.reduce_mean(seen, np.array([1, 2]), keep_dims=False)  # (1, 3): B, G, R
    weights = np.array([[0, 0], [0.05, -0.05], [-0.05, 0.05]], np.float32)
    net = openvino.Model(
        [ops.softmax(ops.matmul(colour, weights, transpose_a=False, transpose_b=False), 1)], [seen]
    )
    path = tmp_path_factory.mktemp("net") / "red.xml"
    openvino.save_model(net, str(path), compress_to_fp16=False)
    return path


@pytest.fixture
def gated(red_is_refused: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings whose gate is on, with that net as the model that the manifest means."""
    data = red_is_refused.read_bytes()
    row = replace(
        weight("nsfw"), file=red_is_refused.name, bytes=len(data), sha256=hashlib.sha256(data).hexdigest()
    )
    monkeypatch.setattr(weights_store, "manifest", lambda: {**manifest(), "nsfw": row})
    return Settings(
        data_dir=tmp_path / "data", weights_dir=red_is_refused.parent, gate="nsfw", worker_slots=1
    )


def plain(colour: tuple[int, ...]) -> NDArray[np.uint8]:
    return np.full((60, 80, len(colour)), colour, np.uint8)


def passes(gate: ContentGate, colour: tuple[int, ...]) -> bool:
    try:
        gate.judge(plain(colour))
    except ContentRefused:
        return False
    return True


def test_the_net_sees_blue_green_red_less_the_means_and_its_second_number_counts(
    red_is_refused: Path,
) -> None:
    gate = ContentGate(red_is_refused, 0.85, None, 1)
    assert gate.score(plain(RED)) > 0.99
    assert gate.score(plain(CYAN)) < 0.01
    # (128 - 123) of red against (128 - 117) of green
    assert gate.score(plain(GREY)) == pytest.approx(1 / (1 + np.exp(0.1 * 6)), abs=1e-3)


def test_what_scores_the_threshold_or_more_is_refused(red_is_refused: Path) -> None:
    gate = ContentGate(red_is_refused, 0.85, None, 1)
    assert passes(gate, GREY)
    assert not passes(gate, RED)
    assert not passes(ContentGate(red_is_refused, 0.0, None, 1), CYAN)


def test_colours_under_transparency_are_judged_as_well_as_what_is_seen(red_is_refused: Path) -> None:
    gate = ContentGate(red_is_refused, 0.85, None, 1)
    assert passes(gate, (*GREY, 40))
    assert not passes(gate, (*RED, 0))
    assert not passes(gate, (*RED, 255))


def test_a_score_that_is_no_number_refuses(red_is_refused: Path) -> None:
    gate = ContentGate(red_is_refused, 1.0, None, 1)
    gate._net = CompiledNet("broken", lambda _: [np.full((1, 2), np.nan, np.float32)])
    assert not passes(gate, GREY)


@asynccontextmanager
async def session(settings: Settings) -> AsyncIterator[Session]:
    children = ChildPool(settings, engines=(FAKE,))
    await children.start()
    try:
        async with children.session() as opened:
            yield opened
    finally:
        await children.stop()


def encoded(colour: tuple[int, ...]) -> bytes:
    return pictures.saved(Image.fromarray(plain(colour)))


async def edited(opened: Session) -> None:
    request = EditRequest(model="m", prompt="", sources=(), seed=1)
    shown: list[bytes] = []
    await opened.edit(FAKE, request, Plan("en", (), 1.0), timeout_s=60, on_preview=shown.append)
    assert shown == []  # a preview would go out unjudged
    await opened.finish("png", None)


async def test_pictures_are_judged_behind_the_sandbox_on_their_way_in_and_out(gated: Settings) -> None:
    async with session(gated) as opened:
        await opened.prepare([encoded(GREY)])
        await edited(opened)
        for blobs in ([encoded(RED)], [encoded(GREY), encoded(RED)]):
            with pytest.raises(ContentRefused, match="content gate"):
                await opened.prepare(blobs)
        await opened.prepare([encoded(CYAN)])
        with pytest.raises(ContentRefused):
            await edited(opened)


async def test_an_upstreams_answer_is_judged_too(gated: Settings) -> None:
    async with session(gated) as opened:
        await opened.prepare([encoded(GREY)])
        with pytest.raises(ContentRefused):
            await opened.finish("png", None, [encoded(RED)])


async def test_without_the_gate_nothing_is_judged(gated: Settings) -> None:
    async with session(gated.model_copy(update={"gate": "off"})) as opened:
        await opened.prepare([encoded(RED)])
        assert len(await opened.finish("png", None, [encoded(RED)])) == 1


async def test_nothing_starts_with_a_gate_that_has_no_model(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", weights_dir=tmp_path / "weights", gate="nsfw")
    with pytest.raises(SetupError, match="nsfw is not here") as caught:
        await ChildPool(settings, engines=(FAKE,)).start()
    assert caught.value.hint == "retouch models pull nsfw"


def test_a_model_that_is_not_the_manifests_is_none(gated: Settings, red_is_refused: Path) -> None:
    require_gate(gated)
    sound = red_is_refused.read_bytes()
    red_is_refused.write_bytes(sound[:-1] + b" ")
    try:
        with pytest.raises(SetupError, match="not what the manifest says"):
            require_gate(gated)
    finally:
        red_is_refused.write_bytes(sound)


@pytest.mark.parametrize(
    ("content", "error"), [(None, WeightsMissing), (b"no net at all", TaskError)], ids=["gone", "broken"]
)
async def test_a_child_that_comes_up_without_its_model_lets_nothing_pass(
    content: bytes | None, error: type[TaskError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the file goes away under a running service, and a child is replaced."""
    model = tmp_path / "open-nsfw.onnx"
    if content is not None:
        model.write_bytes(content)
    monkeypatch.setattr(child_pool, "require_gate", lambda _: None)
    monkeypatch.setattr(child_pool, "gate_model", lambda _: model)
    settings = Settings(data_dir=tmp_path / "data", worker_slots=1, gate="nsfw")
    async with session(settings) as opened:
        with pytest.raises(error):
            await opened.prepare([encoded(GREY)])


def test_off_needs_no_model(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", weights_dir=tmp_path / "weights")
    require_gate(settings)
    assert gate_model(settings) is None


@pytest.mark.parametrize("wrong", [{"gate": "on"}, {"gate_threshold": 1.5}, {"gate_threshold": -0.1}])
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SetupError, match="gate"):
        load_settings(**wrong)


def test_the_doctor_says_whether_the_gate_holds(tmp_path: Path) -> None:
    environment = {
        "RETOUCH_DATA_DIR": str(tmp_path / "data"),
        "RETOUCH_WEIGHTS_DIR": str(tmp_path / "weights"),
        "RETOUCH_GATE": "nsfw",
    }
    shown = CliRunner().invoke(app, ["doctor", "--json"], env=environment)
    (finding,) = (each for each in json.loads(shown.stdout) if each["area"] == "gate")
    assert (finding["state"], finding["advice"]) == ("fix", "retouch models pull nsfw")
    assert shown.exit_code == 1


def test_the_parent_and_the_child_mean_the_same_file(gated: Settings, red_is_refused: Path) -> None:
    assert parent_gate.gate_model(gated) == red_is_refused


@pytest.mark.parametrize("name", ["astronaut", "camera", "chelsea", "china", "coffee", "flower", "rocket"])
def test_the_photographs_of_the_tests_pass(name: str) -> None:
    """With the real net, a download of its own, which nobody needs for the rest."""
    store = WeightsStore(Path(os.environ.get("RETOUCH_WEIGHTS_DIR", default_weights_dir())))
    if not store.has("nsfw"):
        pytest.skip("the model nsfw is not here; run: retouch models pull nsfw")
    assert ContentGate(store.path("nsfw"), 0.85, None, 1).score(photo(name)) < 0.1


def test_the_net_is_an_extra_download() -> None:
    assert not weight("nsfw").needed
