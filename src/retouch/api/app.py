"""The application: middlewares from outside in, then the routes."""

from __future__ import annotations

import contextlib
import functools
from importlib.metadata import version
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.middleware import Middleware

from retouch.api import (
    account,
    accounts,
    edits,
    events,
    files,
    keys,
    openapi,
    plan,
    problems,
    system,
    tasks,
    uploads,
    usage,
    webhooks,
)
from retouch.api.context import Context
from retouch.api.limits import Limits
from retouch.api.services import Services, open_services
from retouch.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from retouch.settings import Settings

# In the order in which the description shows them.
_ROOMS = (edits, tasks, events, webhooks, uploads, files, plan, account, accounts, usage, keys, system)


def create_app(settings: Settings, *, services: Services | None = None) -> FastAPI:
    """The API. Without ``services`` it opens its own over ``settings.database_url`` when it starts."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if services is not None:
            app.state.services = services
            yield
            return
        async with open_services(settings, _url(settings)) as opened:
            app.state.services = opened
            yield

    app = FastAPI(
        title="Retouch",
        version=version("retouch"),
        generate_unique_id_function=lambda route: route.name,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers=dict(problems.FORESEEN),
        middleware=[
            Middleware(Context),
            Middleware(problems.Boundary),
            Middleware(Limits, settings=settings),
        ],
    )
    for room in _ROOMS:
        app.include_router(room.router)
    app.state.routes = [route for room in _ROOMS for route in room.router.routes]
    app.webhooks.include_router(webhooks.receivers)
    app.openapi = functools.partial(openapi.describe, app, settings.models)  # type: ignore[method-assign]  # the framework's own door
    return app


def _url(settings: Settings) -> str:
    if settings.database_url is None:
        raise SetupError(
            "the API needs a database", "set RETOUCH_DATABASE_URL, or start everything with: retouch run"
        )
    return settings.database_url.get_secret_value()
