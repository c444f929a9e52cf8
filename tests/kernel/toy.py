"""A toy controller: a Bell rings a ConfigMap into being, and says how often it was struck."""

from dataclasses import dataclass
from typing import Any

from flagger_py import conditions
from flagger_py.conditions import FluxSpec, FluxStatus
from flagger_py.decision import Action, Apply, Count, Decision, Deliver, Emit, Force, Hold
from flagger_py.egress import Request
from flagger_py.errors import Unavailable
from flagger_py.refs import CONFIG_MAP, Key, Kind, owner_reference
from flagger_py.runtime.cluster import Site
from flagger_py.runtime.part import Part
from flagger_py.subject import Subject
from flagger_py.wire import Manifest

BELL = Kind("toy.flagger.app", "v1", "Bell", "bells")


class BellSpec(FluxSpec):
    sound: str = "ding"
    needs: str | None = None
    again_after: float | None = None


class BellStatus(FluxStatus):
    sound: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    rope: Manifest | None
    made: Manifest | None


BellSubject = Subject[BellSpec, BellStatus]


async def observe(subject: BellSubject, site: Site) -> Seen:
    rope = None
    if subject.spec.needs:
        rope = await site.cluster.get(CONFIG_MAP, Key(subject.namespace, subject.spec.needs))
        if rope is None:
            raise Unavailable(f"ConfigMap {subject.spec.needs} is not there")
    made = await site.cluster.get(CONFIG_MAP, Key(subject.namespace, f"{subject.name}-sound"))
    return Seen(rope, made)


def decide(subject: BellSubject, seen: Seen) -> Decision[BellStatus]:
    spec = subject.spec
    actions: list[Action] = [Apply(sound_of(subject), Force.ALWAYS)]
    if subject.status.sound != spec.sound:
        told = Request("POST", "https://bells.example/", body=spec.sound.encode())
        actions += [
            Emit("Rang", f"It said {spec.sound}", token=spec.sound),
            Deliver(told, about="rang", token=spec.sound),
            Count("bell_rung_total", {"name": subject.name}),
        ]
    status = subject.status.model_copy(update={"sound": spec.sound})
    standing = conditions.ready(f"said {spec.sound}")
    return Decision(status, standing, tuple(actions), spec.again_after)


def hold_and_decide(subject: BellSubject, seen: Seen) -> Decision[BellStatus]:
    decision = decide(subject, seen)
    actions = (Hold(), *decision.actions)
    return Decision(decision.status, decision.standing, actions)


def sound_of(subject: BellSubject) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": f"{subject.name}-sound",
            "namespace": subject.namespace,
            "ownerReferences": [owner_reference(subject.manifest)],
        },
        "data": {"sound": subject.spec.sound},
    }


BELLS: Part[BellSpec, BellStatus, Seen] = Part(
    name="bells",
    kind=BELL,
    spec=BellSpec,
    status=BellStatus,
    observe=observe,
    decide=decide,
    finalizer="toy.flagger.app/bells",
)


def a_bell(name: str = "big", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": BELL.api_version,
        "kind": BELL.kind,
        "metadata": {"name": name, "namespace": "test"},
        "spec": spec,
    }
