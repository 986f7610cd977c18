"""Pin every dependency with its hashes, or check that the pins still answer pyproject.toml.

python scripts/lock.py            writes requirements/{run,dev,build}.txt
python scripts/lock.py --check    needs no network: reads the pins and compares
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^ ;\\]+)", re.MULTILINE)
HASHED = re.compile(r"[^\n]*\\\n    --hash=sha256:[0-9a-f]{64}")


def wanted() -> dict[str, list[str]]:
    """Lock name -> the requirements that it must answer."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    build = [line for line in (LOCKS / "build.in").read_text().splitlines() if line.strip()]
    run, extras = project["dependencies"], project["optional-dependencies"]
    return {"run": run, "dev": [*run, *extras["mcp"], *extras["dev"]], "build": build}


def write() -> None:
    """Resolve anew."""
    sources = {
        "run": ["pyproject.toml"],
        "dev": ["--extra", "dev", "--extra", "mcp", "pyproject.toml"],
        "build": ["requirements/build.in"],
    }
    for name, arguments in sources.items():
        command = [
            "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes",
            "--no-emit-index-url", "--no-header", *arguments, "--output-file", f"requirements/{name}.txt",
        ]  # fmt: skip
        subprocess.run(command, cwd=ROOT, check=True)
        print(f"requirements/{name}.txt written")


def faults() -> list[str]:
    """What of pyproject.toml the pins do not answer."""
    found = []
    for name, requirements in wanted().items():
        text = (LOCKS / f"{name}.txt").read_text()
        pins = {canonicalize_name(match["name"]): match["version"] for match in PIN.finditer(text)}
        for line in requirements:
            requirement = Requirement(line)
            pinned = pins.get(canonicalize_name(requirement.name))
            if pinned is None:
                found.append(f"{name}.txt lacks {requirement.name}")
            elif not requirement.specifier.contains(pinned, prereleases=True):
                found.append(
                    f"{name}.txt pins {requirement.name}=={pinned}, pyproject.toml wants {requirement}"
                )
        bare = [match["name"] for match in PIN.finditer(text) if not HASHED.match(text, match.start())]
        found.extend(f"{name}.txt pins {each} without a hash" for each in bare)
    return found


def main() -> int:
    """Write, or check."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="compare only")
    if not parser.parse_args().check:
        write()
    found = faults()
    for fault in found:
        print(fault, file=sys.stderr)
    if found:
        print("the locks are stale: run make lock", file=sys.stderr)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
