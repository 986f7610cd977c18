"""``retouch mcp``: let an assistant edit pictures."""

from __future__ import annotations

import functools
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from retouch.errors import SetupError


def mcp(
    roots: Annotated[
        list[Path] | None,
        typer.Option(
            "--root",
            exists=True,
            file_okay=False,
            help="Folder open to the assistant; may be repeated. [default: the current one]",
        ),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option("--server", metavar="URL", envvar="RETOUCH_URL", help="The server that does the work."),
    ] = None,
) -> None:
    """Serve the Model Context Protocol on standard input and output; an assistant starts this, not you.

    The key for the server stands in RETOUCH_API_KEY.

    Example:
        retouch mcp --root ~/Pictures --server http://127.0.0.1:8000
    """
    try:
        from retouch.mcp import Roots, make_server  # noqa: PLC0415 - an extra, and --help must stay quick
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] != "mcp":
            raise
        raise SetupError(
            "the Model Context Protocol's library is not installed",
            f"install it: {sys.executable} -m pip install 'retouch[mcp]'",
        ) from None
    from retouch.client import AsyncClient  # noqa: PLC0415 - as above

    make_server(Roots.of(roots or ()), functools.partial(AsyncClient, server), version("retouch")).run(
        "stdio"
    )
