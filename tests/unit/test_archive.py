"""A backup that is not whole is never restored, and none writes outside its folder."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from retouch import archive
from retouch.errors import SetupError

FACTS = {"version": "1", "made": "now"}


def made(folder: Path, members: dict[str, bytes]) -> Path:
    """An archive of these members."""
    path = folder / "a.tar"
    with archive.Writer(path) as writer:
        for number, (name, data) in enumerate(members.items()):
            source = folder / f"source{number}"
            source.write_bytes(data)
            assert writer.add(name, source)
        writer.finish(FACTS)
    return path


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    members = {"secret": b"s" * 64, "objects/results/t/1/0.png": bytes(range(256)) * 9000, "empty": b""}
    path = made(tmp_path, members)
    assert archive.verified(path)["members"].keys() == members.keys()

    archive.extract(path, lambda name: tmp_path / "out" / name)

    assert {name: (tmp_path / "out" / name).read_bytes() for name in members} == members


@pytest.mark.parametrize("at", [600, 2000, 3500])
def test_one_changed_byte_is_noticed(tmp_path: Path, at: int) -> None:
    path = made(tmp_path, {"secret": b"s" * 2000, "objects/a": b"o" * 2000})
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    with pytest.raises(SetupError, match="no whole backup"):
        archive.verified(path)


@pytest.mark.parametrize("size", [0, 700, 3000])
def test_one_that_was_cut_off_is_noticed(tmp_path: Path, size: int) -> None:
    path = made(tmp_path, {"secret": b"s" * 2000, "objects/a": b"o" * 2000})
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(SetupError, match="no whole backup"):
        archive.verified(path)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "objects/../../x", "objects/a\nb", "-rf"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "evil.tar"
    with tarfile.open(path, "w") as tar:
        info = tarfile.TarInfo(name)
        info.size = 1
        tar.addfile(info, io.BytesIO(b"x"))
    with pytest.raises(SetupError, match="no place in a backup"):
        archive.verified(path)


def test_a_link_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evil.tar"
    with tarfile.open(path, "w") as tar:
        info = tarfile.TarInfo("objects/a")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(info)
    with pytest.raises(SetupError, match="no place in a backup"):
        archive.verified(path)


def test_a_backup_that_failed_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full"), archive.Writer(tmp_path / "a.tar"):
        raise OSError("disk full")
    assert list(tmp_path.iterdir()) == []
