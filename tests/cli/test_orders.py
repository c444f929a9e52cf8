"""What a person's word becomes, and why it may be refused; without any cluster."""

from typing import Any

import pytest

from flagger_cli import orders
from flagger_cli.orders import Deed
from flagger_py.errors import SpecError
from flagger_py.testing.build import a_canary

from .gates import a_gate


def test_a_closed_webhook_gate_is_told_as_what_it_is_without_its_name() -> None:
    gates = [a_gate(question={"webhook": {"url": "http://gate/x"}})]

    with pytest.raises(SpecError, match="no Gate of Canary app waits for a person; Gate test/app-"):
        orders.choose(gates, "", "app")
    with pytest.raises(SpecError, match=r"answer there, or promote or roll back the Canary"):
        orders.choose(gates, "", "app")


@pytest.mark.parametrize(
    ("question", "whom"),
    [
        ({"webhook": {"url": "http://gate/x"}}, "the webhook http://gate/x"),
        ({"window": {"schedule": "0 9 * * 1-5"}}, r"the clock \(0 9 \* \* 1-5\)"),
    ],
    ids=["webhook", "window"],
)
def test_a_gate_that_asks_somebody_else_cannot_be_approved_by_hand(
    question: dict[str, Any], whom: str
) -> None:
    with pytest.raises(SpecError, match=f"asks {whom}, which alone can open it"):
        orders.approve(a_gate(question=question), "me")


def test_a_gate_is_found_by_the_name_of_its_webhook() -> None:
    gates = [a_gate("app-go"), a_gate("app-stop")]

    assert orders.choose(gates, "stop", "app") is gates[1]


def test_several_waiting_gates_have_to_be_told_apart() -> None:
    with pytest.raises(SpecError, match=r"several Gates wait .* a, b; name one with --gate"):
        orders.choose([a_gate("a"), a_gate("b")], "", "app")


def test_an_open_gate_needs_no_approval() -> None:
    status = {"conditions": [{"type": "Open", "status": "True"}], "run": {"token": "t"}}

    assert orders.approve(a_gate(spec={"run": {"token": "t"}}, status=status), "me") is None


def test_an_approval_for_an_older_run_is_none_for_this_one() -> None:
    status = {"conditions": [{"type": "Open", "status": "True"}], "run": {"token": "old"}}

    order = orders.approve(a_gate(spec={"run": {"token": "new"}}, status=status), "me")

    assert order is not None
    assert list(order.body["metadata"]["annotations"].values()) == ["new by me"]


def test_a_release_that_is_being_ended_takes_no_command() -> None:
    progress = {"revision": "r", "run": 1, "ending": "RollBack"}
    canary = a_canary(status={"phase": "Progressing", "progress": progress})

    with pytest.raises(SpecError, match="being ended already"):
        orders.command(canary, Deed.PROMOTE)


def test_each_deed_has_a_field_manager_of_its_own() -> None:
    """What one command wrote is not taken back by another."""
    progress = {"revision": "r", "run": 1}
    canary = a_canary(status={"phase": "Progressing", "progress": progress})
    pause = orders.pause(canary)
    assert pause is not None

    managers = {pause.manager, orders.command(canary, Deed.PROMOTE).manager}

    assert len(managers) == 2
