"""Which proxy the environment puts between us and a server.

As Go's `http.ProxyFromEnvironment`, which Flagger and Flux obey: HTTPS_PROXY, HTTP_PROXY and
NO_PROXY in either case, and never for this very machine.
"""

import ipaddress
from collections.abc import Mapping
from urllib.request import (  # type: ignore[attr-defined]  # Typeshed lacks the second.
    getproxies_environment,
    proxy_bypass_environment,
)

from flagger_py.runtime.urls import split

Proxies = Mapping[str, str]
"""The proxy for each scheme, and under `no` which servers are called directly."""


def from_environment() -> Proxies:
    """Read the environment: too slow for each request."""
    return getproxies_environment()


def proxy_for(url: str, proxies: Proxies) -> str | None:
    """Return the one of *proxies* for *url*, None when it is called directly."""
    found = proxies.get(split(url).scheme)
    if not found or bypassed(url, proxies):
        return None
    return found if "://" in found else f"http://{found}"


def bypassed(url: str, proxies: Proxies) -> bool:
    """Tell whether the server of *url* is called directly whatever proxy there is."""
    host = split(url).hostname or ""
    return _is_this_machine(host) or bool(proxy_bypass_environment(host, dict(proxies)))


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
