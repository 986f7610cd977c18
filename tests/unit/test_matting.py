"""The matte: what the net says, what the picture's colours add, and that nobody is phoned about it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support_pictures import DATA, photo, weights

from retouch.engines.builtin.colour import to_srgb, to_uint8
from retouch.engines.builtin.compositing import core
from retouch.engines.builtin.foreground import Unmixer
from retouch.engines.builtin.matting import U2NetMatting, hesitation, refine
from retouch.engines.builtin.nets import compile_net
from retouch.errors import EngineFailed, WeightsMissing

MASKED = sorted(path.stem for path in (DATA / "masks").glob("*.png"))


@pytest.fixture(scope="module")
def matting(tmp_path_factory: pytest.TempPathFactory) -> U2NetMatting:
    return U2NetMatting(weights("u2net.onnx"), tmp_path_factory.mktemp("nets"), 2)


def mask(name: str) -> NDArray[np.bool_]:
    drawn = cv2.imread(str(DATA / "masks" / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
    return np.asarray(drawn) > 127


def test_there_are_masks_for_six_photographs() -> None:
    assert MASKED == ["astronaut", "camera", "chelsea", "china", "coffee", "flower"]


@pytest.mark.parametrize("name", MASKED)
def test_the_untouched_core_covers_the_subject(name: str, matting: U2NetMatting) -> None:
    drawn = mask(name)
    inside = core(matting.matte(photo(name)))
    assert (inside & drawn).sum() >= 0.70 * drawn.sum()
    assert (inside & ~drawn).sum() <= 0.02 * drawn.sum()


def test_refinement_comes_nearer_to_the_hand_made_masks_than_the_net(matting: U2NetMatting) -> None:
    """Mean absolute alpha error over the sharp-edged subjects: 11.4 for the net, 8.9 refined (x 1000)."""
    raw, refined = 0.0, 0.0
    for name in ("astronaut", "coffee", "flower"):
        rgb, drawn = photo(name), mask(name).astype(np.float32)
        coarse = matting.coarse(rgb)
        enlarged = cv2.resize(coarse, drawn.shape[::-1], interpolation=cv2.INTER_CUBIC)
        raw += float(np.abs(np.clip(enlarged, 0, 1) - drawn).mean())
        refined += float(np.abs(refine(rgb, coarse) - drawn).mean())
    assert refined < 0.9 * raw
    assert refined / 3 < 0.0114


def test_a_large_picture_is_cut_like_a_small_one(matting: U2NetMatting) -> None:
    rgb = photo("flower")
    large = np.asarray(cv2.resize(rgb, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC), np.uint8)
    small, big = matting.matte(rgb), matting.matte(large)
    assert big.shape == large.shape[:2]
    again = cv2.resize(big, small.shape[::-1], interpolation=cv2.INTER_AREA)
    assert float(np.abs(again - small).mean()) < 0.01


def test_the_same_picture_gives_the_same_matte(matting: U2NetMatting) -> None:
    rgb = photo("astronaut")
    assert np.array_equal(matting.matte(rgb), matting.matte(rgb))


def test_an_empty_picture_has_no_subject(matting: U2NetMatting) -> None:
    matte = matting.matte(np.full((120, 160, 3), 127, np.uint8))
    assert matte.shape == (120, 160)
    assert float(matte.max()) <= 1


def test_hesitation_is_nought_for_a_clean_cut_and_large_for_a_guess() -> None:
    clean = np.zeros((64, 64), np.float32)
    clean[16:48, 16:48] = 1
    assert hesitation(clean) == 0
    assert hesitation(np.full((64, 64), 0.3, np.float32)) > 1


def test_a_mixed_edge_is_unmixed_to_its_alpha() -> None:
    """Red before blue, mixed at a known ramp: the refined alpha is the ramp, not the net's soft step."""
    ramp = np.clip((np.arange(200, dtype=np.float32) - 96) / 8, 0, 1)
    red, blue = np.array([200, 30, 30], np.float32), np.array([30, 40, 190], np.float32)
    row = ramp[:, None] * red + (1 - ramp[:, None]) * blue
    rgb = np.broadcast_to(np.round(row)[None], (200, 200, 3)).astype(np.uint8)
    soft = cv2.GaussianBlur(np.broadcast_to(ramp, (200, 200)).copy(), (0, 0), 5)
    error = np.abs(refine(rgb, np.asarray(soft, np.float32))[100] - ramp)
    assert float(error[88:112].mean()) < 0.4 * float(np.abs(soft[100] - ramp)[88:112].mean())


def test_foreground_colours_lose_the_old_background() -> None:
    alpha = np.clip((np.arange(120, dtype=np.float32) - 50) / 20, 0, 1)
    matte = np.asarray(np.broadcast_to(alpha, (120, 120)), np.float32)
    red, green = np.array([0.6, 0.1, 0.05], np.float32), np.array([0.05, 0.5, 0.1], np.float32)
    part = matte[..., None]
    mixed = np.asarray(part * red + (1 - part) * green, np.float32)
    rgb = to_uint8(to_srgb(mixed))
    y, x = np.nonzero(matte > 0.3)
    front = Unmixer.of(rgb, matte).unmix(rgb, matte, slice(0, 120), y, x)
    assert float(np.abs(front - red).max()) < 0.06
    solid = matte[y, x] == 1
    assert np.array_equal(to_uint8(to_srgb(front))[solid], rgb[y, x][solid])


def test_a_missing_net_names_the_command_that_gets_it(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="retouch models pull"):
        compile_net(tmp_path / "u2net.onnx", cache_dir=None, threads=1)


def test_a_broken_net_is_an_engine_failure(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no net")
    with pytest.raises(EngineFailed):
        compile_net(broken, cache_dir=None, threads=1)


def test_openvino_is_loaded_without_its_telemetry() -> None:
    """Importing OpenVINO used to send an event to its maker; here no socket may even be made."""
    script = (
        "import socket, sys, threading\n"
        "def refuse(*a, **k): raise SystemExit('a socket was made')\n"
        "socket.socket.connect = refuse\n"
        "from retouch.engines.builtin.nets import _openvino\n"
        "_openvino().Core()\n"
        "assert not [m for m in sys.modules if m.startswith('openvino_telemetry.')], 'telemetry was loaded'\n"
        "assert threading.active_count() == 1, 'a sender thread runs'\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
