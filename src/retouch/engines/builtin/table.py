"""Rows by name: what the builtin engine itself has, and beside it what was installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from retouch.errors import SetupError

Row = TypeVar("Row")


class Table(Mapping[str, Row]):
    """A mapping that other packages may add to, before the first edit. ``what`` is what its rows are."""

    def __init__(self, what: str, built_in: Mapping[str, Row]) -> None:
        self._what = what
        self._built_in = built_in
        self._rows = dict(built_in)

    def install(self, rows: Mapping[str, Row]) -> None:
        """Have these rows beside the built-in ones, instead of those installed before.

        Raises:
            SetupError: one has a built-in row's name.
        """
        if taken := sorted(self._built_in.keys() & rows.keys()):
            raise SetupError(
                f"the {self._what} {taken[0]!r} is one of Retouch's own", "uninstall what brings another"
            )
        self._rows = {**self._built_in, **rows}

    @property
    def built_in(self) -> Mapping[str, Row]:
        """The engine's own rows."""
        return self._built_in

    def __getitem__(self, name: str) -> Row:
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)
