"""How addresses of providers are read, and told without what is secret in them."""

from collections.abc import Sequence
from urllib.parse import urlsplit, urlunsplit


def extended(address: str, path: str) -> str:
    """Append *path* to the path of *address*; a query string of it is kept."""
    url = urlsplit(address)
    return urlunsplit((url.scheme, url.netloc, url.path.rstrip("/") + path, url.query, ""))


def shown(address: str) -> str:
    """Write *address* for a person: a password in it is `xxxxx`."""
    before, at, host = address.rpartition("@")
    user, colon, _ = before.rpartition(":")
    if not at or "//" not in before or not colon or user.endswith(("http", "https")):
        return address
    return f"{user}:xxxxx@{host}"


def host_of(address: str) -> str:
    """Return host and port of *address*."""
    return urlsplit(address).netloc.rpartition("@")[2]


def told_apart(addresses: Sequence[str]) -> tuple[str, ...]:
    """Return a short name of each address: its host, all of it where another has the same host."""
    hosts = [host_of(address) for address in addresses]
    return tuple(
        host if hosts.count(host) == 1 else shown(address)
        for host, address in zip(hosts, addresses, strict=True)
    )
