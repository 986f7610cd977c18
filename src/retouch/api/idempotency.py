"""``Idempotency-Key``: the same submit, sent again, is the same task.

Compared is what was asked for, not how it was sent: fields in another order, another boundary of a form, or a
seed that the door drew make no difference. The key is written in the task's own transaction (tasks/store.py).
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

from retouch.errors import InvalidRequest
from retouch.tasks.once import OnceKey

if TYPE_CHECKING:
    from starlette.requests import Request

    from retouch.api.dialects.draft import Draft, Given

HEADER = "Idempotency-Key"
REPLAYED = {"Idempotency-Replayed": "true"}
_KEY = re.compile(r"[\x21-\x7e]{1,191}")


def once_key(request: Request, draft: Draft) -> OnceKey | None:
    """The key of this submit, or None where the client gave none.

    Raises:
        InvalidRequest: two keys, or one that is not 1 to 191 visible ASCII characters.
    """
    given = request.headers.getlist(HEADER)
    if not given:
        return None
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        raise InvalidRequest(f"{HEADER} is one value of 1 to 191 visible ASCII characters.", param=HEADER)
    return OnceKey(given[0], fingerprint(draft))


def fingerprint(draft: Draft) -> bytes:
    """SHA-256 of what ``draft`` asks for."""
    # What is not asked for is left out, so that a field of a later version changes no digest of this one.
    asked = {name: value for name, value in draft.request.to_json().items() if value is not None}
    if not draft.seeded:
        del asked["seed"]
    asked["strict"] = draft.strict
    asked["dialect"] = draft.reply.dialect if draft.reply else "apimart"
    asked["pictures"] = [_digest(picture) for picture in draft.pictures]
    asked["mask"] = None if draft.mask is None else _digest(draft.mask)
    text = json.dumps(asked, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()


def _digest(picture: Given) -> str:
    data = picture if isinstance(picture, bytes) else picture.encode()
    return hashlib.sha256(data).hexdigest()
