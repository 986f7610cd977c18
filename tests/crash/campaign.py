"""Kill -9 of API, worker, child and database while tasks run; then nothing may be lost.

    python tests/crash/campaign.py --tasks 200 --hits 6 --seed 1

The victims are picked by what the service says in its log: when an attempt enters the step that is still
to be hit, its worker (or the child that works for it) is killed at once. A kill counts only if that
task had not ended when it landed, which its row tells afterwards; one that came a moment late is a miss.

Sources come over https from a server of our own on loopback, so that the real fetch is hit as well.
"""

from __future__ import annotations

import argparse
import contextlib
import http.server
import io
import json
import os
import random
import signal
import ssl
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
import trustme
from psycopg.rows import dict_row

from retouch.database.embedded import Supervisor as Server
from retouch.settings import Settings
from retouch.testing.service import Service, forget_cluster, running_service

PROMPT = "Change the background to a starry sky, keep the main subject"
PHOTO = Path(__file__).resolve().parents[1] / "data" / "photos" / "astronaut.png"
STEP_OF = {"fetch": "fetch", "child": "edit", "store": "store", "commit": "commit"}
MARKS = {
    "api": "retouch.cli.main api",
    "worker": "retouch.cli.main worker",
    "child": "retouch.worker.child",
}
CEILING_S = 900


@dataclass(slots=True)
class Report:
    """What a campaign found."""

    tasks: int = 0
    kills: int = 0
    landed: int = 0  # with a task processing
    hits: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    ends_wrong: list[str] = field(default_factory=list)
    pictures_missing: list[str] = field(default_factory=list)
    seconds: float = 0

    def to_json(self) -> dict[str, Any]:
        """For printing."""
        return {
            "tasks": self.tasks,
            "kills": self.kills,
            "landed_in_processing": f"{self.landed} ({100 * self.landed / max(1, self.kills):.0f} %)",
            "hits": dict(self.hits),
            "statuses": dict(self.statuses),
            "lost": self.lost,
            "not_exactly_one_end": self.ends_wrong,
            "pictures_missing": self.pictures_missing,
            "seconds": round(self.seconds, 1),
        }


