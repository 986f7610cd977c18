"""Keys, their audit log, and usage."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

KEY_ID = "^key_[0-9A-HJKMNP-TV-Z]{26}$"
EXAMPLE_KEY_ID = "key_01KAP3QW8ZJ4V5N6C7X9B2D1EF"
EXAMPLE_RULES: Final[dict[str, Any]] = {
    "quota": {"limit": 500, "unit": "pictures", "per": "month"},
    "requests_per_minute": 60,
}


class _Wire(BaseModel):
    """An answer has exactly these fields, and a request no others."""

    model_config = ConfigDict(extra="forbid")


class KeyQuota(_Wire):
    """At most so much, in all or in each UTC day or month."""

    limit: float = Field(ge=0, le=10**11, description="Pictures (whole) or credits.")
    unit: Literal["pictures", "credits"] = "pictures"
    per: Literal["total", "day", "month"] = "total"


class KeyRules(_Wire):
    """What a key may do. In a PATCH, what is not named stays as it is; null takes a restriction away."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE_RULES]})

    name: str | None = Field(default=None, min_length=1, max_length=100)
    admin: bool | None = Field(default=None, description="May manage keys.")
    disabled: bool | None = None
    expires_at: int | str | None = Field(
        default=None, description="Unix seconds, or a time as 2030-01-31T12:00:00Z."
    )
    models: list[str] | None = Field(default=None, description="Only these models.")
    addresses: list[str] | None = Field(
        default=None, description="Only from these addresses and networks.", examples=[["10.0.0.0/8"]]
    )
    quota: KeyQuota | None = None
    requests_per_minute: int | None = Field(default=None, ge=1, description="Submits and uploads.")
    max_tasks_at_once: int | None = Field(default=None, ge=1, description="Tasks that have not ended.")


class NewKeyRequest(KeyRules):
    """A key to be made."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "shop", **EXAMPLE_RULES}]})

    name: str = Field(min_length=1, max_length=100, description="What the key is for.")
    account: str = Field(
        default="default", min_length=1, max_length=64, description="Whose tasks it sees; made if need be."
    )


class QuotaState(KeyQuota):
    """A quota, and how it stands in the current period."""

    used: float
    reserved: float = Field(description="Held by tasks that have not ended.")
    remaining: float
    renews_at: int | None = Field(description="Unix time; null for a quota in all.")


class KeyObject(_Wire):
    """A key. Its secret is kept nowhere. Times are Unix seconds."""

    id: str = Field(pattern=KEY_ID, examples=[EXAMPLE_KEY_ID])
    object: Literal["key"]
    name: str
    account: str
    prefix: str = Field(description="How the key begins.", examples=["rt_0a1B2c3D4e"])
    admin: bool
    disabled: bool
    expires_at: int | None
    models: list[str] | None
    addresses: list[str] | None
    quota: QuotaState | None
    requests_per_minute: int | None
    max_tasks_at_once: int | None
    created: int
    revoked: int | None
    key: str | None = Field(
        default=None, description="The key itself: only in the answer to POST, only once."
    )


class KeyAnswer(_Wire):
    """One key."""

    code: Literal[200]
    data: KeyObject


class KeyPage(_Wire):
    """Keys, newest first."""

    code: Literal[200]
    data: list[KeyObject]
    next_cursor: str | None = Field(description="Give it as cursor to get the next page; null on the last.")


class KeyChangeObject(_Wire):
    """One line of the audit log."""

    id: int
    at: int = Field(description="Unix time.")
    key: str = Field(description="Id of the key that was changed.")
    account: str
    action: Literal["created", "changed", "revoked"]
    actor: str = Field(description='Id of the key that did it; "cli", or "first start".')
    request_id: str | None
    address: str | None
    changes: dict[str, Any] = Field(examples=[{"disabled": {"from": False, "to": True}}])


class KeyChangePage(_Wire):
    """Lines of the audit log, newest first."""

    code: Literal[200]
    data: list[KeyChangeObject]
    next_cursor: int | None = Field(description="Give it as cursor to get the next page; null on the last.")


class Latency(_Wire):
    """Seconds from submit to end of completed tasks; null where there are none."""

    p50: float | None
    p95: float | None
    p99: float | None


class UsageRow(_Wire):
    """Sums over tasks that ended."""

    group: str = Field(description="A day, a model, the id of a key, or total.", examples=["2026-11-24"])
    tasks: int
    completed: int
    failed: int
    cancelled: int
    pictures: int = Field(description="Delivered.")
    cost: float = Field(description="Credits.")
    failures: dict[str, int] = Field(description="Failed tasks by code.")
    latency_s: Latency


class UsageObject(_Wire):
    """Sums by group, over UTC days, by the day of the task's end."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    first: str = Field(alias="from", description="First day.")
    to: str = Field(description="Last day, included.")
    group_by: Literal["day", "model", "key"]
    account: str = Field(description="An account, or all.")
    rows: list[UsageRow]
    total: UsageRow


class UsageAnswer(_Wire):
    """Usage."""

    code: Literal[200]
    data: UsageObject
