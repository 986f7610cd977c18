"""Requests made from /openapi.json, right ones and wrong ones, against the whole running service.

    python tests/security/http_campaign.py --examples 1000 --seed 1

schemathesis makes them: the examples of the description, values at every edge, random ones, and sequences
that follow one answer into the next request. Every answer is held against the description; a status of 500
or more, an undocumented status, or a body, header or type that the description does not have is a failure.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from retouch.testing.service import Service, forget_cluster, running_service

CONFIG: Final = Path(__file__).with_name("schemathesis.toml")
PHASES: Final = "examples,coverage,fuzzing,stateful"
# The campaign floods; a full queue is answered with 503, and a long wait with 504: other tests' affair.
ENVIRONMENT: Final = {
    "RETOUCH_QUEUE_MAX_DEPTH": "1000000",
    "RETOUCH_PUBLIC_URL": "http://127.0.0.1",
    "RETOUCH_SYNC_WAIT_S": "300",
    "RETOUCH_RETRY_MAX": "0",  # no source can be reached; trying it five times would only take time
}


@dataclass(frozen=True, slots=True)
class Report:
    """What a campaign found."""

    cases: int
    failures: tuple[str, ...]
    errors: tuple[str, ...]
    untested: int  # operations of the description that no case has reached
    edits: int  # submits that were accepted: without them nothing behind the door was tried

    def beside(self, other: Report) -> Report:
        """Both in one."""
        return Report(
            self.cases + other.cases,
            self.failures + other.failures,
            self.errors + other.errors,
            self.untested + other.untested,
            self.edits + other.edits,
        )

    @property
    def clean(self) -> bool:
        """Nothing is wrong, and nothing was left out."""
        return not (self.failures or self.errors or self.untested) and self.edits > 0


def campaign(folder: Path, *, examples: int, seed: int, phases: str = PHASES) -> Report:
    """Try a service of its own, with its data in ``folder``; ``examples`` random ones a route and phase."""
    with running_service(folder, ENVIRONMENT) as service:
        report = attack(
            service, folder, ("--exclude-tag", "keys"), examples=examples, seed=seed, phases=phases
        )
        # Without sequences: one that lists the keys and goes on to change them hits the campaign's own.
        alone = ",".join(phase for phase in phases.split(",") if phase != "stateful")
        keys = attack(service, folder, ("--include-tag", "keys"), examples=examples, seed=seed, phases=alone)
    forget_cluster(folder / "data")
    return report.beside(keys)


def attack(
    service: Service, folder: Path, which: tuple[str, str], *, examples: int, seed: int, phases: str
) -> Report:
    """Try some routes of a running service."""
    result = folder / f"report{which[0]}.json"
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run"]
    command += ["--phases", phases, "--max-examples", str(examples), "--seed", str(seed), "--checks", "all"]
    command += ["--continue-on-failure", *which, "--report", "json", "--report-json-path", str(result)]
    command += ["--header", f"Authorization: Bearer {service.key}", f"{service.url}/openapi.json"]
    log = folder / "schemathesis.log"
    with log.open("wb") as output:
        subprocess.run(command, cwd=folder, stdout=output, stderr=output, check=False, env=os.environ)
    if not result.exists():
        raise RuntimeError(f"schemathesis gave no report: {log.read_text('utf-8', 'replace')[-3000:]}")
    return read(json.loads(result.read_bytes()))


def read(told: dict[str, Any]) -> Report:
    """schemathesis' JSON report in short."""
    operations = told["operations"]
    return Report(
        cases=told["test_cases"]["generated"],
        failures=tuple(json.dumps(each, ensure_ascii=False)[:2000] for each in told["failures"]),
        errors=tuple(json.dumps(each, ensure_ascii=False)[:2000] for each in told["errors"]),
        untested=operations["selected"] - operations["tested"],
        edits=sum(
            phase["accepted"] for phase in told["valid_rates"].get("POST /v1/images/edits", {}).values()
        ),
    )


def main() -> int:
    """Run a campaign as told on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--examples", type=int, default=1000, help="random requests a route and phase")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = campaign(Path(folder), examples=options.examples, seed=options.seed)
    for each in (*report.failures, *report.errors):
        print(each)  # noqa: T201 - a command's output
    counted = f"{report.cases} cases ({report.edits} edits accepted)"
    print(f"{counted}, {len(report.failures)} failures, {len(report.errors)} errors")  # noqa: T201 - as above
    return 0 if report.clean else 1


if __name__ == "__main__":
    sys.exit(main())
