"""What is said about an object is said once: its Events, and what a process remembers of them."""

import logging
from dataclasses import dataclass
from typing import Any

from flagger_py.decision import Emit
from flagger_py.errors import FlaggerError
from flagger_py.runtime.events import event_for
from flagger_py.runtime.part import Part, Shell
from flagger_py.subject import Subject

SAID_MAX = 64
"""How many things a process remembers to have said about one object; a step says fewer."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Voice:
    """Speaks for *part* about one object; *memory* is what the process remembers of that."""

    part: Part[Any, Any, Any]
    shell: Shell
    memory: dict[str, Any]

    async def say(self, subject: Subject[Any, Any], emit: Emit) -> None:
        """Record the Event of *emit*, unless this process has under the same token."""
        thing = f"{emit.token}/{emit.reason}/{emit.message}"
        if emit.token and self.said(thing):
            return
        event = event_for(subject, emit, self.part, self.shell.instance)
        try:
            await self.shell.cluster.record(event)
        except FlaggerError as error:
            # What an event tells is in the status, too: that it cannot be told decides nothing.
            log.warning("event %s is not recorded: %s", emit.reason, error.message)
            return
        self.note(thing)

    def said(self, thing: str) -> bool:
        return thing in self.memory.setdefault("said", {})

    def note(self, thing: str) -> None:
        """Remember that *thing* was said of this object; the oldest is forgotten first."""
        said: dict[str, None] = self.memory.setdefault("said", {})
        said[thing] = None
        while len(said) > SAID_MAX:
            del said[next(iter(said))]
