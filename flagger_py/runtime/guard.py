"""Which addresses no request of a user may reach: the machine's own neighbourhood.

URLs of metrics, webhooks and alerts are written by tenants. Link-local addresses and those where
clouds hand out credentials would turn a request into a theft; they are refused by name, by number
and again by what a name resolves to.

Sources: link-local RFC 3927 and RFC 4291; AWS fd00:ec2::254 in the EC2 user guide, "Instance
metadata"; Alibaba Cloud 100.100.100.200 in its ECS guide, "Instance metadata"; Google Cloud
fd20:ce::254 in "Query VM metadata", https://cloud.google.com/compute/docs/metadata; Azure's wire
server https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16; IPv4
inside of IPv6: mapped RFC 4291, 6to4 RFC 3056, NAT64 by the well-known prefix RFC 6052.
"""

import ipaddress
import socket
from dataclasses import dataclass
from fnmatch import fnmatchcase

from aiohttp.abc import AbstractResolver, ResolveResult

from flagger_py.egress import Unreachable
from flagger_py.errors import SpecError
from flagger_py.runtime.urls import redacted, split

_FORBIDDEN = tuple(
    ipaddress.ip_network(text)
    for text in (
        "169.254.0.0/16",  # Link-local, with most clouds' metadata service.
        "fe80::/10",
        "fd00:ec2::/32",  # AWS metadata over IPv6.
        "fd20:ce::254/128",  # Google Cloud metadata over IPv6.
        "100.100.100.200/32",  # Alibaba Cloud metadata.
        "168.63.129.16/32",  # Azure's wire server, which hands out certificates and settings.
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Guard:
    """What may be called; *hosts* with `*` as wildcard, any host when it is empty."""

    allow_http: bool = True
    allow_link_local: bool = False
    hosts: tuple[str, ...] = ()

    def check(self, url: str, proxy: str | None = None) -> None:
        """Raise `SpecError` for an insecure *url* or none, `Unreachable` for a forbidden one."""
        host = self._host(url, "requests")
        if self.hosts and not any(fnmatchcase(host, pattern) for pattern in self.hosts):
            raise Unreachable(f"{host} is not among the hosts allowed by --egress-allow-hosts")
        self.check_address(host, host)
        if proxy:
            through = self._host(proxy, "proxies")
            self.check_address(through, through)

    def check_address(self, address: str, host: str) -> None:
        """Raise `Unreachable` when *address*, of *host*, is forbidden; a name is not judged."""
        if not self.allow_link_local and forbidden(address):
            raise Unreachable(
                f"{host} is a link-local or metadata address ({address}), which is not called"
            )

    def _host(self, url: str, what: str) -> str:
        parts = split(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SpecError(
                f"{redacted(url)!r} is no http or https URL", reason="UnsupportedConnectionType"
            )
        if parts.scheme == "http" and not self.allow_http:
            raise SpecError(
                f"{redacted(url)}: {what} without TLS are not allowed here "
                f"(--insecure-allow-http=false)",
                reason="InsecureConnectionsDisallowed",
            )
        return parts.hostname


class GuardedResolver(AbstractResolver):
    """Resolves names by *inner* and refuses those that lead to forbidden addresses."""

    def __init__(self, guard: Guard, inner: AbstractResolver) -> None:
        self._guard = guard
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for each in found:
            self._guard.check_address(each["host"], host)
        return found

    async def close(self) -> None:
        await self._inner.close()


def forbidden(address: str) -> bool:
    """Tell whether *address* is a number of the forbidden kind; False for a name."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0].strip("[]"))
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        found = _inside(found) or found
    return any(found.version == net.version and found in net for net in _FORBIDDEN)


def _inside(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that *address* leads to, None where it is its own."""
    if address in _NAT64:
        return ipaddress.IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour
