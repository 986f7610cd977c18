"""The cluster on disk: made whole or not at all, readable by its user, entered by nobody else."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from retouch.database.place import Place, as_account
from retouch.errors import SetupError

ROLE = "retouch"


def server_options() -> dict[str, str]:
    """The server's settings. Durability is not one of the things to tune."""
    return {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "shared_buffers": "64MB",
        "max_wal_size": "512MB",
        "checkpoint_completion_target": "0.9",
        "wal_compression": "on",
        "jit": "off",
        # Small queries only; and shared memory is scarce in containers.
        "max_parallel_workers_per_gather": "0",
        "autovacuum_naptime": "15s",
        "log_min_messages": "warning",
        "log_checkpoints": "off",
        "log_timezone": "UTC",
        "timezone": "UTC",
    }


def initialise(place: Place, binaries: Path) -> None:
    """Run initdb unless there is a cluster. A half-made one never carries the cluster's name.

    Raises:
        SetupError: with initdb's words.
    """
    if (place.cluster / "PG_VERSION").exists():
        return
    account = place.account
    fresh = Path(tempfile.mkdtemp(prefix=f"{place.cluster.name}.new.", dir=place.cluster.parent))
    try:
        os.chown(fresh, account.uid, account.gid)
        as_account(
            account,
            [
                *(str(binaries / "initdb"), "--pgdata", str(fresh), "--username", ROLE),
                *("--encoding", "UTF8", "--locale", "C", "--auth", "peer", "--no-instructions"),
            ],
        )
        fresh.rename(place.cluster)
    except subprocess.CalledProcessError as error:
        raise SetupError(
            f"the bundled database cannot be made: {error.stderr.strip()[-800:]}",
            "check the free disk and the rights of the data folder",
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def access_rules(place: Place) -> dict[str, str]:
    """Write who may connect, and answer the options that make the server read it.

    Only the kernel's word counts: the starter and root become the role, nobody else. The server's own user is
    not on the list unless it is the starter: as ``nobody`` also runs the sandboxed children, which have no
    business here. For the same reason the files lie outside the cluster, which that user can write.
    """
    entrants = {"root", pwd.getpwuid(os.geteuid()).pw_name}
    if place.cluster.is_relative_to(place.data_dir):
        entrants.add(place.account.name)
    users = "".join(f"retouch {name} {ROLE}\n" for name in sorted(entrants))
    return {
        "hba_file": str(_replace(place, "hba", "local all all peer map=retouch\n")),
        "ident_file": str(_replace(place, "ident", users)),
    }


def open_log(place: Place) -> int:
    """A fresh log, as a file descriptor to write to; never somebody's link to another file."""
    place.log.unlink(missing_ok=True)
    return os.open(place.log, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)


def _replace(place: Place, name: str, text: str) -> Path:
    path = place.cluster.with_name(f"{place.cluster.name}.{name}.conf")
    descriptor, fresh = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        os.fchmod(file.fileno(), 0o644)  # the server's user reads it
    Path(fresh).replace(path)
    return path
