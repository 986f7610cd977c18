"""The certificate that results are signed with: the owner's, or one made here on the first start.

Ours is a certificate authority of this data folder and a leaf under it, in the profile of C2PA 2.x (section
"X.509 certificates": P-256, digitalSignature, emailProtection). Nobody elsewhere trusts it, and nobody needs
to in order to find out whether a picture was changed.
"""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from retouch.errors import SetupError

if TYPE_CHECKING:
    from retouch.settings import Settings

_AUTHORITY_LIFE: Final = timedelta(days=30 * 365)
# Nothing is asked of a time-stamp authority (that would be a connection), so a signature is believed as long
# as its certificate is valid: every picture is checkable for at least the five years that a leaf has left.
_LEAF_LIFE: Final = timedelta(days=10 * 365)
_LEAF_LEFT: Final = timedelta(days=5 * 365)
_CLOCK_SKEW: Final = timedelta(hours=1)

_CURVES: Final = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_USAGES: Final = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip

_Key: TypeAlias = "ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signs. ``chain`` is PEM, leaf first; ``key`` is PKCS#8 PEM and not in the repr."""

    algorithm: str  # of the C2PA list: es256 es384 es512 ps256 ed25519
    chain: str
    key: str = field(repr=False)


def identity(settings: Settings) -> Identity:
    """The owner's certificate where the settings name one, else the data folder's own, made if need be.

    Raises:
        SetupError: a file is missing, unreadable, or no certificate or key that can sign; the folder cannot
            be written.
    """
    try:
        if settings.credentials_certificate is not None and settings.credentials_key is not None:
            return _read(settings.credentials_certificate, settings.credentials_key)
        folder = settings.data_dir / "credentials"
        _make_once(folder)
        _renew(folder)
        return _read(folder / "leaf.pem", folder / "leaf.key")
    except OSError as error:
        raise SetupError(
            f"the certificate for content credentials cannot be used: {error.filename}: {error.strerror}",
            "make the file readable, restore it from a backup, or set content_credentials=off",
        ) from error


def _read(certificate: Path, key_file: Path) -> Identity:
    try:
        chain = x509.load_pem_x509_certificates(certificate.read_bytes())
    except ValueError as error:
        raise SetupError(
            f"{certificate} has no certificate in PEM form", "put the leaf there, then its intermediates"
        ) from error
    key = _read_key(key_file)
    if chain[0].public_key() != key.public_key():
        raise SetupError(f"{key_file} is not the key of {certificate}", "correct the pair of files")
    return Identity(_algorithm(key, key_file), "".join(map(_pem, chain)), _key_pem(key))


def _read_key(file: Path) -> _Key:
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except (ValueError, TypeError) as error:  # TypeError: it is encrypted
        raise SetupError(
            f"{file} has no private key in PEM form without a passphrase", "write the key so"
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        raise SetupError(f"{file} is of a kind that C2PA does not sign with", "use EC P-256, RSA or Ed25519")
    return key


def _algorithm(key: _Key, file: Path) -> str:
    if isinstance(key, rsa.RSAPrivateKey):
        return "ps256"
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if key.curve.name not in _CURVES:
        raise SetupError(f"{file} is on a curve that C2PA does not sign with", "use P-256, P-384 or P-521")
    return _CURVES[key.curve.name]


# --- Our own authority ------------------------------------------------------------------------------


def _make_once(folder: Path) -> None:
    if folder.exists():
        return
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = folder.with_name(f"credentials.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        _make(fresh)
        # All files appear at once, and not at all for whoever comes second: a full folder is not replaced.
        fresh.rename(folder)
    except OSError:
        if not folder.exists():
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    authority_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _authority(authority_key)
    leaf = _leaf(authority, authority_key, leaf_key.public_key())
    for name, text in {
        "ca.pem": _pem(authority),
        "ca.key": _key_pem(authority_key),
        "leaf.pem": _pem(leaf),
        "leaf.key": _key_pem(leaf_key),
    }.items():
        _write(folder / name, text)


def _renew(folder: Path) -> None:
    """A new leaf for the same key where the old one nears its end: one file changes, in one rename."""
    leaf = _certificate(folder / "leaf.pem")
    if leaf.not_valid_after_utc - datetime.now(UTC) > _LEAF_LEFT:
        return
    authority, authority_key = _certificate(folder / "ca.pem"), _read_key(folder / "ca.key")
    leaf_key = _read_key(folder / "leaf.key")
    fresh = folder / f"leaf.pem.{os.getpid()}.{secrets.token_hex(4)}"
    _write(fresh, _pem(_leaf(authority, authority_key, leaf_key.public_key())))
    fresh.replace(folder / "leaf.pem")


def _certificate(file: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(file.read_bytes())
    except ValueError as error:
        hint = "restore the folder from a backup, or delete it to have a new one made"
        raise SetupError(f"{file} is broken", hint) from error


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = _name(f"Retouch local authority {secrets.token_hex(4)}")
    return (
        _unsigned(name, name, key.public_key(), _AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
        .sign(key, hashes.SHA256())
    )


def _leaf(authority: x509.Certificate, authority_key: _Key, key: _PublicKey) -> x509.Certificate:
    life = min(_LEAF_LIFE, authority.not_valid_after_utc - datetime.now(UTC))
    issuer_key = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        _unsigned(_name("Retouch content credentials"), authority.subject, key, life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_key), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )


def _unsigned(
    subject: x509.Name, issuer: x509.Name, key: _PublicKey, life: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common: str) -> x509.Name:
    # No host, user or address: the name goes out with every picture.
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Retouch"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _usage(*wanted: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{name: name in wanted for name in _USAGES})


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: _Key) -> str:
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, *private).decode()


def _write(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())


_PublicKey: TypeAlias = "ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey"
