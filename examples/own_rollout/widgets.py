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
from flagger_py.decision import Action, Apply, Decision, Delete, Emit
from flagger_py.owned import says_already
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
        begun = {"candidate": revision, "run": status.run + 1, "step": 0, "attempt": 0}
        status = status.model_copy(update=begun)
    return _step(widget, seen, status)


def _rest(widget: Widget, seen: Seen, revision: str) -> Decision[WidgetStatus]:
    """Send everybody to the live slot, then take the pods of the idle one away."""
    status = widget.status.model_copy(update={"candidate": None})
    idle = OTHER[status.live]
    actions: list[Action] = [objects.route(widget, idle, 0)]
    left = seen.slots[idle]
    if left is not None and _in_force(widget, seen, idle, 0):
        actions.append(Delete(DEPLOYMENT, objects.place(widget, idle), left["metadata"]["uid"]))
    standing = conditions.ready(f"{status.live} serves revision {status.released}")
    if revision == status.refused:
        standing = conditions.stalled(status.why, "Refused")
    return Decision(status, standing, tuple(actions), _seconds_until_in_force(widget, seen))


def _step(widget: Widget, seen: Seen, status: WidgetStatus) -> Decision[WidgetStatus]:
    """Give the idle slot its share, have it judged there, and go on or refuse."""
    idle, first = OTHER[status.live], status.released is None
    shares = (ALL,) if first else (0, *widget.spec.weights, ALL)
    nth = min(status.step, len(shares) - 1)  # The weights may have been edited meanwhile.
    share, last = shares[nth], nth == len(shares) - 1
    actions: list[Action] = [objects.route(widget, idle, share)]
    in_force = _in_force(widget, seen, idle, share)
    pods = objects.deployment(widget, idle)
    if in_force or share:  # A template changes only while nobody is sent to its pods.
        actions.append(pods)
    if in_force is None or not _runs(pods, seen.slots[idle]):
        again_s = _seconds_until_in_force(widget, seen)
        return _wait(status, actions, f"{idle} gets {share}%", again_s=again_s)
    if share and not first:
        run = _question(widget, status, in_force)
        actions.append(objects.analysis(widget, idle, run))
        judged = contracts.read_judged(seen.analysis or {})
        asked = judged is not None and judged.token == run.token
        if judged is None or not asked or judged.verdict is contracts.Verdict.PENDING:
            return _wait(status, actions, f"{idle} is judged at {share}%")
        if judged.verdict is contracts.Verdict.FAILED:
            return _refuse(status, f"Failed at {share}%: {judged.sentence}")
        if judged.verdict is not contracts.Verdict.PASSED:  # Nobody knows: ask once more.
            again = status.model_copy(update={"attempt": status.attempt + 1})
            return _wait(again, actions, f"held at {share}%: {judged.sentence}")
        if widget.spec.approval and shares[nth + 1 :] == (ALL,):
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
    """Ask about this step of this run alone, from the moment its split was in force on."""
    state = (status.candidate, status.run, status.step, status.attempt)
    token = contracts.token(widget.uid, *state)
    waits_s = duration_s(widget.spec.interval) * (status.attempt + 1)
    due = held.since + timedelta(seconds=waits_s)
    return contracts.Run(token=token, since=held.since, due=due)


def _in_force(widget: Widget, seen: Seen, idle: Slot, share: int) -> contracts.InForce | None:
    """Return the split of this share if requests follow it by now, by the route's own word."""
    routed = contracts.read_routed(seen.route) if seen.route else None
    found = routed.in_force if routed and routed.current else None
    if found is None or found.since > widget.now:
        return None
    return found if found.split == objects.split(idle, share) else None


def _seconds_until_in_force(widget: Widget, seen: Seen) -> float | None:
    """Tell when to look again at a split that is announced for a moment from now."""
    announced = contracts.read_routed(seen.route).in_force if seen.route else None
    if announced is None or announced.since <= widget.now:
        return None
    return (announced.since - widget.now).total_seconds()


def _runs(wanted: Apply, live: Manifest | None) -> bool:
    """Tell whether *live* says what is wanted, and every pod is of it and available."""
    if live is None or not says_already(wanted.manifest, live, PART.manager):
        return False
    status = contracts.status_of(live)
    if status.get("observedGeneration") != live["metadata"]["generation"]:
        return False
    counts = ("replicas", "updatedReplicas", "availableReplicas")
    return all(status.get(count) == live["spec"]["replicas"] for count in counts)


def _next(status: WidgetStatus) -> dict[str, int]:
    return {"step": status.step + 1, "attempt": 0}


def _taken_over(status: WidgetStatus, idle: Slot) -> WidgetStatus:
    update = {"live": idle, "released": status.candidate, "candidate": None, "refused": None}
    return status.model_copy(update=update)


def _refuse(status: WidgetStatus, why: str) -> Decision[WidgetStatus]:
    after = status.model_copy(update={"refused": status.candidate, "candidate": None, "why": why})
    return Decision(after, conditions.stalled(why, "Refused"), (Emit("Refused", why, "Warning"),))


def _wait(
    status: WidgetStatus,
    actions: list[Action],
    sentence: str,
    why: str = "Progressing",
    again_s: float | None = None,
) -> Decision[WidgetStatus]:
    return Decision(status, conditions.progressing(sentence, why), tuple(actions), again_s)


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
