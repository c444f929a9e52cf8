"""How names that tenants wrote become addresses: in threads that nobody else waits for.

A name whose server does not answer holds its thread for as long as the system's resolver tries.
In the threads of the event loop such names would keep our own API client waiting, whose Lease
then runs out.
"""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from aiohttp.abc import AbstractResolver, ResolveResult

THREADS_MAX = 64


class OwnThreads(AbstractResolver):
    """The system's resolver; to be closed by whoever made it."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS_MAX, thread_name_prefix="resolver")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of *host*; raises `OSError` when it has none."""
        look_up = partial(
            socket.getaddrinfo,
            host,
            port,
            family=family,
            type=socket.SOCK_STREAM,
            flags=socket.AI_ADDRCONFIG,
        )
        found = await asyncio.get_running_loop().run_in_executor(self._threads, look_up)
        return [_result(host, family, proto, address) for family, _, proto, _, address in found]

    async def close(self) -> None:
        """Resolve nothing more; a thread that hangs is left to end by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _result(
    host: str, family: socket.AddressFamily, proto: int, address: tuple[object, ...]
) -> ResolveResult:
    number, port = str(address[0]), int(str(address[1]))
    if family is socket.AF_INET6 and len(address) > 3 and address[3]:  # noqa: PLR2004 - the scope
        number = f"{number.partition('%')[0]}%{address[3]}"
    numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(
        hostname=host, host=number, port=port, family=family, proto=proto, flags=numeric
    )
