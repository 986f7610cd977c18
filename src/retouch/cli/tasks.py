"""``retouch tasks``: what the service is doing, seen from its machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from retouch.cli.common import AsJson, Database, DataDir, err, out, print_json, with_database
from retouch.task import Status, Task

if TYPE_CHECKING:
    from retouch.tasks.store import TaskStore

app = typer.Typer(help="Tasks: list, show, cancel.", no_args_is_help=True)
