"""Every local engine of the house keeps the engine contract."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retouch.engines.base import EngineEnvironment
from retouch.engines.builtin.engine import BuiltinEngine
from retouch.engines.planner.plan import Operation, Plan
from retouch.settings import load_settings
from retouch.task import EditRequest
from retouch.testing.engine_conformance import Case, LocalEngineConformance
from retouch.testing.engines import FakeEngine
from retouch.testing.pictures import ball, photo
from retouch.weights.store import WeightsStore


class TestFakeEngine(LocalEngineConformance):
    """The engine that tests of everything around engines rely on."""

    @pytest.fixture
    def case(self, tmp_path: Path) -> Case:
        """An edit of a small picture."""
        engine = FakeEngine(EngineEnvironment(weights=WeightsStore(tmp_path).path, threads=1))
        engine.warm()
        request = EditRequest(model="m", prompt="invert it", sources=(), seed=7)
        return Case(engine, request, Plan("en", (), 1.0), (np.asarray(photo()),))


@pytest.fixture(scope="module")
def builtin() -> BuiltinEngine:
    """The CPU engine, its net compiled."""
    engine = BuiltinEngine(EngineEnvironment(WeightsStore(load_settings().weights_dir).path, threads=2))
    engine.warm()
    return engine


class TestBuiltinReplacingABackground(LocalEngineConformance):
    """An edit with chance in it."""

    @pytest.fixture
    def case(self, builtin: BuiltinEngine) -> Case:
        """A ball before a starry sky."""
        plan = Plan("en", (Operation("background.replace", {"scene": "starry sky"}),), 1.0)
        request = EditRequest(model="m", prompt="a starry sky", sources=(), seed=7)
        return Case(builtin, request, plan, (np.asarray(ball()),))


class TestBuiltinTurningTheTone(LocalEngineConformance):
    """An edit without chance: n pictures differ by their strength."""

    @pytest.fixture
    def case(self, builtin: BuiltinEngine) -> Case:
        """A ball, brighter."""
        plan = Plan("en", (Operation("tone", {"brightness": 30}),), 1.0)
        request = EditRequest(model="m", prompt="brighter", sources=(), seed=7)
        return Case(builtin, request, plan, (np.asarray(ball()),), chance=False)
