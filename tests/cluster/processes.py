"""The bed's processes end with the bed: stopped by pid, and by the kernel should we be killed."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

UNPROXIED = {"NO_PROXY": "*", "no_proxy": "*"}
"""Proxies in the environment are for the machine's network, and the bed has its own."""


class ProcessError(RuntimeError):
    """A process of the bed ended by itself; the message holds the end of its log."""


@dataclass(slots=True)
class Child:
    """One process of ours, which can be started again after it was stopped.

    It dies with the thread that started it, so start it from a thread that lasts.
    """

    name: str
    command: Sequence[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The pid of the running process, None when it is not running."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if self._process and running else None

    def start(self) -> None:
        if self.pid is not None:
            return

        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                ("setpriv", "--pdeathsig", "KILL", *self.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.env},
                start_new_session=True,  # Ctrl-C reaches pytest alone, which stops us in order.
            )

    def stop(self, grace_s: float = 10.0) -> None:
        """Ask it to end, and end it when *grace_s* have passed; nothing happens if it has ended."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return

        process.terminate()
        try:
            process.wait(grace_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """End it as a crash would: no goodbye to anyone."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def check(self) -> None:
        """Raise `ProcessError` when the process has ended by itself."""
        if self._process is not None and (code := self._process.poll()) is not None:
            raise ProcessError(f"{self.name} ended with {code}: {self.log}\n{self.tail()}")

    def tail(self, lines: int = 15) -> str:
        """Return the end of what it said."""
        said = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(said.splitlines()[-lines:])
