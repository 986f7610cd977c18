"""Fits the two regressions of classifier.py. Run by scripts/train_planner.py, never by the service."""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from retouch.engines.planner.classifier import Classifier, Regression
from retouch.engines.planner.supported import BUILT_IN
from retouch.engines.planner.templates import LANGUAGES, Example, phrases, sentences, written_out
from retouch.engines.planner.vectors import embed

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STEPS = 200
_PENALTY = 4e-6  # of the squared weights, per example
_RATE = 30.0  # below 1 / L: vectors have length one, so the loss is smooth to about half a unit
_FOLDS, _BATCH = 5, 256
_TEMPERATURES = np.geomspace(0.5, 4.0, 36)
_known: dict[str, NDArray[np.float32]] = {}  # a training for each language held out embeds no text twice


def train(languages: tuple[str, ...] = LANGUAGES, *, calibrated: bool = True) -> Classifier:
    """The classifier from the templates of ``languages``. Nothing in it is drawn by chance."""
    both = (sentences(languages), phrases(languages))
    return Classifier(*(_regression(examples, calibrated=calibrated) for examples in both))


def digest() -> str:
    """Of what a training reads: templates, kinds that are served, names of scenes, styles and looks."""
    names = (*BUILT_IN.kinds, *BUILT_IN.scenes, *BUILT_IN.styles, *BUILT_IN.looks)
    return hashlib.sha256("\n".join((written_out(), *sorted(names))).encode()).hexdigest()


def stored(classifier: Classifier) -> Mapping[str, NDArray[Any]]:
    """The arrays of the file: half precision, which changes no probability by more than .002."""
    arrays: dict[str, NDArray[Any]] = {"digest": np.array(digest())}
    for part in ("intents", "names"):
        regression: Regression = getattr(classifier, part)
        arrays[f"{part}_labels"] = np.array(regression.labels)
        arrays[f"{part}_weights"] = regression.weights.astype(np.float16)
        arrays[f"{part}_temperature"] = np.array(regression.temperature)
    return arrays


def _regression(examples: Sequence[Example], *, calibrated: bool) -> Regression:
    vectors = vectors_of(examples)
    labels = tuple(sorted({example.label for example in examples}))
    wanted = np.array([labels.index(example.label) for example in examples])
    if not calibrated:  # the likeliest label stays the same
        return Regression(labels, fit(vectors, wanted, len(labels)), 1.0)
    held = np.array([zlib.crc32(example.pattern.encode()) % _FOLDS == 0 for example in examples])
    tried = fit(vectors[~held], wanted[~held], len(labels))
    temperature = _temperature(Regression(labels, tried, 1.0), vectors[held], wanted[held])
    return Regression(labels, fit(vectors, wanted, len(labels)), temperature)


def fit(vectors: NDArray[np.float32], wanted: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """(513, classes) weights of the softmax regression with an L2 penalty, by Nesterov's method (1983).

    Each class counts with the square root of its share, so that rare ones are not drowned by refusals.
    """
    ones = np.ones((len(vectors), 1), np.float32)
    rows = np.hstack([vectors, ones])
    counts = np.bincount(wanted, minlength=classes)
    weight = (1 / np.sqrt(counts[wanted])).astype(np.float32)[:, None]
    weight /= weight.sum()
    target = np.zeros((len(rows), classes), np.float32)
    target[np.arange(len(rows)), wanted] = 1
    weights = np.zeros((rows.shape[1], classes), np.float32)
    ahead, momentum = weights, 1.0
    for _ in range(_STEPS):
        scores = rows @ ahead
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        powers /= powers.sum(axis=1, keepdims=True)
        slope = rows.T @ ((powers - target) * weight) + _PENALTY * ahead
        after = ahead - _RATE * slope
        following = (1 + math.sqrt(1 + 4 * momentum**2)) / 2
        ahead = after + ((momentum - 1) / following) * (after - weights)
        weights, momentum = after, following
    return weights


def _temperature(regression: Regression, vectors: NDArray[np.float32], wanted: NDArray[np.int64]) -> float:
    """The temperature at which held-out patterns are likeliest (Guo et al., arXiv:1706.04599)."""

    def loss(temperature: float) -> float:
        shares = Regression(regression.labels, regression.weights, temperature).probabilities(vectors)
        return -float(np.log(shares[np.arange(len(wanted)), wanted] + 1e-9).mean())

    return float(min(_TEMPERATURES, key=loss))


def accuracy(regression: Regression, examples: Sequence[Example]) -> float:
    """Share of ``examples`` whose likeliest label is the right one."""
    shares = regression.probabilities(vectors_of(examples))
    right = [
        regression.labels[best] == example.label
        for best, example in zip(shares.argmax(1), examples, strict=True)
    ]
    return float(np.mean(right))


def vectors_of(examples: Sequence[Example]) -> NDArray[np.float32]:
    """(n, 512) vectors of the examples' texts."""
    new = list(dict.fromkeys(example.text for example in examples if example.text not in _known))
    for start in range(0, len(new), _BATCH):
        texts = new[start : start + _BATCH]
        _known.update(zip(texts, embed(texts), strict=True))
    return np.stack([_known[example.text] for example in examples])
