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
                *(str(binaries / "initdb"), "--pgdata", str(fresh), "--username", "retouch"),
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


def write_access_rules(place: Place) -> None:
    """Only the operating system's own word counts: the starter and root become the role, nobody else.

    The server's own user is not on the list unless it is the starter: as ``nobody`` also runs the sandboxed
    children, which have no business here.
    """
    entrants = {"root", pwd.getpwuid(os.geteuid()).pw_name}
    if place.account.is_me or place.cluster.is_relative_to(place.data_dir):
        entrants.add(place.account.name)
    rules = "local all all peer map=retouch\n"
    users = "".join(f"retouch {name} retouch\n" for name in sorted(entrants))
    _replace(place, "pg_hba.conf", rules)
    _replace(place, "pg_ident.conf", users)


def _replace(place: Place, name: str, text: str) -> None:
    path = place.cluster / name
    if path.read_text(encoding="utf-8") == text:
        return
    fresh = path.with_name(f"{name}.new")
    fresh.write_text(text, encoding="utf-8")
    os.chown(fresh, place.account.uid, place.account.gid)
    fresh.replace(path)
