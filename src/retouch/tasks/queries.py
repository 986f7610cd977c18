"""Reads ``sql/*.sql``: queries with a name line and a comment each, apart from the Python around them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import LiteralString, cast

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def queries(file: str) -> Mapping[str, LiteralString]:
    """The queries of ``sql/<file>.sql`` by name."""
    text = (resources.files("retouch.tasks") / "sql" / f"{file}.sql").read_text(encoding="utf-8")
    _, *parts = _NAME.split(text)
    # These files are code: nothing in them comes from outside.
    return {
        name: cast("LiteralString", body.strip()) for name, body in zip(parts[::2], parts[1::2], strict=True)
    }
