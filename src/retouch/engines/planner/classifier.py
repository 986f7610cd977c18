"""Two logistic regressions on sentence vectors: what a clause asks for, and what a phrase names.

Both are trained by scripts/train_planner.py from templates/*.toml and the lexicon; the file holds their
weights and nothing that could be executed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from retouch.engines.planner.vectors import embed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE = "classifier.npz"


@dataclass(frozen=True)
class Regression:
    """Softmax regression: ``weights`` (513, k), the last row the bias; calibrated by ``temperature``."""

    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    temperature: float

    def probabilities(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, 512) unit vectors -> (n, k), rows that add up to one."""
        import numpy as np  # noqa: PLC0415 - only with the vectors

        scores = (vectors @ self.weights[:-1] + self.weights[-1]) / self.temperature
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
        return shares


@dataclass(frozen=True)
class Classifier:
    """``intents`` judges clauses ("frame:border", "refuse"), ``names`` phrases ("scene:forest", "thing")."""

    intents: Regression
    names: Regression


def trained_from() -> str:
    """Digest of what the committed weights were trained from, see training.digest."""
    import numpy as np  # noqa: PLC0415 - only with the vectors

    with as_file(files("retouch.engines.planner").joinpath(FILE)) as path, np.load(path) as stored:
        return str(stored["digest"])


@lru_cache(maxsize=1)
def load_classifier() -> Classifier:
    """The committed weights."""
    import numpy as np  # noqa: PLC0415 - the same

    with as_file(files("retouch.engines.planner").joinpath(FILE)) as path, np.load(path) as stored:
        parts = [
            Regression(
                tuple(str(label) for label in stored[f"{part}_labels"]),
                stored[f"{part}_weights"].astype(np.float32),
                float(stored[f"{part}_temperature"]),
            )
            for part in ("intents", "names")
        ]
    return Classifier(*parts)


@lru_cache(maxsize=512)
def intents_of(text: str) -> Mapping[str, float]:
    """Probability of each intent for a clause."""
    return _judged(load_classifier().intents, [text])[0]


@lru_cache(maxsize=512)
def names_of(phrase: str) -> Mapping[str, float]:
    """Probability of each name for a phrase."""
    return _judged(load_classifier().names, [phrase])[0]


def _judged(regression: Regression, texts: Sequence[str]) -> list[Mapping[str, float]]:
    rows = regression.probabilities(embed(texts))
    return [dict(zip(regression.labels, map(float, row), strict=True)) for row in rows]
