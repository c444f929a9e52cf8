"""A served store as a process of its own: `python -m flagger_py.testing.facade --objects FILE`.

Once it listens, its address is the first line of the standard output.
"""

import argparse
import asyncio
import gc
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from flagger_py.clock import wall_clock
from flagger_py.testing.collector import Collector
from flagger_py.testing.facade.driving import drive
from flagger_py.testing.facade.loading import load, read
from flagger_py.testing.facade.server import serve
from flagger_py.testing.facade.traefik import TRAEFIK_KINDS
from flagger_py.testing.pods import Pods
from flagger_py.testing.served import BUILT_IN
from flagger_py.testing.store import Store
from flagger_py.testing.workloads import Workloads


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="flagger_py.testing.facade", description=__doc__)
    parser.add_argument("--objects", type=Path, action="append", default=[])
    parser.add_argument("--host", default="127.0.0.1", help="A loopback address.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one.")
    parser.add_argument("--kubeconfig", type=Path, help="Where to write one for this server.")
    parser.add_argument(
        "--imitate",
        action="store_true",
        help="Imitate Kubernetes' controllers of Deployments, Services and owners.",
    )
    args = parser.parse_args(argv)
    store = Store(wall_clock, (*BUILT_IN, *TRAEFIK_KINDS))
    for path in args.objects:
        load(store, read(path))
    gc.collect()
    gc.freeze()  # A full collection over every loaded object would stop all answers.
    gc.set_threshold(50_000, 20, 50)
    with suppress(ImportError):
        import uvloop

        uvloop.install()
    asyncio.run(_run(store, args))
    return 0


async def _run(store: Store, args: argparse.Namespace) -> None:
    facade = await serve(store, args.host, args.port)
    if args.kubeconfig is not None:
        facade.kubeconfig(args.kubeconfig)
    sys.stdout.write(f"{facade.url}\n")
    sys.stdout.flush()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    actors = (Workloads(Pods()), Collector(store)) if args.imitate else ()
    driving = asyncio.create_task(drive(store, actors, wall_clock))
    try:
        await stop.wait()
    finally:
        driving.cancel()
        await asyncio.gather(driving, return_exceptions=True)
        await facade.close()


if __name__ == "__main__":
    sys.exit(main())
