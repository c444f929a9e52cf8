"""Which proxy the environment puts between us and a server.

As Go's `http.ProxyFromEnvironment`, which Flagger and Flux obey: HTTPS_PROXY, HTTP_PROXY and
NO_PROXY in either case, and never for this very machine.
"""

import ipaddress
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass


def proxy_from_environment(url: str) -> str | None:
    """Return the proxy for *url*, None when it is called directly."""
    parts = urlsplit(url)
    found = getproxies_environment().get(parts.scheme)
    return found if found and not bypassed(url) else None


def bypassed(url: str) -> bool:
    """Tell whether the server of *url* is called directly whatever proxy there is."""
    host = urlsplit(url).hostname or ""
    return _is_this_machine(host) or bool(proxy_bypass(host))


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
