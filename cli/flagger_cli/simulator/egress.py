"""Which imitated server a request of a simulation reaches: told apart by host."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from flagger_py.egress import Egress, Request, Response, Unreachable


def by_host(servers: Mapping[str, Egress]) -> Egress:
    """Return the way out of a cluster that has exactly these *servers*, by host and port.

    Any other host is refused, as an address is where nobody listens.
    """

    async def send(request: Request) -> Response:
        host = urlsplit(request.url).netloc
        server = servers.get(host)
        if server is None:
            raise Unreachable(f"{request.method} {request.url}: connection refused")
        return await server(request)

    return send
