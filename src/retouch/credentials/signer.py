"""Signs finished bytes. It has the key, so it works outside the child; it decodes and fetches nothing."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Self

import c2pa

from retouch import telemetry
from retouch.credentials.certificates import Identity, identity
from retouch.credentials.manifest import manifest
from retouch.errors import SetupError

if TYPE_CHECKING:
    from retouch.settings import Settings

log = telemetry.logger(__name__)

CONTENT_TYPES: Final = frozenset({"image/png", "image/jpeg", "image/webp", "image/avif"})

_LIBRARY: Final[Mapping[str, Any]] = {
    # A thumbnail is made by decoding the picture, here beside the key; and is most of a manifest.
    "builder": {"thumbnail": {"enabled": False}, "certificate_status_fetch": None},
    # What was just signed is read back once: a picture never goes out with a signature that does not hold.
    "verify": {
        "verify_after_sign": True,
        "verify_trust": False,
        "ocsp_fetch": False,
        "remote_manifest_fetch": False,
    },
    "core": {"allowed_network_hosts": []},
}

# One white pixel, signed at the start to find out whether the certificate can sign.
_PROBE: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4//8/AAX+Av4N70a4AAAAAElFTkSuQmCC"
)


class NotSigned(Exception):
    """These bytes got no content credentials; ``message`` says so in public words."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Signer:
    """Puts a signed manifest into pictures. Threads may share one; a call blocks for milliseconds."""

    def __init__(self, who: Identity) -> None:
        info = c2pa.C2paSignerInfo(who.algorithm, who.chain.encode(), who.key.encode(), None)
        self._key = c2pa.Signer.from_info(info)
        self._context = c2pa.Context.from_dict(dict(_LIBRARY))

    @classmethod
    def open(cls, settings: Settings) -> Self | None:
        """The signer of this data folder, or of the owner's certificate; None where the settings say off.

        Raises:
            SetupError: the certificate cannot sign (broken, expired, of another purpose). Said at the start
                and not at the first picture.
        """
        if not settings.content_credentials:
            return None
        who = identity(settings)
        try:
            signer = cls(who)
            signer._put(_PROBE, "image/png", manifest([], "builtin", "probe"))
        except c2pa.C2paError as error:
            raise SetupError(
                f"the certificate for content credentials cannot sign: {error}",
                "see docs/how-to/content-credentials.md for what it needs, or set content_credentials=off",
            ) from error
        return signer

    def sign(
        self,
        data: bytes,
        content_type: str,
        *,
        operations: Sequence[Mapping[str, Any]],
        engine: str,
        title: str,
    ) -> bytes:
        """``data`` with a manifest put in, its pixels as they were. A manifest that is there is replaced.

        Args:
            data: a whole encoded picture.
            content_type: one of CONTENT_TYPES.
            operations: a plan's, in their flat form; what of them is told stands in manifest.py.
            engine: the engine's name.
            title: a public name for the picture.

        Raises:
            NotSigned: a format without a place for a manifest, or the library failed. The picture itself is
                good: deliver it as it is, and say so.
        """
        if content_type not in CONTENT_TYPES:
            raise NotSigned(f"content credentials cannot be put into {content_type}")
        try:
            return self._put(data, content_type, manifest(operations, engine, title))
        except c2pa.C2paError as error:
            log.error("content credentials failed", content_type=content_type, cause=str(error))  # noqa: TRY400 - the library's message is all there is
            raise NotSigned("content credentials could not be added to this picture") from error

    def _put(self, data: bytes, content_type: str, definition: Mapping[str, Any]) -> bytes:
        target = io.BytesIO()
        with c2pa.Builder(dict(definition), context=self._context) as builder:
            builder.sign(self._key, content_type, io.BytesIO(data), target)
        return target.getvalue()
