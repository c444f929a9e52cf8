"""Processes that the demo starts, and ends again by their own id."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from flagger_py.errors import Unavailable

PATIENCE_S = 8.0
_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT")


class Child:
    """A running process; its standard input stays open as long as we live."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        self._process = process
        self.name = name

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._process.returncode is not None

    async def first_line(self, timeout_s: float) -> str:
        """Return the first line of its output; raises `Unavailable` when none comes."""
        output = self._process.stdout
        if output is None:
            raise ValueError(f"{self.name} was started without reading its output")
        try:
            async with asyncio.timeout(timeout_s):
                line = await output.readline()
        except TimeoutError:
            line = b""
        if not line:
            raise Unavailable(f"{self.name} did not start within {timeout_s:g} s")
        return line.decode().strip()

    async def wait(self) -> int:
        return await self._process.wait()

    async def end(self) -> None:
        """Ask it to leave, and insist after a while."""
        if self.ended:
            return
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()


async def start(
    name: str, command: Sequence[str], env: Mapping[str, str], *, directory: Path, reads: bool
) -> Child:
    """Start *command* with nothing of our environment but where programs are found, and *env*.

    Its errors go to a file in *directory*, so does its output unless somebody *reads* it.
    """
    kept = {key: os.environ[key] for key in _KEPT if key in os.environ}
    with (directory / f"{name}.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE if reads else log,
            stderr=log,
            cwd=directory,
            env={**kept, "HOME": str(directory), **env},
            start_new_session=True,  # A Ctrl-C is ours to handle, in order.
        )
    return Child(process, name)
