"""A traceback in the log shows where it went wrong, and never the values that were at hand.

A request's headers and prompt are local variables of the code that failed.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

FAILING = """
from retouch import telemetry
telemetry.configure_logging("info", {shape!r})
def fail(authorization):
    raise RuntimeError("boom")
try:
    fail("Bearer " + "-".join(["rt", "hunter2"]))
except RuntimeError as error:
    telemetry.logger("test").error("request failed", exc_info=error, token="abc" + "def")
"""


@pytest.mark.parametrize("shape", ["console", "json"])
def test_a_traceback_shows_no_values(shape: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAILING.format(shape=shape)], capture_output=True, text=True, check=True
    )

    assert "RuntimeError: boom" in done.stderr
    assert "in fail" in done.stderr
    assert "rt-hunter2" not in done.stderr
    assert "abcdef" not in done.stderr
