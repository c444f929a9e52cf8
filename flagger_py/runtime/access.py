"""Whether an impersonated account may read what a watch cache of ours already holds.

The API server decides; its yes is believed for sixty seconds, its no for five.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from flagger_py.clock import monotonic_s
from flagger_py.refs import Key
from flagger_py.runtime.refusals import Ask, access_denied

BELIEVED_S = 60.0
DENIAL_BELIEVED_S = 5.0
"""Whoever grants a right and asks for another pass must not be told the old answer."""
_ANSWERS_MAX = 50_000

Review = Callable[[str | None, Ask], Awaitable[tuple[bool, str]]]
"""Asks whether an account may do a thing; returns the answer and its reason."""


class Access:
    """The answers of the last minute."""

    def __init__(self, review: Review, clock_s: Callable[[], float] = monotonic_s) -> None:
        self._review = review
        self._clock_s = clock_s
        self._answers: dict[Ask, tuple[float, asyncio.Future[tuple[bool, str]]]] = {}

    async def demand(self, ask: Ask) -> None:
        """Raise `SpecError`, reason AccessDenied, unless the account of *ask* may do it.

        A right on the whole kind in the namespace is looked for first, so that one answer serves
        all names; where there is none, a right on this very name will do.
        """
        if ask.account is None:
            return
        allowed, reason = await self._answer(replace(ask, key=Key(ask.key.namespace, "")))
        if not allowed and ask.key.name:
            allowed, reason = await self._answer(ask)
        if not allowed:
            raise access_denied(ask, reason)

    async def _answer(self, ask: Ask) -> tuple[bool, str]:
        now_s = self._clock_s()
        known = self._answers.get(ask)
        if known is None or known[0] <= now_s:
            if len(self._answers) >= _ANSWERS_MAX:
                self._forget(now_s)
            future = asyncio.ensure_future(self._review(ask.account, ask))
            known = self._answers[ask] = (now_s + BELIEVED_S, future)
        try:
            # Whoever is cancelled must not take the answer from the others who wait for it.
            answer = await asyncio.shield(known[1])
        except BaseException:
            if self._answers.get(ask) is known and known[1].done():
                del self._answers[ask]
            raise
        if not answer[0] and known[0] > now_s + DENIAL_BELIEVED_S:
            self._answers[ask] = (now_s + DENIAL_BELIEVED_S, known[1])
        return answer

    def _forget(self, now_s: float) -> None:
        self._answers = {ask: known for ask, known in self._answers.items() if known[0] > now_s}
