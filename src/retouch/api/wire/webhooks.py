"""What owners of receivers see: secrets, deliveries, attempts."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

DELIVERY_ID = "^msg_[0-9A-HJKMNP-TV-Z]{26}$"
EXAMPLE_DELIVERY_ID = "msg_01KAP3QW8ZJ4V5N6C7X9B2D1EF"


class _Wire(BaseModel):
    """An answer has exactly these fields."""

    model_config = ConfigDict(extra="forbid")


class WebhookSecret(_Wire):
    """What messages are signed with."""

    secret: str | None = Field(
        default=None, description="Only in the answer to a POST.", examples=["whsec_…"]
    )
    hint: str = Field(description="Its last four characters.", examples=["whsec_…Xk0="])
    created: int = Field(description="Unix time.")
    previous_expires_at: int | None = Field(
        description="Until when the secret before signs, too; null where there is none."
    )


class WebhookSecretAnswer(_Wire):
    """The account's secret."""

    code: Literal[200]
    data: WebhookSecret


class WebhookAttempt(_Wire):
    """One attempt at a delivery."""

    attempt: int
    at: int = Field(description="Unix time at which it began.")
    outcome: Literal["delivered", "refused", "unreachable", "gone", "lost"] | None = Field(
        description="refused: an answer that is no 2xx; gone: 410; lost: the worker was stopped or died; "
        "null: under way."
    )
    status: int | None = Field(description="The HTTP status of the answer; null where there was none.")
    duration_ms: int | None


class WebhookDelivery(_Wire):
    """One message to one receiver. Times are Unix seconds."""

    id: str = Field(
        pattern=DELIVERY_ID,
        description="The header webhook-id; the same for every attempt.",
        examples=[EXAMPLE_DELIVERY_ID],
    )
    event: str = Field(examples=["task.completed"])
    task_id: str | None = Field(description="null: a test.")
    url: str
    state: Literal["pending", "delivered", "failed", "disabled"]
    created: int
    ended: int | None
    next_attempt: int | None = Field(description="When it is tried again; null when it has ended.")
    attempts: list[WebhookAttempt]


class WebhookDeliveryAnswer(_Wire):
    """One delivery."""

    code: Literal[200]
    data: WebhookDelivery


class WebhookDeliveryPage(_Wire):
    """Deliveries, newest first."""

    code: Literal[200]
    data: list[WebhookDelivery]
    next_cursor: str | None = Field(description="Give it as cursor to get the next page; null on the last.")
