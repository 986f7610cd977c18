"""Inside the pixel process: an engine that tries to get out meets a closed door everywhere."""

from __future__ import annotations

import os
import platform
import pwd
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import pytest_asyncio

from retouch.engines.planner.plan import Plan
from retouch.settings import Settings
from retouch.task import EditRequest
from retouch.testing.pictures import photo, saved
from retouch.testing.probe import DONE
from retouch.worker.child.pool import ChildPool
from retouch.worker.child.seccomp import ARCHITECTURES

PROBE = "retouch.testing.probe:ProbeEngine"
Found: TypeAlias = "tuple[dict[str, Any], dict[str, bool]]"
IS_ROOT = os.geteuid() == 0

pytestmark = pytest.mark.skipif(
    platform.machine() not in {"x86_64", "aarch64"}, reason="no call numbers for this architecture"
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What the probe found, with secrets in the parent's environment and an open file beside it."""
    patch = pytest.MonkeyPatch()
    patch.setenv("RETOUCH_SECRET", "s" * 40)
    patch.setenv("RETOUCH_DATABASE_URL", "postgresql://user:secret@db/retouch")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    folder = tmp_path_factory.mktemp("sandbox")
    settings = Settings(data_dir=folder / "data", weights_dir=folder / "weights", worker_slots=1)
    pool = ChildPool(settings, engines=(PROBE,))
    with (folder / "credentials").open("w") as kept:
        os.set_inheritable(kept.fileno(), True)  # noqa: FBT003 - the signature is the library's
        await pool.start()
    try:
        async with pool.session() as session:
            await session.prepare([saved(photo())])
            request = EditRequest(model="m", prompt="get out", sources=(), metadata=_denied_calls())
            summary = await session.edit(PROBE, request, Plan("en", (), 1.0), timeout_s=30)
        return dict(summary.applied), dict(pool.layers)
    finally:
        await pool.stop()
        patch.undo()


def test_every_layer_holds_or_is_reported(found: Found) -> None:
    _, layers = found
    assert set(layers) == {"user", "limits", "landlock", "seccomp", "network_namespace"}
    assert layers["seccomp"]
    assert layers["limits"]
    assert layers["user"]


@pytest.mark.parametrize("thread", ["attempts", "attempts_of_an_old_thread"])
def test_no_way_out_succeeds(found: Found, thread: str) -> None:
    findings, _ = found
    assert [name for name, met in findings[thread].items() if met == DONE] == []


def test_files_and_sockets_are_refused_by_permission(found: Found) -> None:
    findings, _ = found
    tried = findings["attempts"]
    for name in ("read a file", "write a file", "open an internet socket"):
        assert tried[name] in {"EACCES", "EPERM"}


def test_each_denied_call_is_refused(found: Found) -> None:
    findings, _ = found
    met = dict(findings["calls"])
    assert len(met) > 80
    assert met.pop("an unknown call") == "ENOSYS"
    assert met.pop("clone3") == "ENOSYS"
    assert {name: code for name, code in met.items() if code != "EACCES"} == {}


def test_threads_can_still_be_made(found: Found) -> None:
    assert found[0]["new_thread_runs"] is True


def test_the_environment_tells_nothing(found: Found) -> None:
    names = set(found[0]["environment"])
    allowed = {"LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "PATH", "HOME"}
    threads = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"}
    # OpenCV sets these two for the decoders that it brings along.
    opencv = {"QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"}
    assert names - allowed - threads - opencv == set()


def test_only_its_own_line_is_open(found: Found) -> None:
    beyond_standard = [number for number in found[0]["descriptors"] if number > 2]
    assert len(beyond_standard) == 1


def test_openvino_does_not_phone_its_maker(found: Found) -> None:
    modules = set(found[0]["modules"])
    assert "openvino" in modules
    assert not {name for name in modules if name.startswith("openvino_telemetry")}


@pytest.mark.skipif(not IS_ROOT, reason="only root can become somebody else")
def test_it_is_nobody(found: Found) -> None:
    nobody = pwd.getpwnam("nobody")
    assert found[0]["ids"] == [nobody.pw_uid] * 3 + [nobody.pw_gid] * 3


def test_no_new_privileges(found: Found) -> None:
    assert found[0]["no_new_privs"] == 1


@pytest.mark.skipif(not IS_ROOT, reason="only root may look into another user's process")
async def test_the_network_layer_is_reported_as_it_is(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", weights_dir=tmp_path / "weights", worker_slots=1)
    pool = ChildPool(settings, engines=())
    await pool.start()
    try:
        (child,) = pool._children
        assert pool.layers["network_namespace"] == (_network_of(child.pid) != _network_of(os.getpid()))
    finally:
        await pool.stop()


def _denied_calls() -> dict[str, str]:
    """Every denied system call of this architecture by name, and one that nobody knows."""
    architecture = ARCHITECTURES[platform.machine()]
    numbers = {**architecture.denied, "clone3": architecture.clone3, "an unknown call": 999}
    return {name: str(number) for name, number in numbers.items()}


def _network_of(pid: int) -> Path:
    return Path(f"/proc/{pid}/ns/net").readlink()
