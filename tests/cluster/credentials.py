"""Who may speak to the bed's API server: its certificates, its signing key, tokens, kubeconfigs."""

import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from flagger_py import clock

_LIFETIME = timedelta(days=30)
_USERS = {
    "admin": ("bed-admin", "system:masters"),
    "controllers": ("system:kube-controller-manager", "system:masters"),
    "kubelet": ("bed-kubelet", "system:masters"),
}
"""User and group by role; names of their own let the audit log tell the bed from what it tests."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The files in *folder* that the API server and its clients need, as `issue` wrote them."""

    folder: Path
    server: str

    @property
    def authority(self) -> Path:
        return self.folder / "ca.crt"

    @property
    def certificate(self) -> Path:
        return self.folder / "apiserver.crt"

    @property
    def key(self) -> Path:
        return self.folder / "apiserver.key"

    @property
    def account_key(self) -> Path:
        """The key that signs the tokens of ServiceAccounts."""
        return self.folder / "accounts.key"

    @property
    def tokens(self) -> Path:
        return self.folder / "tokens.csv"

    def token(self, role: str) -> str:
        """Return the token of *role*: admin, controllers or kubelet."""
        for line in self.tokens.read_text().splitlines():
            token, user, _ = line.split(",", 2)
            if user == _USERS[role][0]:
                return token
        raise KeyError(role)

    def kubeconfig(self, name: str, token: str, namespace: str = "default") -> Path:
        """Write a kubeconfig for the bearer of *token* and return where; JSON, hence also YAML."""
        path = self.folder / f"{name}.kubeconfig"
        authority = str(self.authority)
        context = {"cluster": "bed", "user": name, "namespace": namespace}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "bed",
            "clusters": [
                {
                    "name": "bed",
                    "cluster": {"server": self.server, "certificate-authority": authority},
                }
            ],
            "users": [{"name": name, "user": {"token": token}}],
            "contexts": [{"name": "bed", "context": context}],
        }
        _write(path, json.dumps(content, indent=1).encode())
        return path


def issue(folder: Path, address: IPv4Address, port: int) -> Credentials:
    """Make the keys, certificates and tokens of one control plane, served at *address*."""
    credentials = Credentials(folder, f"https://{address}:{port}")
    ca_key, ca = _authority()
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = (
        _builder("kube-apiserver", ca.subject, key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(address)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    rows = (f'{secrets.token_hex(16)},{user},{user},"{group}"' for user, group in _USERS.values())
    _write(credentials.authority, ca.public_bytes(serialization.Encoding.PEM))
    _write(credentials.certificate, leaf.public_bytes(serialization.Encoding.PEM))
    _write(credentials.key, _pem(key))
    _write(credentials.account_key, _pem(ec.generate_private_key(ec.SECP256R1())))
    _write(credentials.tokens, "\n".join(rows).encode() + b"\n")
    return credentials


def _authority() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key()
    builder = (
        _builder("bed", _named("bed"), public)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_CERTIFIES, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
    return key, builder.sign(key, hashes.SHA256())


_CERTIFIES = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _builder(
    subject: str, issuer: x509.Name, public: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = clock.wall_clock()
    return (
        x509.CertificateBuilder()
        .subject_name(_named(subject))
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _LIFETIME)
    )


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,  # In PKCS8 no EC key signs for accounts.
        serialization.NoEncryption(),
    )


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
