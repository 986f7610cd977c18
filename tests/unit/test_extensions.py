"""Extensions that clash stop the start; those that break are left out; what they do wrong fails one task."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.support_packages import Place

from retouch.engines.builtin.table import Table
from retouch.engines.extensions import Extension
from retouch.errors import SetupError

GOOD = {"name": "tartan", "words": {"en": "tartan"}, "pixels": "m:ROW"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "Tartan"}, "not made of lower-case words"),
        ({"name": ""}, "not made of lower-case words"),
        ({"name": "a" * 61}, "not made of lower-case words"),
        ({"name": "tartan:blue"}, "not made of lower-case words"),
        ({"words": {}}, "nobody could ask for it"),
        ({"words": {"english": "tartan"}}, "'english' needs a language's code"),
        ({"words": {"en": "tartan,,plaid"}}, "'en' needs a language's code and words"),
        ({"words": {"en": "~"}}, "'en' needs a language's code and words"),
        ({"pixels": "m.ROW"}, "module:attribute"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(change: Mapping[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Extension(**{**GOOD, **change})


def test_a_table_holds_what_was_installed_last_beside_its_own() -> None:
    table: Table[int] = Table("scene", {"a": 1})
    table.install({"b": 2})
    table.install({"c": 3})
    assert dict(table) == {"a": 1, "c": 3}
    assert table.built_in == {"a": 1}
    with pytest.raises(SetupError, match="the scene 'a' is one of Retouch's own"):
        table.install({"a": 4})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A virtual environment to install things into; what one test installs, it takes away again."""
    return Place.make(tmp_path_factory.mktemp("place"))


def package(
    name: str, scene: str, *, words: str = "", pixels: str = "", group: str = "scenes"
) -> dict[str, str]:
    """A project that brings one scene; ``words`` and ``pixels`` stand instead of what its modules hold."""
    module = name.replace("-", "_")
    return {
        "pyproject.toml": f'[project]\nname = "{name}"\nversion = "2.1"\n'
        f'[project.entry-points."retouch.{group}"]\nx = "{module}:EXTENSION"\n',
        f"{module}/__init__.py": words
        or "from retouch.engines.extensions import Extension\n"
        f"EXTENSION = Extension(name={scene!r}, words={{'en': {scene!r}}}, pixels='{module}.pixels:ROW', "
        f"example='Add {scene}')\n",
        f"{module}/pixels.py": pixels,
    }


def test_two_packages_of_one_name_stop_the_start_and_are_both_named(place: Place) -> None:
    with place.holding(package("retouch-one", "tartan"), package("retouch-two", "tartan")):
        done = place.retouch("plan", "Make it brighter", status=2)
        assert (
            "the scene 'tartan' of retouch-one 2.1 has the name of the scene 'tartan' of retouch-two 2.1"
            in (done.stderr.replace("\n", " "))
        )
        assert "uninstall one of the two packages" in done.stderr


@pytest.mark.parametrize(
    ("group", "name"), [("scenes", "sunset"), ("styles", "anime"), ("operations", "weather")]
)
def test_a_package_with_a_name_of_our_own_stops_the_start(place: Place, group: str, name: str) -> None:
    with place.holding(package("retouch-one", name, group=group)):
        done = place.retouch("plan", "Make it brighter", status=2)
        assert f"{name!r} of retouch-one 2.1 has the name of one of Retouch's own" in done.stderr


def test_words_that_do_not_import_are_left_out_and_the_rest_works(place: Place) -> None:
    broken = {
        "import no_such_module\n": "ModuleNotFoundError: No module named 'no_such_module'",
        "EXTENSION = 5\n": "TypeError: retouch_b1:EXTENSION is no Extension",
        "1 / 0\n": "ZeroDivisionError: division by zero",
    }
    projects = [package(f"retouch-b{number}", "tartan", words=words) for number, words in enumerate(broken)]
    with place.holding(*projects):
        assert "brightness" in place.retouch("plan", "Make it brighter", "--json").stdout
        assert findings(place) == [
            (f"left out: the scene 'x' of retouch-b{number} 2.1: {said}", "fix")
            for number, said in enumerate(broken.values())
        ]


