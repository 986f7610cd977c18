"""Keys as the house speaks of them, and their rows."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias

from retouch.tasks.quota import Balance, Quota

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Principal:
    """Who sends a request, and what its key restricts; None restricts nothing."""

    account_id: str
    key_id: str
    admin: bool
    models: frozenset[str] | None = None
    networks: tuple[Network, ...] | None = None
    requests_per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made: the only time that its token is known."""

    id: str
    name: str
    account_id: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What may be shown of a key."""

    id: str
    account_id: str
    name: str
    prefix: str
    admin: bool
    disabled: bool
    expires_at: datetime | None
    models: tuple[str, ...] | None
    addresses: tuple[str, ...] | None
    balance: Balance | None  # None where there is no quota
    requests_per_minute: int | None
    max_tasks_at_once: int | None
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes keys, for the audit log: a key's id, or the command line."""

    name: str
    request_id: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class KeyChange:
    """One line of the audit log; ``changes`` is ``{"name": {"from": …, "to": …}}``."""

    id: int
    at: datetime
    key_id: str
    account_id: str
    action: str
    actor: str
    request_id: str | None
    address: str | None
    changes: Mapping[str, Any]


CLI: Final = Actor("cli")
_AS_THEY_ARE: Final = (
    *("id", "account_id", "name", "prefix", "admin", "disabled", "expires_at"),
    *("requests_per_minute", "max_tasks_at_once", "created_at", "revoked_at"),
)


def principal_from_row(row: Mapping[str, Any]) -> Principal:
    """A row of the query ``find``."""
    addresses = row["addresses"]
    return Principal(
        row["account_id"],
        row["id"],
        row["admin"],
        models=None if row["models"] is None else frozenset(row["models"]),
        networks=None if addresses is None else tuple(map(ipaddress.ip_network, addresses)),
        requests_per_minute=row["requests_per_minute"],
    )


def key_info(row: Mapping[str, Any]) -> KeyInfo:
    """A row of the query ``list``."""
    balance = None
    if row["quota_period"] is not None:
        quota = Quota(row["quota_limit"], row["quota_unit"], row["quota_period"])
        balance = Balance(quota, Decimal(row["used"]), Decimal(row["reserved"]), row["renews_at"])
    return KeyInfo(
        **{column: row[column] for column in _AS_THEY_ARE},
        models=None if row["models"] is None else tuple(row["models"]),
        addresses=None if row["addresses"] is None else tuple(row["addresses"]),
        balance=balance,
    )
