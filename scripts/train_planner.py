"""Train the planner's classifier.

python scripts/train_planner.py              writes src/retouch/engines/planner/classifier.npz
python scripts/train_planner.py --check      compares that file with a new training
python scripts/train_planner.py --held-out   for each language: how well it is judged by the other ten

Reads src/retouch/engines/planner/templates/*.toml, the names in the lexicon and the kinds that are served.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from retouch.engines.planner import training
from retouch.engines.planner.classifier import FILE, load_classifier
from retouch.engines.planner.templates import (
    LANGUAGES,
    MEASURED,
    all_sentences,
    fingerprint,
    phrases,
    sentences,
)

TARGET = Path(__file__).parents[1] / "src" / "retouch" / "engines" / "planner" / FILE
DATA = Path(__file__).parents[1] / "tests" / "data"
NEAR = 0.02  # of a probability: the vectors differ in the last digits from machine to machine


def held_out() -> None:
    """A table of accuracies, each language judged by the others."""
    print("| language held out | clauses | right | names | right |\n|---|---|---|---|---|")
    for language in LANGUAGES:
        others = tuple(each for each in LANGUAGES if each != language)
        made = training.train(others, calibrated=False)
        clauses, names = sentences((language,)), phrases((language,))
        print(
            f"| {language} | {len(clauses)} | {training.accuracy(made.intents, clauses):.1%} "
            f"| {len(names)} | {training.accuracy(made.names, names):.1%} |",
            flush=True,
        )


def check() -> int:
    """1 where the file does not say what a new training would."""
    made, kept = training.train(), load_classifier()
    for part, examples in (("intents", sentences()), ("names", phrases())):
        new, old = getattr(made, part), getattr(kept, part)
        if new.labels != old.labels:
            print(f"{part}: the labels have changed; run make classifier", file=sys.stderr)
            return 1
        vectors = training.vectors_of(examples)
        far = float(np.abs(new.probabilities(vectors) - old.probabilities(vectors)).max())
        print(f"{part}: {len(examples)} examples, probabilities differ by at most {far:.4f}")
        if far > NEAR:
            return 1
    return 0


def leave_out_the_measured() -> None:
    """Write down which sentences of the templates are in a set by which the planner is measured."""
    lines = (
        line for file in DATA.glob("instructions*.jsonl") for line in file.read_text("utf-8").splitlines()
    )
    measured = {fingerprint(json.loads(line)["text"]) for line in lines}
    same = sorted(measured & {fingerprint(example.text) for example in all_sentences()})
    (TARGET.parent / "templates" / MEASURED).write_text("\n".join(same) + "\n", "utf-8")


def main() -> int:
    """Train and write, or compare, or hold out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    if arguments.held_out:
        held_out()
        return 0
    if arguments.check:
        return check()
    leave_out_the_measured()
    np.savez_compressed(TARGET, allow_pickle=False, **training.stored(training.train()))
    print(f"written: {TARGET} ({TARGET.stat().st_size / 1024:.0f} KiB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
