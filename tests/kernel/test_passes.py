"""When an object is looked at again after its status was written."""

from typing import Any

import pytest

from flagger_py import conditions
from flagger_py.decision import Decision
from flagger_py.refs import Key
from flagger_py.runtime.part import Part
from flagger_py.testing import Simulation, World
from flagger_py.testing.defaults import unobserved
from flagger_py.testing.served import custom
from tests.kernel.toy import BELL, BellSpec, BellStatus, BellSubject, Seen, a_bell, observe


def a_part(*, complete: bool = False, quiet: bool = False) -> Part[BellSpec, BellStatus, Seen]:
    def decide(subject: BellSubject, _seen: Seen) -> Decision[BellStatus]:
        status = subject.status.model_copy(update={"sound": subject.spec.sound})
        return Decision(status, conditions.ready("heard"), complete=complete, quiet=quiet)

    return Part("bells", BELL, BellSpec, BellStatus, observe, decide, "toy.flagger.app/bells")


def settled(part: Part[BellSpec, BellStatus, Seen]) -> tuple[dict[str, Any], int]:
    """Return the status of a new Bell once *part* has come to rest, and how many passes it took."""
    world = World(kinds=[custom(BELL, default=unobserved)])
    with Simulation(world, [part]) as simulation:
        world.store.create(a_bell())
        simulation.settle()
        found = world.store.get(BELL, Key("test", "big"))
        assert found is not None
        return found["status"], simulation.process("bells").passes


@pytest.mark.parametrize(
    ("complete", "passes"), [(False, 2), (True, 1)], ids=["looks again", "complete"]
)
def test_a_written_status_is_looked_at_again_unless_the_decision_is_complete(
    complete: bool, passes: int
) -> None:
    """What a status waits for may hold already, and then no event would tell."""
    status, counted = settled(a_part(complete=complete))

    assert status["sound"] == "ding"
    assert counted == passes


def test_a_quiet_decision_leaves_the_status_as_it_is() -> None:
    """Whoever waits for an answer sees by observedGeneration that there is none yet."""
    status, passes = settled(a_part(quiet=True))

    assert status == {"observedGeneration": -1}
    assert passes == 1
