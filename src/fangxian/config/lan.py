"""HTTPS on the street's own network: a local authority and a certificate of this server, made on this machine.

Camera, service worker and WebCrypto exist only on https pages. `python -m fangxian.config.lan FOLDER ADDRESS` makes
what is missing or about to expire and prints nothing; a tablet that trusts `ca.crt` opens the server without a warning.
"""

import ipaddress
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS: Final = 5 * 365
SERVER_DAYS: Final = 397
"""Browsers refuse longer ones."""
RENEW_DAYS: Final = 30
LOCAL: Final = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Files:
    """Where the certificates lie. `authority` is what a tablet is given; the keys never leave the folder."""

    folder: Path

    @property
    def authority(self) -> Path:
        return self.folder / "ca.crt"

    @property
    def authority_key(self) -> Path:
        return self.folder / "ca.key"

    @property
    def server(self) -> Path:
        return self.folder / "server.crt"

    @property
    def server_key(self) -> Path:
        return self.folder / "server.key"


def ensure(folder: Path, address: str, now: datetime) -> Files:
    """Make the authority once, and a certificate for `address` whenever it is missing, old or for another address."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = Files(folder)
    if not files.authority_key.exists() or _expires(files.authority, now):
        _make_authority(files, now)
        files.server.unlink(missing_ok=True)
    if not files.server.exists() or _expires(files.server, now) or address not in _addresses(files.server):
        _make_server(files, address, now)
    return files


def _expires(path: Path, now: datetime) -> bool:
    return _read(path).not_valid_after_utc < now + timedelta(days=RENEW_DAYS)


def _read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def _addresses(path: Path) -> set[str]:
    names = _read(path).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(names.get_values_for_type(x509.DNSName)) | {
        str(found) for found in names.get_values_for_type(x509.IPAddress)
    }


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _save_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(pem)


def _make_authority(files: Files, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"Fangxian {now:%Y-%m-%d}")
    certificate = (
        _builder(name, name, key.public_key(), now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
                key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    _save_key(files.authority_key, key)
    files.authority.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _builder(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        # a tablet whose clock is a little behind must not find a certificate from the future
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
    )


def _make_server(files: Files, address: str, now: datetime) -> None:
    authority = _read(files.authority)
    signer = serialization.load_pem_private_key(files.authority_key.read_bytes(), password=None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    names = [_general_name(found) for found in dict.fromkeys((address, *LOCAL))]
    certificate = (
        _builder(_name(address), authority.subject, key.public_key(), now, SERVER_DAYS)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    _save_key(files.server_key, key)
    files.server.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _general_name(address: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(address))
    except ValueError:
        return x509.DNSName(address)


if __name__ == "__main__":
    ensure(Path(sys.argv[1]), sys.argv[2], datetime.now(UTC))
