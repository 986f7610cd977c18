"""Every local engine of the house keeps the engine contract."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retouch.engines.base import EngineEnvironment
from retouch.engines.planner.plan import Plan
from retouch.task import EditRequest
from retouch.testing.engine_conformance import Case, LocalEngineConformance
from retouch.testing.engines import FakeEngine
from retouch.testing.pictures import photo
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
