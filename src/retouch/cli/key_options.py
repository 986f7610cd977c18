"""The options that ``keys create`` and ``keys update`` share, and what they say in the wire form of a key."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, TypeAlias

import typer

from retouch.errors import InvalidRequest

_IN_DAYS: Final = re.compile(r"(\d{1,5})d", re.ASCII)
_NONE: Final = "none"


class QuotaUnit(StrEnum):
    """What a quota counts."""

    PICTURES = "pictures"
    CREDITS = "credits"


class QuotaPeriod(StrEnum):
    """When a quota begins anew."""

    TOTAL = "total"
    DAY = "day"
    MONTH = "month"


Expires: TypeAlias = Annotated[
    str | None, typer.Option(help="When it ends: 30d, 2030-01-31, 2030-01-31T12:00Z, or never.")
]
Models: TypeAlias = Annotated[
    list[str] | None, typer.Option("--model", help="A model that it may use; may be repeated; any: all.")
]
Addresses: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--address", help="An address or network it may be used from; may be repeated; any: all."),
]
Quota: TypeAlias = Annotated[str | None, typer.Option(help="Most pictures (or credits); none: no quota.")]
Unit: TypeAlias = Annotated[QuotaUnit, typer.Option(help="What the quota counts.")]
Per: TypeAlias = Annotated[QuotaPeriod, typer.Option(help="When the quota begins anew, by UTC.")]
Rpm: TypeAlias = Annotated[
    int | None, typer.Option(min=0, help="Submits and uploads a minute; 0: that of the settings.")
]
AtOnce: TypeAlias = Annotated[
    int | None, typer.Option("--tasks-at-once", min=0, help="Most tasks that have not ended; 0: no limit.")
]


def said(
    expires: str | None,
    models: list[str] | None,
    addresses: list[str] | None,
    quota: str | None,
    unit: QuotaUnit,
    per: QuotaPeriod,
    rpm: int | None,
    at_once: int | None,
) -> dict[str, Any]:
    """The fields that options name, as tasks.key_fields reads them."""
    found: dict[str, Any] = {}
    if expires is not None:
        found["expires_at"] = _moment(expires)
    if models:
        found["models"] = None if models == ["any"] else models
    if addresses:
        found["addresses"] = None if addresses == ["any"] else addresses
    if quota is not None:
        found["quota"] = None if quota == _NONE else _quota(quota, unit, per)
    if rpm is not None:
        found["requests_per_minute"] = rpm or None
    if at_once is not None:
        found["max_tasks_at_once"] = at_once or None
    return found


def _quota(text: str, unit: QuotaUnit, per: QuotaPeriod) -> dict[str, Any]:
    try:
        limit = float(text)
    except ValueError:
        raise InvalidRequest(f"--quota must be a number or none, not {text!r}") from None
    return {"limit": limit, "unit": unit.value, "per": per.value}


def _moment(text: str) -> str | None:
    """ISO 8601 with an offset; days and moments without one are those of UTC."""
    if text == "never":
        return None
    try:
        if match := _IN_DAYS.fullmatch(text):
            return (datetime.now(UTC) + timedelta(days=int(match[1]))).isoformat()
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise InvalidRequest(
            f"--expires must be as 30d, 2030-01-31, 2030-01-31T12:00Z or never, not {text!r}"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()
