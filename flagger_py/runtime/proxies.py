"""Which proxy the environment puts between us and a server.

As Go's `http.ProxyFromEnvironment`, which Flagger and Flux obey: HTTPS_PROXY, HTTP_PROXY and
NO_PROXY in either case, and never for this very machine.
"""

import ipaddress
from urllib.request import getproxies_environment, proxy_bypass

from flagger_py.runtime.urls import split


def proxy_from_environment(url: str) -> str | None:
    """Return the proxy for *url*, None when it is called directly."""
    found = getproxies_environment().get(split(url).scheme)
    if not found or bypassed(url):
        return None
    return found if "://" in found else f"http://{found}"


def bypassed(url: str) -> bool:
    """Tell whether the server of *url* is called directly whatever proxy there is."""
    host = split(url).hostname or ""
    return _is_this_machine(host) or bool(proxy_bypass(host))


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