class Log(threading.Thread):
    """Follows the service's log and remembers what each attempt is doing."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self._path = path
        self._changed = threading.Condition()
        self._doing: tuple[str, str] | None = None  # (task id, step) of the attempt that runs

    def run(self) -> None:
        """Read lines as they are written."""
        with self._path.open(encoding="utf-8", errors="replace") as file:
            rest = ""
            while True:
                if not (text := file.readline()):
                    time.sleep(0.0005)
                    continue
                rest += text
                if rest.endswith("\n"):
                    self._heard(rest)
                    rest = ""

    def wait_for(self, step: str, timeout_s: float) -> str | None:
        """The id of a task that enters ``step`` from now on; None if none does in time."""
        with self._changed:
            self._doing = None
            entered = self._changed.wait_for(lambda: bool(self._doing and self._doing[1] == step), timeout_s)
            return self._doing[0] if entered and self._doing else None

    def _heard(self, line: str) -> None:
        try:
            event = json.loads(line)
        except ValueError:
            return
        if event.get("event") == "step" and "task_id" in event:
            with self._changed:
                self._doing = (event["task_id"], event["step"])
                self._changed.notify_all()


class Rows:
    """The database as seen beside the service; waits while it is away."""

    def __init__(self, data_dir: Path) -> None:
        self.server = Server(Settings(data_dir=data_dir, database_url=None))

    def ask(self, query: str, *values: object) -> list[dict[str, Any]]:
        """All rows of an answer, however often it takes."""
        until = time.monotonic() + 60
        while True:
            try:
                with psycopg.connect(self.server.url, row_factory=dict_row, connect_timeout=2) as connection:
                    return connection.execute(query.encode(), values).fetchall()
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def had_ended(self, task_id: str, moment: float) -> bool:
        """Whether a task had already ended at a Unix time of this machine."""
        query = "SELECT coalesce(ended_at <= to_timestamp(%s), false) AS had FROM tasks WHERE id = %s"
        return bool(self.ask(query, moment, task_id)[0]["had"])


class Campaign:
    """One run: a submitter, a killer, and the judge at the end."""

    def __init__(self, service: Service, source: str, tasks: int, hits: int, seed: int) -> None:
        self.report = Report()
        self._service, self._source, self._tasks = service, source, tasks
        self._goals = Counter(dict.fromkeys(("fetch", "child", "store", "commit", "api", "database"), hits))
        self._rng = random.Random(seed)
        self._rows = Rows(service.data_dir)
        self._log = Log(service.log)
        self._acknowledged: list[str] = []

    def run(self) -> Report:
        """Submit, kill, wait for the end, judge."""
        began = time.monotonic()
        self._log.start()
        submitter = threading.Thread(target=self._submit_all, daemon=True)
        submitter.start()
        while self._open_goals() and time.monotonic() - began < CEILING_S:
            if not submitter.is_alive() and not self._unended():
                self._acknowledged += [self._submit() for _ in range(10)]
            self._kill(self._rng.choice(self._open_goals()))
        submitter.join(CEILING_S)
        self._await_end()
        self._judge()
        self.report.seconds = time.monotonic() - began
        return self.report

    def _open_goals(self) -> list[str]:
        return sorted(goal for goal, wanted in self._goals.items() if self.report.hits[goal] < wanted)

    def _submit_all(self) -> None:
        for _ in range(self._tasks):
            self._acknowledged.append(self._submit())

    def _submit(self) -> str:
        """One acknowledged submit, however often it takes: an answer that never came does not count."""
        body = json.dumps({"prompt": PROMPT, "image_urls": [self._source]}).encode()
        until = time.monotonic() + 120
        while True:
            with contextlib.suppress(OSError, ValueError, KeyError):
                return str(self._call("/v1/images/edits", body)["data"][0]["task_id"])
            if time.monotonic() > until:
                raise RuntimeError("the API takes no submits any more")
            time.sleep(0.05)

    def _call(self, path: str, body: bytes | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self._service.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self._service.url + path, body, headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def _kill(self, goal: str) -> None:
        """Wait for the moment, kill, and look whether it was the moment."""
        victim = {"fetch": "worker", "store": "worker", "commit": "worker"}.get(goal, goal)
        # Looked up beforehand: a commit takes a few milliseconds, and so does a look at all processes.
        if (pid := self._pid(victim)) is None:
            return
        task_id = self._log.wait_for(STEP_OF.get(goal, self._rng.choice(sorted(STEP_OF.values()))), 20)
        if task_id is None:
            return
        moment = time.time()
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.report.kills += 1
            if not self._rows.had_ended(task_id, moment):
                self.report.landed += 1
                self.report.hits[goal] += 1

    def _pid(self, victim: str) -> int | None:
        if victim == "database":
            return self._rows.server.pid
        for process in psutil.Process(self._service.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if MARKS[victim] in " ".join(process.cmdline()):
                    return process.pid
        return None

    def _unended(self) -> int:
        rows = self._rows.ask("SELECT count(*) AS n FROM tasks WHERE ended_at IS NULL")
        return int(rows[0]["n"])

    def _await_end(self) -> None:
        until = time.monotonic() + CEILING_S
        while self._unended():
            if time.monotonic() > until:
                raise RuntimeError("tasks do not come to an end")
            time.sleep(0.2)

    def _judge(self) -> None:
        rows = {row["id"]: row for row in self._rows.ask("SELECT id, status FROM tasks")}
        ends = self._rows.ask(
            "SELECT t.id, count(e.seq) AS ends, count(DISTINCT r.task_id) AS results FROM tasks t "
            "LEFT JOIN task_events e ON e.task_id = t.id AND e.kind IN ('completed', 'failed', 'cancelled') "
            "LEFT JOIN task_results r ON r.task_id = t.id GROUP BY t.id"
        )
        report = self.report
        report.tasks = len(self._acknowledged)
        report.statuses = Counter(rows[each]["status"] for each in self._acknowledged if each in rows)
        report.lost = [each for each in self._acknowledged if each not in rows]
        report.ends_wrong = [row["id"] for row in ends if (row["ends"], row["results"]) != (1, 1)]
        report.pictures_missing = [each for each in self._acknowledged if not self._picture(each)]

    def _picture(self, task_id: str) -> bool:
        task = self._call(f"/v1/tasks/{task_id}")["data"]
        if task["status"] != "completed":
            return False
        with urllib.request.urlopen(task["result"]["images"][0]["url"][0], timeout=10) as answer:
            return bool(answer.read().startswith(b"\x89PNG"))


@contextlib.contextmanager
def source(folder: Path, side: int) -> Iterator[tuple[str, dict[str, str]]]:
    """An https server with one picture on it, and the settings that let the service fetch from it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    picture = _picture_bytes(side)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.send_header("Content-Length", str(len(picture)))
            self.end_headers()
            self.wfile.write(picture)

        def log_message(self, *_: object) -> None:
            """Its own log would only be in the way."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    port = server.server_address[1]
    try:
        allow = {"RETOUCH_FETCH_ALLOW": f"127.0.0.1/32:{port}", "RETOUCH_FETCH_CA": str(folder / "ca.pem")}
        yield f"https://localhost:{port}/photo.png", allow
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _picture_bytes(side: int) -> bytes:
    from PIL import Image  # noqa: PLC0415 - a test may open a picture

    buffer = io.BytesIO()
    with Image.open(PHOTO) as opened:
        opened.convert("RGB").resize((side, side)).save(buffer, "PNG")
    return buffer.getvalue()


def campaign(folder: Path, *, tasks: int, hits: int, seed: int, side: int = 192) -> Report:
    """Run one campaign in ``folder``; ``hits`` is how often each kind of kill must land."""
    with source(folder, side) as (url, allow):
        quick = {
            "RETOUCH_LOG_LEVEL": "debug",
            "RETOUCH_LOG_FORMAT": "json",
            "RETOUCH_LEASE_S": "3",
            "RETOUCH_HEARTBEAT_S": "1",
            "RETOUCH_RECONCILE_S": "1",
            "RETOUCH_RETRY_BASE_S": "0.2",
            "RETOUCH_WORKER_SLOTS": "1",
        }
        with running_service(folder, {**quick, **allow}) as service:
            report = Campaign(service, url, tasks, hits, seed).run()
        forget_cluster(folder / "data")
        return report


def main() -> int:
    """Run a campaign and print what it found; exit status 1 when anything was lost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", type=int, default=200, help="tasks submitted")
    parser.add_argument("--hits", type=int, default=6, help="kills that must land, of each kind")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="retouch-crash-") as folder:
        report = campaign(Path(folder), tasks=options.tasks, hits=options.hits, seed=options.seed)
    sys.stdout.write(json.dumps(report.to_json(), indent=2) + "\n")
    bad = report.lost or report.ends_wrong or report.pictures_missing
    return int(bool(bad) or report.landed < 0.8 * report.kills)


if __name__ == "__main__":
    sys.exit(main())
