"""The house keeps its sizes: what no longer fits in a head is redesigned, not grown."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "retouch"
FILES = sorted(SOURCE.rglob("*.py"))

FUNCTION_MAX, FUNCTION_P90, FUNCTION_MEDIAN = 80, 35, 12
FILE_MAX, FILE_MEDIAN = 500, 150


def function_lengths() -> dict[str, int]:
    lengths = {}
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                name = f"{file.relative_to(SOURCE)}:{node.name}"
                lengths[name] = node.end_lineno - node.lineno + 1
    return lengths


def test_functions_stay_short() -> None:
    lengths = function_lengths()
    assert {name: n for name, n in lengths.items() if n > FUNCTION_MAX} == {}
    assert statistics.quantiles(lengths.values(), n=10)[-1] <= FUNCTION_P90
    assert statistics.median(lengths.values()) <= FUNCTION_MEDIAN


def test_files_stay_short() -> None:
    lengths = {str(file.relative_to(SOURCE)): file.read_text(encoding="utf-8").count("\n") for file in FILES}
    assert {name: n for name, n in lengths.items() if n > FILE_MAX} == {}
    assert statistics.median(lengths.values()) <= FILE_MEDIAN


@pytest.mark.parametrize("module", ["retouch.api.app", "retouch.cli.main", "retouch.engines.builtin.engine"])
def test_processes_that_open_no_picture_load_no_library_of_pixels(module: str) -> None:
    code = (
        f"import sys, {module}; print([m for m in ('openvino', 'cv2', 'torch', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_one_opencv_is_installed_and_it_is_the_one_with_contrib() -> None:
    # A second cv2 wheel overwrites the first one's files, and ximgproc is gone without an error.
    import cv2  # noqa: PLC0415 - only here

    assert callable(cv2.ximgproc.guidedFilter)
    assert hasattr(cv2, "xphoto")
