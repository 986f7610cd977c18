"""Who asks: the bearer key of a request."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from retouch.api.services import services
from retouch.errors import Unauthenticated
from retouch.tasks.keys import Principal

_MAX_TOKEN = 512
_bearer = HTTPBearer(auto_error=False, description="An API key, as `retouch keys create` prints it.")


async def authenticate(
    request: Request,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Principal:
    """The owner of the key.

    Raises:
        Unauthenticated: no key, or one that is not known, expired or disabled; the answer is the same.
    """
    if given is None or not given.credentials:
        raise _refused("Send your API key as Authorization: Bearer <key>.")
    if len(given.credentials) > _MAX_TOKEN or not given.credentials.isascii():
        raise _refused("This API key is not valid.")
    principal = await services(request).keys.authenticate(given.credentials)
    if principal is None:
        raise _refused("This API key is not valid.")
    return principal


async def authenticate_from_outside(
    request: Request,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> None:
    """For pages that are open on one's own machine and want a key where others can reach them."""
    if not services(request).settings.is_loopback:
        await authenticate(request, given)


Caller = Annotated[Principal, Depends(authenticate)]


def _refused(message: str) -> Unauthenticated:
    return Unauthenticated(message, headers={"WWW-Authenticate": "Bearer"})
