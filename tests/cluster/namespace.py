"""The bed has a network of its own, so that it needs no root and clashes with no port.

The API server refuses loopback addresses in EndpointSlices. Inside the namespace a whole private
range is local instead, and every pod gets an address of it. Run a command there with
`python -m tests.cluster.namespace -- pytest tests/cluster`.
"""

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path
from typing import NoReturn

from tests.cluster import binaries, programs

NETWORK = IPv4Network("10.78.0.0/16")
SUBNETS = tuple(NETWORK.subnets(new_prefix=20))
"""One for each control plane that runs at the same time; the last is the Services' range."""

_SETUP = (
    ("ip", "link", "set", "lo", "up"),
    ("ip", "route", "add", "local", str(NETWORK), "dev", "lo"),
)
_WAYS = (("unshare", "--net"), ("unshare", "--user", "--map-root-user", "--net"))
"""As root the first keeps root's rights over files; the second needs no rights at all."""


def inside() -> bool:
    """Tell whether this process can serve on the bed's addresses."""
    with socket.socket() as probe:
        try:
            probe.bind((str(NETWORK[-2]), 0))
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                return False
            raise
    return True


def enter(command: Sequence[str]) -> NoReturn:
    """Become *command* inside the namespace, which is left as it is when we are already there."""
    if inside():
        _become(command)

    again = (sys.executable, "-m", "tests.cluster.namespace", "--inner", str(_network_id()))
    _become((*_permitted(), *again, *command))


def _permitted() -> tuple[str, ...]:
    """Find a way to unshare that this machine grants us."""
    said = ""
    for way in _WAYS if os.geteuid() == 0 else _WAYS[1:]:
        tried = subprocess.run((*way, "true"), capture_output=True, text=True, check=False)
        if tried.returncode == 0:
            return way
        said = tried.stderr.strip()
    sys.exit(
        f"no network namespace: {said}; allow unprivileged user namespaces (sysctl "
        "kernel.apparmor_restrict_unprivileged_userns=0, or a container with SYS_ADMIN)"
    )


def _network_id() -> int:
    """Tell network namespaces apart."""
    return Path("/proc/self/ns/net").stat().st_ino


def _set_up(outer: int) -> None:
    """Give the new namespace its addresses, and never the machine, whose id is *outer*."""
    if _network_id() == outer:
        sys.exit("still in the machine's own network: nothing was changed, start with `--` instead")

    for command in _SETUP:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"the namespace has no network: {' '.join(command)}: {done.stderr.strip()}")


def _require_tools() -> None:
    """Look for what makes a namespace before minutes of building, not after."""
    if not inside():
        for tool in ("unshare", "setpriv", "ip"):
            programs.find(tool, "the bed's network namespace")


def _become(command: Sequence[str]) -> NoReturn:
    try:
        os.execvp(command[0], list(command))
    except OSError as error:
        sys.exit(f"cannot run {command[0]}: {error.strerror}")


def main(arguments: Sequence[str]) -> NoReturn:
    match list(arguments):
        case ["--inner", outer, *command] if outer.isdecimal():
            _set_up(int(outer))
            _become(command)
        case ["--", first, *rest]:
            try:
                _require_tools()
                binaries.prepare()  # There is no way to the network from inside.
            except (programs.MissingProgram, binaries.BuildError) as error:
                sys.exit(str(error))
            enter((first, *rest))
        case _:
            sys.exit("usage: python -m tests.cluster.namespace -- command [argument ...]")


if __name__ == "__main__":
    main(sys.argv[1:])
