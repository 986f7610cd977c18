"""Reads manifests with the library's own reader, and makes certificates of all sorts."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

# What a certificate that only its owner knows is told; every other failure is a real one.
UNTRUSTED = ["signingCredential.untrusted"]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the reader says of a picture."""

    state: str
    failures: Sequence[str]
    manifest: dict[str, Any]
    store: str

    @property
    def edits(self) -> list[dict[str, Any]]:
        """The actions after the first, which opened the source."""
        (assertion,) = [a for a in self.manifest["assertions"] if a["label"].startswith("c2pa.actions")]
        opened, *edits = assertion["data"]["actions"]
        assert opened["action"] == "c2pa.opened"
        return list(edits)


def read(data: bytes, content_type: str = "image/png", **trust: str) -> Shown:
    """The manifest in ``data`` and what came of checking it."""
    settings = {"verify": {"verify_trust": True, "remote_manifest_fetch": False}, "trust": trust}
    with c2pa.Reader(content_type, io.BytesIO(data), context=c2pa.Context.from_dict(settings)) as reader:
        results = reader.get_validation_results()["activeManifest"]
        return Shown(
            reader.get_validation_state(),
            [failure["code"] for failure in results["failure"]],
            reader.get_active_manifest(),
            reader.detailed_json(),
        )


def write_pair(
    folder: Path,
    key: Key,
    *,
    days: int = 30,
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.EMAIL_PROTECTION,
    form: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8,
    passphrase: bytes | None = None,
) -> tuple[Path, Path]:
    """A self-signed certificate for ``key``, ending in ``days``, and the key: PEM files in ``folder``."""
    end = datetime.now(UTC) + timedelta(days=days)
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "An owner")])
    public = key.public_key()
    own = x509.SubjectKeyIdentifier.from_public_key(public)
    others = (
        "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign",
        "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    usages = x509.KeyUsage(digital_signature=True, **dict.fromkeys(others, False))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=60))
        .not_valid_after(end)
        .add_extension(usages, critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(own, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), critical=False)
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )
    locked = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    certificate_file, key_file = folder / "owner.pem", folder / "owner.key"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, locked))
    return certificate_file, key_file
