"""``retouch``: the command line. One module per command; this one only puts them together."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from retouch import telemetry
from retouch.cli import (
    accounts,
    api,
    backup,
    doctor,
    edit,
    keys,
    mcp,
    models,
    plan,
    run,
    tasks,
    usage,
    worker,
)
from retouch.cli.common import complain
from retouch.errors import RetouchError, SetupError, TaskError

app = typer.Typer(
    name="retouch",
    help="Edit pictures by instruction, on your own machine. Start with: retouch run",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="markdown",
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the flag
    if wanted:
        typer.echo(f"retouch {version('retouch')}")
        raise typer.Exit


@app.callback()
def root(
    show: Annotated[  # noqa: ARG001 - acts in its callback
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Edit pictures by instruction, on your own machine. Start with: retouch run."""
    # A command speaks for itself; the services turn their log up once they know their settings.
    telemetry.configure_logging("warning", "console")


app.command("run")(run.run)
app.command("api")(api.api)
app.command("worker")(worker.worker)
app.command("edit")(edit.edit)
app.command("plan")(plan.plan)
app.command("mcp")(mcp.mcp)
app.command("doctor")(doctor.doctor)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("usage")(usage.usage)
app.add_typer(keys.app, name="keys")
app.add_typer(tasks.app, name="tasks")
app.add_typer(accounts.app, name="accounts")
app.add_typer(models.app, name="models")


def main() -> None:
    """Run one command; an error of ours is one line, what to do about it the next."""
    try:
        app()
    except RetouchError as error:
        complain(error.message, error.hint if isinstance(error, SetupError) else "")
        sys.exit(1 if isinstance(error, TaskError) else 2)
    except OSError as error:
        # A folder that may not be written, a disk that is full: the owner's to mend, no traceback helps.
        complain(f"{error.filename or 'the system'}: {error.strerror or error}")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
