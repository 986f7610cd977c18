"""The model of all settings: names, defaults, bounds, meanings."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from retouch.settings import checks
from retouch.settings.sources import TomlFile, default_data_dir, default_weights_dir
from retouch.task import DEFAULT_MODEL

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


class ModelRoute(BaseModel):
    """Which engines serve a model name, in order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engines: tuple[str, ...] = Field(min_length=1)
    price: Decimal = Field(default=Decimal(0), ge=0, le=1_000_000, decimal_places=6)  # credits for a picture


def _default_models() -> dict[str, ModelRoute]:
    builtin = ModelRoute(engines=("builtin",))
    return {DEFAULT_MODEL: builtin, "retouch-builtin": builtin}


class Settings(BaseSettings):
    """All settings of one process. Immutable; unsafe combinations are refused when it is made."""

    model_config = SettingsConfigDict(
        env_prefix="RETOUCH_", frozen=True, extra="forbid", env_ignore_empty=True
    )

    # --- where
    data_dir: Path = Field(default_factory=default_data_dir, description="Folder of everything that is kept.")
    weights_dir: Path = Field(
        default_factory=default_weights_dir,
        description="Folder of the model files; never under the data folder.",
    )
    host: str = Field(default="127.0.0.1", description="Address that the API listens on.")
    port: int = Field(
        default=8000, ge=0, le=65535, description="Port that the API listens on; 0 picks a free one."
    )
    public_url: str | None = Field(
        default=None,
        description="Base of the URLs given to clients. Required for webhooks, and unless bound to loopback.",
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Addresses or CIDRs whose X-Forwarded-For and -Proto are believed; comma-separated.",
    )
    secret: SecretStr | None = Field(
        default=None,
        description="Pepper of API keys and signing key of URLs, 32 characters or more. Default: made on the "
        "first start and kept in the data folder. Several machines on one database must share it.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level logged."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto", description="auto: console on a terminal, JSON lines elsewhere."
    )

    # --- database
    database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL to use. Default: the bundled server, run in the data folder."
    )
    postgres_bin: Path | None = Field(
        default=None, description="Folder with initdb and postgres, instead of the bundled ones."
    )
    postgres_user: str = Field(
        default="nobody",
        description="Existing user that runs the bundled server when Retouch is started by root.",
    )
    database_pool: int = Field(default=10, ge=2, le=200, description="Most connections of one process.")

    # --- objects
    object_store_url: str | None = Field(
        default=None, description="s3://, gs:// or az:// bucket URL. Default: files in the data folder."
    )

    # --- the door
    body_max_bytes: int = Field(default=32 * MIB, ge=KIB, description="Largest request body.")
    bodies_in_flight_bytes: int = Field(
        default=256 * MIB,
        ge=MIB,
        description="Sum of the bodies being read at once, per process; over it: 503.",
    )
    image_max_bytes: int = Field(default=20 * MIB, ge=KIB, description="Largest picture, encoded.")
    images_max: int = Field(default=16, ge=1, le=64, description="Most pictures in one request.")
    header_max_bytes: int = Field(default=16 * KIB, ge=KIB, description="Largest sum of request headers.")
    header_max_count: int = Field(default=100, ge=10, description="Most request headers.")
    headers_timeout_s: float = Field(
        default=15, gt=0, description="Time for the headers of a request to arrive."
    )
    request_timeout_s: float = Field(default=60, gt=0, description="Time for a whole request to arrive.")
    prompt_max_chars: int = Field(default=8000, ge=1, description="Longest instruction, after NFC and trim.")
    queue_max_depth: int = Field(
        default=10_000, ge=1, description="Waiting tasks over which a submit answers 503."
    )
    account_tasks_at_once: int | None = Field(
        default=None,
        ge=1,
        description="Tasks of one account that run at once, unless `retouch accounts set` says otherwise for "
        "it. Default: no bound; accounts take turns all the same.",
    )
    sync_wait_s: float = Field(
        default=100, gt=0, description="Longest wait of a synchronous dialect; then 504 with the task's id."
    )
    streams_max: int = Field(
        default=2000, ge=1, description="Clients that may follow or wait for tasks at once, per process."
    )
    stream_heartbeat_s: float = Field(
        default=15, gt=0, description="Silence after which an event stream sends a comment."
    )
    disk_min_free_percent: float = Field(
        default=5, ge=0, le=100, description="Free disk under which a submit or upload answers 503."
    )

    # --- pictures
    image_max_pixels: int = Field(default=24_000_000, ge=1, description="Most pixels of a picture, decoded.")

    scenes_dir: Path | None = Field(
        default=None,
        description="Folder of the owner's own pictures that a background may become, asked for by their "
        "file names. Read when a process starts.",
    )

    # --- the content gate
    gate: Literal["off", "nsfw"] = Field(
        default="off",
        description="nsfw: judge every picture that comes in and every result, and refuse what the model of "
        "that name scores gate_threshold or more. Then that model must be there.",
    )
    gate_threshold: float = Field(
        default=0.85, ge=0, le=1, description="Score from which on the gate refuses; 0 refuses everything."
    )

    # --- content credentials
    content_credentials: bool = Field(
        default=True, description="Put a signed C2PA manifest (what made it, and how) into every result."
    )
    credentials_certificate: Path | None = Field(
        default=None,
        description="Certificate to sign results with: PEM, the leaf first, then its intermediates. "
        "Default: one made on the first start and kept in the data folder.",
    )
    credentials_key: Path | None = Field(
        default=None, description="Private key of credentials_certificate: PEM, without a passphrase."
    )

    # --- fetching sources
    fetch_connect_timeout_s: float = Field(default=10, gt=0, description="Time to connect to a source.")
    fetch_timeout_s: float = Field(
        default=30, gt=0, description="Time for a whole source, redirects included."
    )
    fetch_max_redirects: int = Field(default=3, ge=0, le=10, description="Most redirects of a source.")
    fetch_allow: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Private networks that sources may lie in, as CIDR:port; comma-separated."
    )
    fetch_ca: Path | None = Field(
        default=None, description="Further certificate authorities for sources, PEM."
    )

    # --- models
    models: dict[str, ModelRoute] = Field(
        default_factory=_default_models,
        description='Model name to engines in order: [models."name"] engines = ["builtin"]. A price there '
        "(price = 0.04) is what a delivered picture of that model costs in credits; default 0.",
    )
    requests_per_minute: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="Submits and uploads that a key may send in a minute, unless it has a limit of its own. "
        "Unset: as many as it likes.",
    )

    # --- the chat planner
    planner_url: str | None = Field(
        default=None,
        description="Base URL of an OpenAI-compatible chat endpoint (http://127.0.0.1:11434/v1) that is "
        "asked to plan what the offline planner refuses. Unset: every instruction is read on this machine.",
    )
    planner_model: str | None = Field(
        default=None, description="Model to ask there. Required with planner_url."
    )
    planner_api_key: SecretStr | None = Field(
        default=None, description="Key for planner_url, sent as a bearer token."
    )
    planner_timeout_s: float = Field(
        default=8, gt=0, le=60, description="Time for the chat model's whole answer; then the refusal stands."
    )

    # --- the worker
    worker_slots: int = Field(
        default_factory=lambda: max(1, (os.cpu_count() or 1) // 2),
        ge=1,
        le=64,
        description="Edits at once, each in a child process of its own. Default: half the cores.",
    )
    child_threads: int = Field(
        default=0, ge=0, le=256, description="Threads of one child; 0 shares the cores among the slots."
    )
    child_address_space_bytes: int = Field(
        default=6 * GIB,  # 2.6 hold a warm child, 3.4 one that has enlarged and read text
        ge=2 * GIB,
        description="Address space of a child (RLIMIT_AS); under 2 GiB nets fail to load.",
    )
    child_memory_bytes: int = Field(
        default=3 * GIB, ge=GIB // 2, description="Resident memory over which a child is killed."
    )
    sandbox_user: str = Field(default="nobody", description="User that a child becomes when started by root.")
    edit_timeout_s: float = Field(default=300, gt=0, description="Deadline of one attempt's work on pixels.")
    lease_s: float = Field(
        default=15, gt=0, description="Time without a heartbeat after which a task is taken over."
    )
    heartbeat_s: float = Field(
        default=4, gt=0, description="Time between two heartbeats; under half the lease."
    )
    reconcile_s: float = Field(default=10, gt=0, description="Time between two looks for lost tasks.")
    retry_max: int = Field(
        default=4, ge=0, description="Attempts after the first for a failure that may pass."
    )
    retry_base_s: float = Field(
        default=1, gt=0, description="First back-off; doubled each time, with jitter."
    )
    child_crashed_max: int = Field(default=3, ge=1, description="Attempts that may kill their child.")
    worker_lost_max: int = Field(default=10, ge=1, description="Attempts that may lose their worker.")
    shutdown_grace_s: float = Field(
        default=20,
        ge=0,
        description="Time that running edits get to finish at shutdown; then they are handed back.",
    )
    queue_notify: bool = Field(
        default=True, description="Wake workers by NOTIFY (one commit lock for all submits); off: they poll."
    )
    queue_poll_s: float = Field(default=5, gt=0, description="Time between two looks for work.")

    # --- webhooks
    webhook_slots: int = Field(
        default=32, ge=1, le=512, description="Webhook messages on their way at once, per worker."
    )
    webhook_slots_per_host: int = Field(
        default=4,
        ge=1,
        description="Those to one receiver, over all workers, so that a dead one holds up nobody else.",
    )
    webhook_timeout_s: float = Field(
        default=15, gt=0, le=120, description="Time for a receiver's whole answer to a webhook."
    )
    webhook_retry_s: Annotated[tuple[Annotated[float, Field(gt=0)], ...], NoDecode] = Field(
        default=(5, 300, 1800, 7200, 18_000, 36_000, 36_000),
        description="Pauses after each attempt that failed, with jitter; after the last one it stays failed. "
        "Comma-separated.",
    )
    webhook_rotation_h: float = Field(
        default=24, gt=0, description="Hours that the secret before a rotation signs, too."
    )

    # --- keeping
    results_ttl_h: float = Field(default=24, gt=0, description="Hours that results are kept.")
    uploads_ttl_h: float = Field(default=72, gt=0, description="Hours that uploads are kept.")
    usage_days: float = Field(
        default=400,
        gt=0,
        description="Days that the record of who had which pictures at what cost is kept.",
    )
    task_rows_days: float = Field(default=30, gt=0, description="Days that the rows of ended tasks are kept.")
    idempotency_ttl_h: float = Field(
        default=48, ge=24, description="Hours that an Idempotency-Key answers with its first task."
    )
    keep_inputs: bool = Field(default=False, description="Keep input pictures as long as results.")
    retention_s: float = Field(default=60, gt=0, description="Time between two sweeps of what has expired.")
    orphan_age_s: float = Field(
        default=600, gt=0, description="Age at which a stored object that no row names is deleted."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - we read no .env: one file is enough
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the names are the library's
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments over environment over file."""
        return init_settings, env_settings, TomlFile(settings_cls, init_settings())

    @model_validator(mode="before")
    @classmethod
    def _split_lists(cls, values: dict[str, Any]) -> dict[str, Any]:
        for name in ("trusted_proxies", "fetch_allow", "webhook_retry_s"):
            if isinstance(values.get(name), str):
                values[name] = tuple(part.strip() for part in values[name].split(",") if part.strip())
        return values

    @field_validator("public_url")
    @classmethod
    def _refuse_unusable_base(cls, value: str | None) -> str | None:
        return checks.usable_base(value)

    @model_validator(mode="after")
    def _refuse_unsafe(self) -> Self:
        checks.refuse_unsafe(self)
        checks.refuse_unusable_planner(self)
        return self

    def price_of(self, model: str) -> Decimal:
        """Credits for a delivered picture of this model."""
        route = self.models.get(model)
        return route.price if route else Decimal(0)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the API."""
        return checks.is_loopback(self.host)

    @property
    def threads_per_child(self) -> int:
        """Threads that one child may use."""
        return self.child_threads or max(1, (os.cpu_count() or 1) // self.worker_slots)

    @property
    def objects_dir(self) -> Path:
        """Folder of the local object store."""
        return self.data_dir / "objects"
