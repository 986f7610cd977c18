"""What a process does before its first instruction: take in what is not built in."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from retouch.engines import extensions
from retouch.engines.folder import Folder, read_folder
from retouch.engines.planner import vocabulary
from retouch.engines.planner.supported import BUILT_IN
from retouch.engines.planner.words import load
from retouch.errors import SetupError


def taken_words() -> tuple[str, ...]:
    """A line for each word of what was learnt that has another meaning already, and keeps it."""
    return load().taken


def unreachable() -> tuple[str, ...]:
    """A line for each of what was learnt that has no word left to be asked for by."""
    taken = Counter(line.partition(": ")[0] for line in taken_words())
    return tuple(
        f"{label}: each of its words has another meaning, so nobody can ask for it"
        for label, words in vocabulary.added_words()
        if taken[label] == sum(len(phrases.split(",")) for phrases in words.values())
    )


def learn(scenes_dir: Path | None) -> tuple[str, ...]:
    """Know what is installed, and the pictures in ``scenes_dir``; a line for each that had to be left out.

    Reads no picture. The owner's pictures give way to whatever else has their name.

    Raises:
        SetupError: a package brings a name that is taken, or ``scenes_dir`` is no folder.
    """
    found = extensions.find()
    taken = {extensions.SCENES: BUILT_IN.scenes, extensions.STYLES: BUILT_IN.styles}
    taken[extensions.OPERATIONS] = tuple(BUILT_IN.kinds)
    for each in found.installed:
        if each.extension.name in taken[each.group]:
            raise SetupError(f"{each.what} has the name of one of Retouch's own", "uninstall that package")
    folder = read_folder(scenes_dir) if scenes_dir is not None else Folder()
    names = dict.fromkeys(BUILT_IN.scenes, "one of Retouch's own")
    names |= {each.extension.name: f"of {each.package}" for each in found.of(extensions.SCENES)}
    folder = folder.without(names)
    vocabulary.keep(folder.scenes)
    return (*found.left_out, *(f"scenes_dir: {line}" for line in folder.left_out))
