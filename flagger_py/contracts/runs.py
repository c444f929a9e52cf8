"""How a question is told from every other one: the run, and the token that its answer repeats."""

import hashlib
import json

from pydantic import Field

from flagger_py.contracts.moments import Moment
from flagger_py.wire import Wire


class Run(Wire):
    """One question to an analysis.

    *since* is when the split under judgement was seen in force, *due* when a verdict is wanted.
    *begun* is when the revision under judgement got its first traffic, without it *since*: no
    window reaches further back, because there it would hold another revision's requests.
    """

    token: str = Field(min_length=1)
    begun: Moment | None = None
    since: Moment | None = None
    due: Moment | None = None


class GateRun(Wire):
    """One question to a gate; after *deadline* nobody waits for the answer any more."""

    token: str = Field(min_length=1)
    deadline: Moment | None = None


def token(*parts: object) -> str:
    """Derive a run token from *parts*, the asker's own state alone.

    Equal state gives the equal token, so that a crash before a status write asks the same
    question again and not another one.
    """
    text = json.dumps([str(part) for part in parts])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
