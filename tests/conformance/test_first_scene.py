"""The tutorial's package, taken from its page and really installed: it plans, edits, and passes its own test.

It runs in a virtual environment of its own, because the pixel process sees nothing but what is installed: no
PYTHONPATH, no working directory.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.support_packages import Place, code_of

from retouch.testing import pictures

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tutorial" / "first-scene.md"
pytestmark = pytest.mark.xdist_group("first-scene")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Where the tutorial's package is installed."""
    made = Place.make(tmp_path_factory.mktemp("place"))
    made.install(code_of(PAGE))
    return made


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A subject that the net finds."""
    file = tmp_path / "photo.png"
    file.write_bytes(pictures.saved(pictures.ball(160, 120)))
    return file


UNDERSTOOD: dict[str, list[dict[str, Any]]] = {
    "Put her in front of a tartan": [{"kind": "background.replace", "scene": "tartan"}],
    "Den Hintergrund durch Karostoff ersetzen": [{"kind": "background.replace", "scene": "tartan"}],
    "背景をタータンに変えて": [{"kind": "background.replace", "scene": "tartan"}],
    "make it a thermal image": [{"kind": "style", "style": "thermal camera"}],
    "转换成热成像风格": [{"kind": "style", "style": "thermal camera"}],
    "Add strong scanlines": [{"kind": "tartan.scanlines", "strength": 80}],
    "a bit of scanlines": [{"kind": "tartan.scanlines", "strength": 25}],
    "주사선 추가": [{"kind": "tartan.scanlines"}],
    "Change the background to plaid, no scanlines": [{"kind": "background.replace", "scene": "tartan"}],
    "remove the scanlines": [],
    "make the scanlines green": [],
    "tartan jacket": [],
}


def test_it_is_understood(place: Place) -> None:
    done = place.retouch("plan", "-", given="\n".join(UNDERSTOOD))
    planned = [json.loads(line)["operations"] for line in done.stdout.splitlines()]
    assert dict(zip(UNDERSTOOD, planned, strict=True)) == UNDERSTOOD


def test_the_planner_stays_without_a_library_of_pixels(place: Place) -> None:
    code = (
        "import sys; from retouch.engines.planner import plan_instruction; "
        "print(plan_instruction('Put her in front of a tartan').operations, "
        "[m for m in ('PIL', 'cv2', 'openvino', 'retouch_tartan.pixels') if m in sys.modules])"
    )
    said = place.run("-c", code).stdout
    assert "'tartan'" in said
    assert said.rstrip().endswith("[]")


def test_its_scene_is_drawn_in_the_pixel_process(place: Place, photo: Path, tmp_path: Path) -> None:
    done = place.retouch(
        "edit", photo, "Replace the background with plaid", "-o", tmp_path / "out.png", "--seed", "1"
    )
    edited = np.asarray(Image.open(tmp_path / "out.png").convert("RGB")).astype(int)
    corner = edited[:30, :40].reshape(-1, 3)
    assert done.returncode == 0
    assert corner.std(0).min() > 8  # woven of several colours, where the photo was plain grey
    assert abs(edited[60, 80] - np.asarray(Image.open(photo))[60, 80].astype(int)).max() < 40


def test_its_style_and_operation_work_there_too(place: Place, photo: Path, tmp_path: Path) -> None:
    instruction = "Convert it to thermal camera style, then add scanlines at 100%"
    place.retouch("edit", photo, instruction, "-o", tmp_path / "out.png")
    edited = np.asarray(Image.open(tmp_path / "out.png").convert("RGB")).astype(int)
    lit, dark = edited[1, 5], edited[0, 5]  # grey background, 0.82 bright: between orange and white
    assert lit[0] > 240
    assert lit[2] < lit[1] < lit[0]
    assert (abs(dark * 2 - lit) <= 2).all()


def test_its_own_test_passes(place: Place, tmp_path: Path) -> None:
    test = tmp_path / "test_tartan.py"
    test.write_text(code_of(PAGE)["tests/test_tartan.py"], "utf-8")
    place.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", "-c", "/dev/null", test)
    checks = (
        "from retouch.testing.extensions import *; from retouch_tartan import more_pixels as m\n"
        "check_style(m.THERMAL); check_operation(m.scanlines, {'strength': 60})\n"
        "check_words('retouch.styles', 'retouch_tartan.more:thermal')\n"
        "check_words('retouch.operations', 'retouch_tartan.more:scanlines')"
    )
    place.run("-c", checks)


def test_doctor_lists_it_with_its_package(place: Place) -> None:
    found = json.loads(place.retouch("doctor", "--json", status=None).stdout)
    texts = [each["text"] for each in found if each["area"] == "extension"]
    assert texts == [
        "the scene 'tartan' of retouch-tartan 1.0",
        "the style 'thermal camera' of retouch-tartan 1.0",
        "the operation 'tartan.scanlines' of retouch-tartan 1.0",
    ]


def test_a_chat_model_is_offered_it(place: Place) -> None:
    code = (
        "import json; from retouch.engines.planner.chat_schema import ChatAnswer, answer_schema\n"
        "answer = {'language': 'en', 'unsupported': [], 'operations': [{'kind': 'tartan.scanlines', "
        "'strength': 30}, {'kind': 'background.replace', 'scene': 'tartan'}]}\n"
        "print([step.to_json() for step in ChatAnswer.model_validate_json(json.dumps(answer)).steps()])\n"
        "print('thermal camera' in json.dumps(answer_schema()))"
    )
    steps, offered = place.run("-c", code).stdout.splitlines()
    assert steps == (
        "[{'kind': 'tartan.scanlines', 'strength': 30}, {'kind': 'background.replace', 'scene': 'tartan'}]"
    )
    assert offered == "True"


def test_this_process_knows_nothing_of_it() -> None:
    assert "retouch_tartan" not in sys.modules
