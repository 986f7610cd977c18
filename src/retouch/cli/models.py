"""``retouch models``: the model files, fetched once and checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from retouch.cli.common import AsJson, add_row, complain, err, out, print_json
from retouch.settings import load_settings
from retouch.weights.store import WeightsStore

app = typer.Typer(help="Model files: pull, list, verify.", no_args_is_help=True)


@app.command("pull")
def pull(
    names: Annotated[list[str] | None, typer.Argument(help="Which; none: all that are needed.")] = None,
    needed: Annotated[bool, typer.Option("--needed", help="Those that the default models need.")] = False,
) -> None:
    """Fetch model files that are not here yet; each is checked against its digest.

    Example: retouch models pull
    """
    store = _store()
    wanted = [] if needed else list(names or [])
    wanted = wanted or [name for name, row in store.rows.items() if row.needed]
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    for name in wanted:
        if store.has(name):
            continue
        with Progress(*columns, console=err) as progress:
            store.pull(name, _mover(progress, progress.add_task(f"fetching {name}", total=None)))


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List what there is, what is here, and under which licence."""
    store = _store()
    rows = [
        {
            "name": name,
            "here": store.has(name),
            "needed": row.needed,
            "megabytes": round(row.bytes / 1e6, 1),
            "licence": row.licence,
            "use": row.use,
        }
        for name, row in store.rows.items()
    ]
    if as_json:
        print_json(rows)
        return
    table = Table("name", "here", "needed", "MB", "licence", "use")
    for row in rows:
        add_row(table, *(_cell(value) for value in row.values()))
    out.print(table)
    out.print(str(store.directory), style="dim", markup=False)


@app.command("verify")
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Which; none: all that are here.")] = None,
) -> None:
    """Read the files through and compare their digests with the manifest."""
    store = _store()
    wanted = names or [name for name in store.rows if store.has(name)]
    broken = [name for name in wanted if not store.verify(name)]
    for name in wanted:
        out.print(f"{name}: {'[red]broken or missing[/red]' if name in broken else 'sound'}")
    if broken:
        again = f"delete it, then: retouch models pull {' '.join(broken)}"
        complain("a model file is not what the manifest says", again)
        raise typer.Exit(1)


def _mover(progress: Progress, bar: TaskID) -> Callable[[int, int], None]:
    return lambda done, total: progress.update(bar, completed=done, total=total)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return str(value)


def _store() -> WeightsStore:
    return WeightsStore(load_settings().weights_dir)
