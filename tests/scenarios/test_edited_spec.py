"""What an edit of the Canary changes among the objects it made."""

import copy
from typing import Any

from flagger_cli.simulator.four import Four
from flagger_py.refs import Key
from flagger_py.testing import build
from flagger_rollout.api import KIND as CANARY
from flagger_rollout.children import GATE

KEY = Key("test", "app")


def a_canary(*hooks: str) -> dict[str, Any]:
    canary = build.a_canary()
    canary["spec"]["analysis"]["webhooks"] = [
        {"name": hook, "type": "confirm-promotion", "url": f"http://sink.test/{hook}"}
        for hook in hooks
    ]
    return canary


def test_the_gate_of_a_removed_webhook_goes_with_it() -> None:
    """A closed gate that nobody reads any more would ask its webhook for ever."""
    with Four() as four:
        store = four.world.store
        store.create(build.a_deployment())
        store.create(a_canary("first", "second"))
        four.simulation.settle()
        before = [gate["metadata"]["name"] for gate in store.list(GATE)]

        edited = copy.deepcopy(dict(store.get(CANARY, KEY) or {}))
        edited["spec"]["analysis"]["webhooks"].pop()
        store.update(edited)
        four.simulation.settle()

        assert before == ["app-first", "app-second"]
        assert [gate["metadata"]["name"] for gate in store.list(GATE)] == ["app-first"]