# group, what its pixels' module holds, what the owner is told
UNUSABLE = (
    ("scenes", "import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"),
    ("scenes", "ROW = print\n", "TypeError: retouch_b1.pixels:ROW is no Scene"),
    (
        "scenes",
        "from retouch.engines.builtin.scenes import SCENES\nROW = SCENES['fog']\n",
        "ValueError: its pixels are those of a scene called 'fog'",
    ),
    ("styles", "", "AttributeError: module 'retouch_b3.pixels' has no attribute 'ROW'"),
    ("operations", "ROW = 7\n", "TypeError: retouch_b4.pixels:ROW cannot be called"),
)
# what an operation's row does, what the client is told
FAILING = (
    ("1 / 0", "The engine failed on this picture."),
    ("open('/etc/hostname')", "The engine failed on this picture."),
    ("canvas.rgb", "the operation 'own c2' gave ndarray instead of a Canvas"),
    ("type(canvas)(canvas.rgb / 255)", "the operation 'own c3': rgb is (120, 160, 3) float64 instead of"),
)


def test_pixels_that_fail_end_only_the_task_that_wants_them(place: Place) -> None:
    unusable = [
        package(f"retouch-b{number}", f"own b{number}", pixels=pixels, group=group)
        for number, (group, pixels, _) in enumerate(UNUSABLE)
    ]
    failing = [
        package(
            f"retouch-c{number}",
            f"own c{number}",
            pixels=f"ROW = lambda canvas, arguments, context: {body}\n",
            group="operations",
        )
        for number, (body, _) in enumerate(FAILING)
    ]
    plans: list[dict[str, Any]] = [
        *({"kind": "background.replace", "scene": f"own b{number}"} for number in range(3)),
        {"kind": "style", "style": "own b3"},
        {"kind": "own b4"},
        *({"kind": f"own c{number}"} for number in range(len(FAILING))),
        {"kind": "tone", "brightness": 20},
    ]
    with place.holding(*unusable, *failing):
        lines = [
            f"the {group[:-1]} 'own b{number}' of retouch-b{number} 2.1"
            for number, (group, _, _) in enumerate(UNUSABLE)
        ]
        told, ended = edits(place, plans)
        assert told == [f"{line}: {said}" for line, (_, _, said) in zip(lines, UNUSABLE, strict=True)]
        assert ended[:5] == [["engine_failed", f"{line} could not be loaded here"] for line in lines]
        for (code, message), (_, said) in zip(ended[5:-1], FAILING, strict=True):
            assert code == "engine_failed"
            assert message.startswith(said)
        assert ended[-1] == ["", ""]
        assert [state for text, state in findings(place) if text.startswith("left out: ")] == ["fix"] * 5


_EDITS = """
import asyncio, json, sys
from retouch.engines.planner.plan import Operation, Plan
from retouch.errors import TaskError
from retouch.settings import load_settings
from retouch.task import EditRequest
from retouch.testing import pictures
from retouch.worker.child.pool import ChildPool

async def main():
    pool, ended = ChildPool(load_settings(worker_slots=1)), []
    await pool.start()
    for row in json.loads(sys.argv[1]):
        async with pool.session() as session:
            await session.prepare([pictures.saved(pictures.ball())])
            request, plan = EditRequest("m", "", (), seed=1), Plan("en", (Operation.from_json(row),), 1.0)
            try:
                await session.edit("builtin", request, plan, timeout_s=60, on_progress=lambda _: None)
                ended.append(("", ""))
            except TaskError as error:
                ended.append((error.code, error.message))
    await pool.stop()
    print(json.dumps([pool.left_out, ended]))

asyncio.run(main())
"""


def edits(place: Place, plans: list[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Carry plans of one operation out in one real pixel process: what it left out, and how each ended."""
    left_out, ended = json.loads(place.run("-c", _EDITS, json.dumps(plans)).stdout.splitlines()[-1])
    return left_out, ended


def findings(place: Place) -> list[tuple[str, str]]:
    rows = json.loads(place.retouch("doctor", "--json", status=None).stdout)
    return [(row["text"], row["state"]) for row in rows if row["area"] == "extension"]
