"""The certificate: made once whoever comes first, renewed in time, or the owner's; a bad one is told."""

from __future__ import annotations

import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from tests.support_credentials import UNTRUSTED, Key, Shown, read, write_pair

from retouch.credentials import certificates
from retouch.credentials.signer import Signer
from retouch.errors import SetupError
from retouch.settings import Settings, load_settings
from retouch.testing import pictures

PNG = pictures.saved(pictures.photo())


def shown(settings: Settings, **trust: str) -> Shown:
    signer = Signer.open(settings)
    assert signer is not None
    return read(signer.sign(PNG, "image/png", operations=[], engine="builtin", title="t"), **trust)


# --- Our own ---------------------------------------------------------------------------------------


def test_the_first_start_makes_files_for_the_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    assert shown(settings).failures == UNTRUSTED
    folder = settings.data_dir / "credentials"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert modes == dict.fromkeys(("ca.pem", "ca.key", "leaf.pem", "leaf.key"), 0o600)
    assert [path.name for path in settings.data_dir.iterdir()] == ["credentials"]


def test_whoever_installs_the_authority_trusts_the_picture(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    assert shown(settings).state == "Valid"
    authority = (settings.data_dir / "credentials" / "ca.pem").read_text()
    trusted = shown(settings, user_anchors=authority)
    assert (trusted.state, trusted.failures) == ("Trusted", [])


_OPEN = """
import sys
from pathlib import Path
from retouch.credentials.certificates import identity
from retouch.settings import Settings
print("here", flush=True)
sys.stdin.readline()
print(identity(Settings(data_dir=Path(sys.argv[1]))).chain)
"""


def test_processes_that_start_at_once_end_with_the_same_certificate(tmp_path: Path) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _OPEN, str(tmp_path / "data")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    chains = {process.communicate()[0] for process in started}
    assert [process.returncode for process in started] == [0, 0, 0]
    assert len(chains) == 1
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["credentials"]


def test_who_comes_second_while_making_takes_the_first_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    make = certificates._make
    first = []

    def overtaken(folder: Path) -> None:
        make(folder)
        monkeypatch.setattr(certificates, "_make", make)
        first.append(certificates.identity(settings))

    monkeypatch.setattr(certificates, "_make", overtaken)
    assert certificates.identity(settings) == first[0]


def test_a_leaf_near_its_end_is_renewed_for_the_same_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    monkeypatch.setattr(certificates, "_LEAF_LIFE", certificates._LEAF_LEFT - timedelta(days=1))
    old = certificates.identity(settings)
    monkeypatch.undo()
    new = certificates.identity(settings)

    assert (new.chain != old.chain, new.key == old.key) == (True, True)
    assert certificates.identity(settings) == new
    authority = (settings.data_dir / "credentials" / "ca.pem").read_text()
    assert shown(settings, user_anchors=authority).state == "Trusted"


@pytest.mark.parametrize("name", ["leaf.pem", "leaf.key"])
@pytest.mark.parametrize("text", [None, "broken"])
def test_a_damaged_folder_is_said_and_not_replaced(tmp_path: Path, name: str, text: str | None) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    shown(settings)
    file = settings.data_dir / "credentials" / name
    file.unlink()
    if text is not None:
        file.write_text(text)
    with pytest.raises(SetupError, match=name) as caught:
        Signer.open(settings)
    assert "backup" in caught.value.hint or "PEM form" in caught.value.message


def test_no_key_in_a_repr(tmp_path: Path) -> None:
    who = certificates.identity(Settings(data_dir=tmp_path / "data"))
    assert "PRIVATE" in who.key
    assert "PRIVATE" not in repr(who)


# --- The owner's -----------------------------------------------------------------------------------


def settings_with(tmp_path: Path, pair: tuple[Path, Path]) -> Settings:
    return Settings(data_dir=tmp_path / "data", credentials_certificate=pair[0], credentials_key=pair[1])


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP256R1()), "es256"),
        (ec.generate_private_key(ec.SECP384R1()), "es384"),
        (ec.generate_private_key(ec.SECP521R1()), "es512"),
        (rsa.generate_private_key(65537, 2048), "ps256"),
        (ed25519.Ed25519PrivateKey.generate(), "ed25519"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_owners_certificate_signs(tmp_path: Path, key: Key, algorithm: str) -> None:
    settings = settings_with(tmp_path, write_pair(tmp_path, key))
    signature = shown(settings).manifest["signature_info"]
    assert (signature["alg"].lower(), signature["issuer"]) == (algorithm, "An owner")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "key", [ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)], ids=["ec", "rsa"]
)
def test_keys_in_their_older_forms_are_read(tmp_path: Path, key: Key) -> None:
    pair = write_pair(tmp_path, key, form=PrivateFormat.TraditionalOpenSSL)
    assert shown(settings_with(tmp_path, pair)).failures == UNTRUSTED


def unreadable(tmp_path: Path, case: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    match case:
        case "ended":
            return write_pair(tmp_path, key, days=-1)
        case "for servers":
            return write_pair(tmp_path, key, usage=ExtendedKeyUsageOID.SERVER_AUTH)
        case "locked":
            return write_pair(tmp_path, key, passphrase=b"correct horse")
        case "odd curve":
            return write_pair(tmp_path, ec.generate_private_key(ec.SECP256K1()))
    certificate, key_file = write_pair(tmp_path, key)
    match case:
        case "no file":
            key_file.unlink()
        case "another's key":
            write_pair(tmp_path / "..", ec.generate_private_key(ec.SECP256R1()))
            key_file = tmp_path / ".." / "owner.key"
        case "no key":
            key_file.write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
        case "no certificate":
            certificate.write_text("hello")
        case "odd kind":
            pem = dsa.generate_private_key(2048).private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            )
            key_file.write_bytes(pem)
    return certificate, key_file


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("ended", "not valid at time of signing"),
        ("for servers", "certificate is invalid"),
        ("locked", "without a passphrase"),
        ("odd curve", "curve"),
        ("no file", r"owner\.key: No such file"),
        ("another's key", "is not the key of"),
        ("no key", "has no private key"),
        ("no certificate", "has no certificate"),
        ("odd kind", "of a kind"),
    ],
)
def test_what_cannot_sign_stops_the_start(tmp_path: Path, case: str, message: str) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    with pytest.raises(SetupError, match=message) as caught:
        Signer.open(settings_with(tmp_path, unreadable(inner, case)))
    assert caught.value.hint
    assert "PRIVATE" not in caught.value.message


def test_a_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="need each other"):
        load_settings(data_dir=tmp_path, credentials_certificate=tmp_path / "owner.pem")
