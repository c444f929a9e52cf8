"""A rollout of one's own: a Widget has two slots, and a new version takes over the idle one.

Nothing is copied and nothing is moved back, unlike a Canary's: *blue* and *green* are Deployments
of equal right, one of them is live, and a version that does well stays where it is. Who gets which
share, how a version does and whether a person agrees is asked of TrafficRoute, MetricAnalysis and
Gate; what they are asked is in `objects.py`.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from flagger_py import conditions, contracts, crd
from flagger_py.decision import Action, Decision, Delete, Emit
from flagger_py.quantities import duration_s
from flagger_py.refs import DEPLOYMENT
from flagger_py.runtime import process
from flagger_py.runtime.cluster import Site
from flagger_py.runtime.part import Part
from flagger_py.wire import Manifest

from . import objects
from .objects import OTHER, Slot, Widget, WidgetSpec, WidgetStatus

ALL = 100


@dataclass(frozen=True, slots=True)
class Seen:
    """The three who answer, and the Deployments of both slots; None for what is not there."""

    route: Manifest | None
    analysis: Manifest | None
    gate: Manifest | None
    slots: Mapping[Slot, Manifest | None]


async def observe(widget: Widget, site: Site) -> Seen:
    """Read what the Widget has in the cluster; each of it wakes the Widget when it changes."""
    get, key = site.cluster.get, widget.key
    return Seen(
        route=await get(objects.ROUTE, key),
        analysis=await get(objects.ANALYSIS, key),
        gate=await get(objects.GATE, key),
        slots={slot: await get(DEPLOYMENT, objects.place(widget, slot)) for slot in OTHER},
    )


def decide(widget: Widget, seen: Seen) -> Decision[WidgetStatus]:
    """Rest, or take one step of the release that the spec asks for."""
    status, revision = widget.status, _revision(widget)
    if revision in (status.released, status.refused):
        return _rest(widget, seen, revision)
    if revision != status.candidate:
        begun = {"candidate": revision, "run": status.run + 1, "step": 0}
        status = status.model_copy(update=begun)
    return _step(widget, seen, status)


def _rest(widget: Widget, seen: Seen, revision: str) -> Decision[WidgetStatus]:
    """Send everybody to the live slot, then take the pods of the idle one away."""
    status = widget.status.model_copy(update={"candidate": None})
    idle = OTHER[status.live]
    actions: list[Action] = [objects.route(widget, idle, 0)]
    left = seen.slots[idle]
    if left is not None and _in_force(seen, idle, 0):
        actions.append(Delete(DEPLOYMENT, objects.place(widget, idle), left["metadata"]["uid"]))
    if revision == status.refused:
        return Decision(status, conditions.stalled(status.why, "Refused"), tuple(actions))
    sentence = f"{status.live} serves revision {status.released}"
    return Decision(status, conditions.ready(sentence), tuple(actions))


def _step(widget: Widget, seen: Seen, status: WidgetStatus) -> Decision[WidgetStatus]:
    """Give the idle slot its share, have it judged there, and go on or refuse."""
    idle, first = OTHER[status.live], status.released is None
    shares = (ALL,) if first else (0, *widget.spec.weights, ALL)
    share, last = shares[status.step], status.step == len(shares) - 1
    actions: list[Action] = [objects.route(widget, idle, share)]
    in_force = _in_force(seen, idle, share)
    if in_force or share:  # A template changes only while nobody is sent to its pods.
        actions.append(objects.deployment(widget, idle))
    if in_force is None or not _runs(seen.slots[idle]):
        return _wait(status, actions, f"{idle} gets {share}%")
    if share and not first:
        run = _question(widget, status, in_force)
        actions.append(objects.analysis(widget, idle, run))
        judged = contracts.read_judged(seen.analysis or {})
        asked = judged is not None and judged.token == run.token
        if judged is None or not asked or judged.verdict is contracts.Verdict.PENDING:
            return _wait(status, actions, f"{idle} is judged at {share}%")
        if judged.verdict is not contracts.Verdict.PASSED:
            return _refuse(status, f"{judged.verdict} at {share}%: {judged.sentence}")
        if widget.spec.approval and shares[status.step + 1 :] == (ALL,):
            actions.append(objects.gate(widget, run.token))
            gated = contracts.read_gated(seen.gate or {})
            if not (gated.open and gated.token == run.token):
                return _wait(status, actions, f"{idle} waits for approval", "GateClosed")
    after = _taken_over(status, idle) if last else status.model_copy(update=_next(status))
    told = Emit("TookOver" if last else "Passed", f"{idle} did well at {share}%")
    return Decision(after, conditions.progressing(told.message), (*actions, told))


def _revision(widget: Widget) -> str:
    return contracts.token(json.dumps(widget.spec.pod, sort_keys=True))


def _question(widget: Widget, status: WidgetStatus, held: contracts.InForce) -> contracts.Run:
    """Ask about this step of this run alone, from the moment its split was in force."""
    token = contracts.token(widget.uid, status.candidate, status.run, status.step)
    due = held.since + timedelta(seconds=duration_s(widget.spec.interval))
    return contracts.Run(token=token, since=held.since, due=due)


def _in_force(seen: Seen, idle: Slot, share: int) -> contracts.InForce | None:
    """Return the split of this share if requests follow it now, by the route's own word."""
    routed = contracts.read_routed(seen.route) if seen.route else None
    found = routed.in_force if routed and routed.current else None
    return found if found and found.split == objects.split(idle, share) else None


def _runs(deployment: Manifest | None) -> bool:
    """Tell whether every pod is of the present template and available."""
    if deployment is None:
        return False
    status, wanted = contracts.status_of(deployment), deployment["spec"]["replicas"]
    if status.get("observedGeneration") != deployment["metadata"]["generation"]:
        return False
    counts = ("replicas", "updatedReplicas", "availableReplicas")
    return all(status.get(count) == wanted for count in counts)


def _next(status: WidgetStatus) -> dict[str, int]:
    return {"step": status.step + 1}


def _taken_over(status: WidgetStatus, idle: Slot) -> WidgetStatus:
    update = {"live": idle, "released": status.candidate, "candidate": None, "refused": None}
    return status.model_copy(update=update)


def _refuse(status: WidgetStatus, why: str) -> Decision[WidgetStatus]:
    after = status.model_copy(update={"refused": status.candidate, "candidate": None, "why": why})
    return Decision(after, conditions.stalled(why, "Refused"), (Emit("Refused", why, "Warning"),))


def _wait(
    status: WidgetStatus, actions: list[Action], sentence: str, why: str = "Progressing"
) -> Decision[WidgetStatus]:
    return Decision(status, conditions.progressing(sentence, why), tuple(actions))


PART = Part(
    name="widgets",
    kind=objects.WIDGET,
    spec=WidgetSpec,
    status=WidgetStatus,
    observe=observe,
    decide=decide,
    finalizer="example.com/widgets",
)


if __name__ == "__main__":
    if sys.argv[1:] == ["crd"]:
        sys.stdout.write(crd.text(objects.RESOURCE))
    else:
        sys.exit(process.main("widgets", lambda *_: (PART,), sys.argv[1:], lambda _: None))
