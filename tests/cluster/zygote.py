"""Starts the all-in-one process again and again for the price of one import.

Run as `python -m tests.cluster.zygote`: each line of JSON on its input is an order, and each is
answered by one line. What is forked is the same program under its own pid, to be killed by it.
"""

import ctypes
import json
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

_PR_SET_PDEATHSIG = 1


def fork(order: Mapping[str, Any]) -> int:
    """Start the program with the words of *order*, its output in a log; returns the pid."""
    pid = os.fork()
    if pid:
        return pid
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(0)
    os.environ.update(order["env"])
    sys.argv[:] = ["flagger-py", *order["argv"]]
    from flagger_cli.main import main

    try:
        main()
    except SystemExit as left:
        os._exit(left.code if isinstance(left.code, int) else 1)
    os._exit(1)


def serve() -> None:
    """Answer orders until the input ends."""
    # What a controller process imports late is imported here, once.
    import flagger_py.runtime.house
    import flagger_py.runtime.operator  # noqa: F401

    for line in sys.stdin:
        order = json.loads(line)
        answer = os.waitpid(order["reap"], 0)[1] if "reap" in order else fork(order)
        print(answer, flush=True)


if __name__ == "__main__":
    serve()
