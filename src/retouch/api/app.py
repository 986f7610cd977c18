"""The application: middlewares from outside in, then the routes."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.middleware import Middleware

import retouch.api.account
import retouch.api.edits
import retouch.api.tasks
from retouch.api import problems
from retouch.api.context import Context
from retouch.api.limits import Limits
from retouch.api.services import Services, open_services
from retouch.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from retouch.settings import Settings

_ROUTERS = (
    retouch.api.edits.router,
    retouch.api.tasks.router,
    retouch.api.account.router,
)


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
    for router in _ROUTERS:
        app.include_router(router)
    return app


def _url(settings: Settings) -> str:
    if settings.database_url is None:
        raise SetupError(
            "the API needs a database", "set RETOUCH_DATABASE_URL, or start everything with: retouch run"
        )
    return settings.database_url.get_secret_value()
