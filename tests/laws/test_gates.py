"""Whatever is lost, repeated or late: one poll, one key; and an approval is never asked again."""

import contextlib
import copy
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flagger_py.egress import Request, Response, Unreachable
from flagger_py.runtime.part import Outcome
from tests.gating.bench import Bench, Crash, gate

Step = tuple[str, int]

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("passes"), st.integers(1, 3)),
        st.tuples(st.just("pass, write lost"), st.just(0)),
        st.tuples(st.just("pass over an old copy"), st.integers(1, 3)),
        st.tuples(st.just("wait"), st.sampled_from([10, 1, -30])),
        st.tuples(st.just("ask"), st.integers(0, 2)),
        st.tuples(st.just("endpoint"), st.sampled_from([403, 200, 500, 0])),
    ),
    max_size=60,
)


class Faulty:
    """A bench that remembers what left, and under which poll the status then stood."""

    def __init__(self, repoll: bool) -> None:
        self.bench = Bench(
            gate(run={"token": "t0"}, interval="10s" if repoll else None), self._reply
        )
        self.code = 403
        self.copies: list[Mapping[str, Any]] = []
        self.over: Mapping[str, Any] = {}
        self.fresh = True
        self.polls_by_key: dict[str, set[tuple[str, int]]] = {}
        self.keys_by_poll: dict[tuple[str, int], set[str]] = {}
        self.approved: set[str] = set()

    def take(self, step: Step) -> None:
        match step:
            case ("passes", count):
                for _ in range(count):
                    self.go()
            case ("pass, write lost", _):
                self.bench.dies_before_write = True
                with contextlib.suppress(Crash):
                    self.go()
                self.bench.dies_before_write = False
                self.bench.memory.clear()
            case ("pass over an old copy", age):
                self.go(self.copies[-min(age, len(self.copies))] if self.copies else None)
            case ("wait", seconds):
                self.bench.wait(seconds)
            case ("ask", number):
                self.bench.ask(f"t{number}")
            case ("endpoint", code):
                self.code = code

    def go(self, old: Mapping[str, Any] | None = None) -> Outcome:
        """Take one pass, over an *old* copy where one is given, and remember what it found."""
        self.fresh = old is None
        self.over = copy.deepcopy(self.bench.manifest if old is None else old)
        self.copies.append(self.over)
        outcome = self.bench.go(self.over)
        run = self.bench.status.run
        if run and run.token and self.bench.gated.open:
            self.approved.add(run.token)
        return outcome

    def _reply(self, request: Request) -> Response:
        run = self.over["status"]["run"]
        poll, key = (run["token"], run["polls"]), request.headers["Idempotency-Key"]
        self.polls_by_key.setdefault(key, set()).add(poll)
        self.keys_by_poll.setdefault(poll, set()).add(key)
        assert self.over["spec"]["run"]["token"] == run["token"], "nobody asks this any more"
        # An old copy may repeat an answered poll, under its own key; nothing else may.
        assert not (self.fresh and run["token"] in self.approved), "an approval is final"
        if not self.code:
            raise Unreachable("connection refused")
        return Response(self.code)


@settings(max_examples=300, deadline=None)
@given(STEPS, st.booleans())
def test_no_poll_leaves_under_two_keys_and_no_key_under_two_polls(
    steps: list[Step], repoll: bool
) -> None:
    faulty = Faulty(repoll)

    for step in steps:
        faulty.take(step)

    assert all(len(polls) == 1 for polls in faulty.polls_by_key.values())
    assert all(len(keys) == 1 for keys in faulty.keys_by_poll.values())


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_once_faults_stop_an_approving_endpoint_opens_the_gate(steps: list[Step]) -> None:
    faulty = Faulty(repoll=True)
    for step in steps:
        faulty.take(step)

    faulty.code = 200
    for _ in range(6):
        faulty.bench.wait(faulty.go().requeue_after_s or 0)

    assert faulty.bench.gated.open
    assert faulty.bench.gated.token == faulty.bench.manifest["spec"]["run"]["token"]
