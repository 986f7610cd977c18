"""What can be said of a key: its wire form, its row, and what stands between them. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from retouch.errors import InvalidRequest
from retouch.tasks.quota import PERIODS, UNITS

_NAME_MAX: Final = 100
_ENTRIES_MAX: Final = 100
_WHOLE_MAX: Final = 1_000_000
_LIMIT_MAX: Final = Decimal(10) ** 11
_LAST_YEAR: Final = 9999
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9._@-]{1,64}", re.ASCII)

# A key of which nothing has been said.
DEFAULTS: Final[Mapping[str, Any]] = {
    "name": "",
    "admin": False,
    "disabled": False,
    "expires_at": None,
    "models": None,
    "addresses": None,
    "quota_limit": None,
    "quota_unit": None,
    "quota_period": None,
    "requests_per_minute": None,
    "max_tasks_at_once": None,
}


def read(body: Mapping[str, Any], models: Collection[str]) -> dict[str, Any]:
    """The columns that ``body`` sets; null takes a restriction away. ``models`` are those served here.

    Raises:
        InvalidRequest: naming the first field at fault; also one that is not known, as a restriction that is
            misspelt must not look like one that holds.
    """
    columns: dict[str, Any] = {}
    for field, value in body.items():
        if field == "quota":
            columns |= _quota(value)
        elif field == "models":
            columns[field] = _models(value, models)
        elif field in _READERS:
            columns[field] = _READERS[field](field, value)
        else:
            known = ", ".join(sorted({*_READERS, "quota", "models"}))
            raise InvalidRequest(f"{field} is no field of a key; there are: {known}.", param=field)
    return columns


def account(value: Any) -> str:
    """The name of an account; InvalidRequest where it cannot be one."""
    if not isinstance(value, str) or not _ACCOUNT.fullmatch(value) or value == "all":
        raise InvalidRequest(
            'account must be 1 to 64 letters, digits, ".", "_", "-" or "@", and not "all".', param="account"
        )
    return value


def shown(columns: Mapping[str, Any]) -> dict[str, Any]:
    """The wire form of a row's columns: what :func:`read` takes, and the audit log keeps."""
    expires = columns["expires_at"]
    quota = None
    if columns["quota_period"] is not None:
        limit = number(columns["quota_limit"])
        quota = {"limit": limit, "unit": columns["quota_unit"], "per": columns["quota_period"]}
    same = ("name", "admin", "disabled", "models", "addresses", "requests_per_minute", "max_tasks_at_once")
    return {
        **{field: columns[field] for field in same},
        "expires_at": None if expires is None else int(expires.timestamp()),
        "quota": quota,
    }


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Of two rows' columns, the fields that differ: ``{"name": {"from": …, "to": …}}``."""
    old, new = shown(before), shown(after)
    return {field: {"from": old[field], "to": new[field]} for field in new if old[field] != new[field]}


def number(amount: Decimal) -> int | float:
    """An amount as JSON has it."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _name(field: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _NAME_MAX or not value.isprintable():
        raise InvalidRequest(f"{field} must be a text of 1 to {_NAME_MAX} printable characters.", param=field)
    return value.strip()


def _flag(field: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidRequest(f"{field} must be true or false.", param=field)
    return value


def _whole(field: str, value: Any) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 1 <= value <= _WHOLE_MAX:
        raise InvalidRequest(
            f"{field} must be an integer from 1 to {_WHOLE_MAX}, or null for no limit.", param=field
        )
    return value


def _moment(field: str, value: Any) -> datetime | None:
    """Unix seconds, or ISO 8601 with its offset from UTC; in the future."""
    if value is None:
        return None
    moment = None
    try:
        if type(value) is int:
            moment = datetime.fromtimestamp(value, UTC)
        elif isinstance(value, str):
            moment = datetime.fromisoformat(value)
    except (ValueError, OverflowError, OSError):
        moment = None
    if moment is None or moment.tzinfo is None or moment.year >= _LAST_YEAR:
        raise InvalidRequest(
            f"{field} must be Unix seconds or a time as 2030-01-31T12:00:00Z, or null for never.", param=field
        )
    if moment <= datetime.now(UTC):
        raise InvalidRequest(f"{field} lies in the past; to turn a key off set disabled.", param=field)
    return moment.astimezone(UTC)


def _models(value: Any, served: Collection[str]) -> list[str] | None:
    names = _texts("models", value)
    if names is None:
        return None
    if unknown := [name for name in names if name not in served]:
        known = ", ".join(sorted(served))
        raise InvalidRequest(f"There is no model {unknown[0]} here; there are: {known}.", param="models")
    return sorted(set(names))


def _addresses(field: str, value: Any) -> list[str] | None:
    """Addresses and networks, each in CIDR form."""
    texts = _texts(field, value)
    if texts is None:
        return None
    networks = []
    for text in texts:
        try:
            networks.append(str(ipaddress.ip_network(text.strip())))
        except ValueError:
            raise InvalidRequest(
                f"{field}: {text[:60]} is no address and no network as 10.0.0.0/8 (without host bits).",
                param=field,
            ) from None
    return list(dict.fromkeys(networks))


def _texts(field: str, value: Any) -> list[str] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise InvalidRequest(f"{field} must be a list of strings, or null for all.", param=field)
    if not 1 <= len(value) <= _ENTRIES_MAX:
        raise InvalidRequest(f"{field} must have 1 to {_ENTRIES_MAX} entries, or be null.", param=field)
    return value


def _quota(value: Any) -> dict[str, Any]:
    if value is None:
        return dict.fromkeys(("quota_limit", "quota_unit", "quota_period"))
    if not isinstance(value, dict) or (unknown := sorted(value.keys() - {"limit", "unit", "per"})):
        also = f"; {unknown[0]} is not known" if isinstance(value, dict) else ""
        raise InvalidRequest(
            'quota must be {"limit": 100, "unit": "pictures", "per": "month"}, or null' + also + ".",
            param="quota",
        )
    unit, period = value.get("unit", "pictures"), value.get("per", "total")
    if unit not in UNITS:
        raise InvalidRequest(f"quota.unit must be one of {', '.join(UNITS)}.", param="quota.unit")
    if period not in PERIODS:
        raise InvalidRequest(f"quota.per must be one of {', '.join(PERIODS)}.", param="quota.per")
    limit = _limit(value.get("limit"), whole=unit == "pictures")
    return {"quota_limit": limit, "quota_unit": unit, "quota_period": period}


def _limit(value: Any, *, whole: bool) -> Decimal:
    if type(value) not in {int, float} or not 0 <= value <= _LIMIT_MAX or (whole and value != int(value)):
        kind = "a whole number" if whole else "a number"
        raise InvalidRequest(f"quota.limit must be {kind} from 0 to {_LIMIT_MAX:f}.", param="quota.limit")
    return round(Decimal(str(value)), 6)


_READERS: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "name": _name,
    "admin": _flag,
    "disabled": _flag,
    "expires_at": _moment,
    "addresses": _addresses,
    "requests_per_minute": _whole,
    "max_tasks_at_once": _whole,
}
