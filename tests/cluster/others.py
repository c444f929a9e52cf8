"""Controllers that nobody knows: they answer for made-up kinds what a Canary asks of them."""

import copy
from collections.abc import Callable

from flagger_py import clock
from flagger_py.refs import Kind
from tests.cluster.api import Manifest
from tests.cluster.controlplane import ControlPlane
from tests.cluster.waiting import eventually

LANE = Kind("example.com", "v1", "Lane", "lanes")
STUDY = Kind("example.com", "v1", "Study", "studies")
PERMIT = Kind("example.com", "v1", "Permit", "permits")
MADE_UP = (LANE, STUDY, PERMIT)
MAY_ASK = {
    "apiGroups": ["example.com"],
    "resources": [kind.plural for kind in MADE_UP],
    "verbs": ["get", "list", "watch", "patch"],
}


class Others:
    """Answers, as three controllers that nobody knows would, what a Canary asks of them."""

    def __init__(self, plane: ControlPlane, namespace: str) -> None:
        self._api = plane.api
        self._namespace = namespace
        self.open = True
        self.verdict = "Passed"
        self.shares: set[int] = set()
        self._answered: dict[Kind, Manifest] = {}
        for kind in MADE_UP:
            metadata = {"name": "app", "namespace": namespace}
            self._api.apply(
                {"apiVersion": "example.com/v1", "kind": kind.kind, "metadata": metadata}
            )

    def spec(self) -> Manifest:
        refs = {
            kind: {"apiVersion": kind.api_version, "kind": kind.kind, "name": "app"}
            for kind in MADE_UP
        }
        return {
            "provider": "example.com/lane",
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "app"},
            "routeRef": refs[LANE],
            "service": {"port": 80},
            "analysis": {
                "interval": "1s",
                "threshold": 1,
                "stepWeight": 30,
                "maxWeight": 60,
                "analysisRefs": [refs[STUDY]],
                "gateRefs": [refs[PERMIT]],
            },
        }

    def split(self) -> Manifest:
        found: Manifest = (self._get(LANE).get("spec") or {}).get("split") or {}
        return found

    def answer_until(self, holds: Callable[[], bool], what: str) -> None:
        """Go on answering until it *holds*."""

        def answered() -> bool:
            self.play()
            return holds()

        eventually(answered, what, 60.0)

    def play(self) -> None:
        """Answer once what is asked now."""
        split, generation = self.split(), self._get(LANE)["metadata"]["generation"]
        if split:
            self.shares.add(split["canary"])
            self._answer(LANE, {"inForce": {"split": split, "generation": generation}}, "since")
        token = self._token(STUDY)
        if token:
            self._answer(STUDY, {"run": token, "verdict": self.verdict})
        asked = self._token(PERMIT)
        if asked:
            is_open = {"type": "Open", "status": str(self.open), "reason": "Told", "message": ""}
            value = "Approved" if self.open else "Denied"
            told = {"run": {"token": asked}, "answer": {"value": value}, "conditions": [is_open]}
            self._answer(PERMIT, told, "at")

    def _token(self, kind: Kind) -> str:
        return str(((self._get(kind).get("spec") or {}).get("run") or {}).get("token", ""))

    def _get(self, kind: Kind) -> Manifest:
        return self._api.get(kind.api_version, kind.kind, "app", self._namespace)

    def _answer(self, kind: Kind, status: Manifest, dated: str = "") -> None:
        """Write *status* once, with the present moment as *dated* and in its conditions."""
        status["observedGeneration"] = self._get(kind)["metadata"]["generation"]
        if self._answered.get(kind) == status:
            return
        self._answered[kind] = copy.deepcopy(status)
        now = clock.rfc3339(clock.wall_clock())
        for value in status.values():
            if isinstance(value, dict) and dated and "token" not in value:
                value[dated] = now
        for told in status.get("conditions", ()):
            told["lastTransitionTime"] = now
        path = self._api.path(kind.api_version, kind.kind, self._namespace, "app")
        self._api.merge(f"{path}/status", {"status": status})
