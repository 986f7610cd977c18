"""Packages of other people, really installed: a virtual environment of its own over this one's libraries."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import retouch

_BLOCK = re.compile(r"^```(?:python|toml)\n# (\S+?)(?:, further)?\n(.*?)^```", re.MULTILINE | re.DOTALL)


def code_of(page: Path) -> dict[str, str]:
    """The files that a page of the docs writes: path -> content, parts of one file put together."""
    files: dict[str, str] = {}
    for path, content in _BLOCK.findall(page.read_text("utf-8")):
        files[path] = files.get(path, "") + content
    return files


@dataclass(frozen=True)
class Place:
    """A virtual environment that sees all that this test process sees, and what is installed into it."""

    root: Path

    @classmethod
    def make(cls, root: Path) -> Place:
        """A new one."""
        venv.create(root, symlinks=True)
        place = cls(root)
        seen = [str(Path(retouch.__file__).parents[1]), *(p for p in sys.path if p.endswith("-packages"))]
        (place.packages / "seen.pth").write_text("\n".join(seen), "utf-8")
        return place

    @property
    def packages(self) -> Path:
        """Its site-packages."""
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.root / "lib" / version / "site-packages"

    def install(self, files: Mapping[str, str]) -> None:
        """Install the project that ``files`` are, as an installer would: modules, METADATA, entry points."""
        project = tomllib.loads(files["pyproject.toml"])["project"]
        for path, content in files.items():
            if path.endswith(".py"):
                (self.packages / path).parent.mkdir(parents=True, exist_ok=True)
                (self.packages / path).write_text(content, "utf-8")
        about = self.packages / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
        about.mkdir()
        head = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
        (about / "METADATA").write_text(head, "utf-8")
        (about / "entry_points.txt").write_text(_entry_points(project["entry-points"]), "utf-8")

    @contextmanager
    def holding(self, *projects: Mapping[str, str]) -> Iterator[None]:
        """Have these installed for a while."""
        before = set(self.packages.iterdir())
        for files in projects:
            self.install(files)
        yield
        for left in set(self.packages.iterdir()) - before:
            shutil.rmtree(left)

    def run(
        self, *command: str | Path, status: int | None = 0, given: str = "", **environment: str | Path
    ) -> subprocess.CompletedProcess[str]:
        """Run its Python on ``given``; ``status`` is what it must end with (None: anything)."""
        done = subprocess.run(
            [self.root / "bin" / "python", *command],
            capture_output=True,
            input=given,
            text=True,
            check=False,
            env={**os.environ, **{name: str(value) for name, value in environment.items()}},
        )
        assert status is None or done.returncode == status, done.stdout + done.stderr
        return done

    def retouch(self, *command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run one of Retouch's commands there."""
        return self.run("-m", "retouch.cli.main", *command, **options)


def _entry_points(groups: Mapping[str, Mapping[str, str]]) -> str:
    return "\n".join(
        f"[{group}]\n" + "\n".join(f"{name} = {value}" for name, value in entries.items())
        for group, entries in groups.items()
    )
