"""``retouch models``: the model files, fetched once and checked."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from retouch.cli.common import AsJson, err, out, print_json
from retouch.errors import TaskError
from retouch.settings import load_settings
from retouch.weights.store import WeightsStore

app = typer.Typer(help="Model files: pull, list, verify.", no_args_is_help=True)


def _store() -> WeightsStore:
    return WeightsStore(load_settings().weights_dir)
