"""Who asks: the bearer key of a request, and what that key may do."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from retouch.api.context import add_headers, request_id
from retouch.api.services import services
from retouch.errors import Forbidden, RateLimited, Unauthenticated
from retouch.tasks.keys import Actor, Principal
from retouch.tasks.rate import Allowance, take

if TYPE_CHECKING:
    from retouch.settings import ModelRoute, Settings

_MAX_TOKEN = 512
_bearer = HTTPBearer(auto_error=False, description="An API key, as `retouch keys create` prints it.")


async def authenticate(
    request: Request,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Principal:
    """The owner of the key.

    Raises:
        Unauthenticated: no key, or one that is not known, expired or disabled; the answer is the same.
        Forbidden: the key may not be used from this address.
    """
    if given is None or not given.credentials:
        raise _refused("Send your API key as Authorization: Bearer <key>.")
    if len(given.credentials) > _MAX_TOKEN or not given.credentials.isascii():
        raise _refused("This API key is not valid.")
    principal = await services(request).keys.authenticate(given.credentials)
    if principal is None:
        raise _refused("This API key is not valid.")
    if principal.networks is not None and not _is_within(client_address(request), principal):
        raise Forbidden("This key may not be used from your address.")
    return principal


async def authenticate_from_outside(
    request: Request,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> None:
    """For pages that are open on one's own machine and want a key where others can reach them."""
    if not services(request).settings.is_loopback:
        await authenticate(request, given)


Caller = Annotated[Principal, Depends(authenticate)]


async def require_admin(caller: Caller) -> Principal:
    """The owner of an admin key; Forbidden for all others."""
    if not caller.admin:
        raise Forbidden("Only an admin key may do that.")
    return caller


async def meter(request: Request, caller: Caller) -> Principal:
    """Count a request against the key's limit, if it has one, and say in the answer how it stands.

    Raises:
        RateLimited: too many in the last minute.
    """
    house = services(request)
    per_minute = caller.requests_per_minute or house.settings.requests_per_minute
    if per_minute is None:
        return caller
    allowance = await take(house.pool, caller.key_id, per_minute)
    add_headers(request.scope, _told(allowance))
    if allowance.retry_after_s is not None:
        raise RateLimited(
            f"This key may send {per_minute} submits and uploads a minute; "
            f"come back in {allowance.retry_after_s} seconds.",
            headers={"Retry-After": str(allowance.retry_after_s)},
        )
    return caller


Admin = Annotated[Principal, Depends(require_admin)]
MeteredCaller = Annotated[Principal, Depends(meter)]


def actor(request: Request, caller: Principal) -> Actor:
    """The caller as the audit log names it."""
    return Actor(caller.key_id, request_id(request.scope), client_address(request))


def client_address(request: Request) -> str | None:
    """Where the request comes from; behind a proxy of the settings, what that proxy says."""
    return request.client.host if request.client else None


def usable_models(caller: Principal, settings: Settings) -> Mapping[str, ModelRoute]:
    """The models that the key may use."""
    if caller.models is None:
        return settings.models
    return {name: route for name, route in settings.models.items() if name in caller.models}


def narrowed(caller: Principal, settings: Settings, wanted: object) -> Settings:
    """Settings in which there are only the models that the key may use.

    Raises:
        Forbidden: ``wanted``, the model of the request, is served here but not for this key.
    """
    if caller.models is None:
        return settings
    models = usable_models(caller, settings)
    if isinstance(wanted, str) and wanted in settings.models and wanted not in models:
        raise Forbidden(f"This key may not use the model {wanted}; it may use: {', '.join(sorted(models))}.")
    return settings.model_copy(update={"models": models})


def _is_within(address: str | None, principal: Principal) -> bool:
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:  # nothing that a proxy could vouch for
        return False
    mapped = getattr(found, "ipv4_mapped", None)  # how a socket for both families shows IPv4
    return any((mapped or found) in network for network in principal.networks or ())


def _told(allowance: Allowance) -> Mapping[str, str]:
    """In the fields that are in use, and in those of draft-ietf-httpapi-ratelimit-headers."""
    return {
        "RateLimit-Limit": str(allowance.limit),
        "RateLimit-Remaining": str(allowance.remaining),
        "RateLimit-Reset": str(allowance.reset_s),
        "RateLimit-Policy": f'"key";q={allowance.limit};w=60',
        "RateLimit": f'"key";r={allowance.remaining};t={allowance.reset_s}',
    }


def _refused(message: str) -> Unauthenticated:
    return Unauthenticated(message, headers={"WWW-Authenticate": "Bearer"})
