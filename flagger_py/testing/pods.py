"""Which pods there are, what each one answers, and which of them may be sent requests.

A pod is a record, not an object of the API: nobody but the imitated controllers and the imitated
users looks at pods, and a record costs nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from flagger_py.wire import Manifest

GRACE_S = 5.0
"""How long a pod that was told to stop still answers those who have not heard of it."""

READY_AFTER_S = 1.5
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a pod answers, as the environment of its first container says.

    The variables are VERSION, ERROR_RATE (0 to 1, answered with 500), LATENCY_MS, READY_AFTER_S
    and NEVER_READY.
    """

    version: str = ""
    error_rate: float = 0.0
    latency_ms: float = 5.0
    ready_after_s: float = READY_AFTER_S
    never_ready: bool = False


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod of the workload *owner*; *ready_at* is None when it never will be."""

    namespace: str
    owner: str
    name: str
    address: str
    labels: Mapping[str, str]
    template_hash: str
    behaviour: Behaviour
    started: datetime
    ready_at: datetime | None
    gone_at: datetime | None = None

    def ready(self, now: datetime, for_s: float = 0.0) -> bool:
        """Tell whether the pod has been ready for at least *for_s* seconds."""
        if self.ready_at is None or self.gone_at is not None:
            return False
        return self.ready_at + timedelta(seconds=for_s) <= now

    def answers(self, now: datetime) -> bool:
        """Tell whether a request sent to the pod's address now would be answered by it."""
        if self.ready_at is None or now < self.ready_at:
            return False
        return self.gone_at is None or now < self.gone_at + timedelta(seconds=GRACE_S)


@dataclass(slots=True)
class Pods:
    """All pods of a World, kept by its Deployments and read by its edge."""

    _by_owner: dict[str, dict[str, tuple[Pod, ...]]] = field(default_factory=dict)
    _by_address: dict[str, Pod] = field(default_factory=dict)
    _gone: dict[str, float] = field(default_factory=dict)
    _count: int = 0

    def of(self, namespace: str, owner: str) -> tuple[Pod, ...]:
        """Return the live pods of a workload, oldest first."""
        return self._by_owner.get(namespace, {}).get(owner, ())

    def owners(self) -> tuple[tuple[str, str], ...]:
        """Return namespace and name of every workload that has pods."""
        return tuple((space, name) for space, held in self._by_owner.items() for name in held)

    def selected(self, namespace: str, labels: Mapping[str, str]) -> tuple[Pod, ...]:
        """Return the live pods of *namespace* that carry all *labels*, by name."""
        found = [
            pod
            for pods in self._by_owner.get(namespace, {}).values()
            for pod in pods
            if labels.items() <= pod.labels.items()
        ]
        return tuple(sorted(found, key=lambda pod: pod.name))

    def at(self, address: str) -> Pod | None:
        """Return the pod that has or lately had *address*."""
        return self._by_address.get(address)

    def gone_s(self, name: str) -> float:
        """Return when a pod was told to stop, in seconds since the epoch; else infinity."""
        return self._gone.get(name, float("inf"))

    def start(self, deployment: Manifest, template_hash: str, now: datetime, nth: int) -> Pod:
        """Start the *nth* pod of a batch; the kubelet starts them one after another."""
        meta, template = deployment["metadata"], deployment["spec"]["template"]
        self._count += 1
        how = behaviour_of(template)
        wait = timedelta(seconds=how.ready_after_s + 0.2 * nth)
        pod = Pod(
            namespace=meta["namespace"],
            owner=meta["name"],
            name=f"{meta['name']}-{template_hash}-{_suffix(self._count)}",
            address=f"10.{78 + self._count // 64516}.{self._count // 254 % 254}"
            f".{self._count % 254 + 1}",
            labels=dict((template.get("metadata") or {}).get("labels") or {}),
            template_hash=template_hash,
            behaviour=how,
            started=now,
            ready_at=None if how.never_ready else now + wait,
        )
        self._set(pod.namespace, pod.owner, (*self.of(pod.namespace, pod.owner), pod))
        self._by_address[pod.address] = pod
        return pod

    def stop(self, pods: tuple[Pod, ...], now: datetime) -> None:
        """Tell *pods* to stop: at once for those who read their state, later for their callers."""
        names = {pod.name for pod in pods}
        for pod in pods:
            live = self.of(pod.namespace, pod.owner)
            left = tuple(other for other in live if other.name not in names)
            self._by_address[pod.address] = replace(pod, gone_at=now)
            self._gone[pod.name] = now.timestamp()
            self._set(pod.namespace, pod.owner, left)
        self._bury(now)

    def behave(self, namespace: str, env: Mapping[str, str], **where: str) -> None:
        """Make running pods answer as *env* says from now on.

        *where* narrows them down: `owner` is the workload's name, `version` what they answer.
        """
        for owner, pods in tuple(self._by_owner.get(namespace, {}).items()):
            if where.get("owner", owner) == owner:
                changed = tuple(self._changed(pod, env, where) for pod in pods)
                self._set(namespace, owner, changed)

    def _set(self, namespace: str, owner: str, pods: tuple[Pod, ...]) -> None:
        held = self._by_owner.setdefault(namespace, {})
        if pods:
            held[owner] = pods
        else:
            held.pop(owner, None)

    def _changed(self, pod: Pod, env: Mapping[str, str], where: Mapping[str, str]) -> Pod:
        if where.get("version", pod.behaviour.version) != pod.behaviour.version:
            return pod
        changed = replace(pod, behaviour=behaviour(env, pod.behaviour))
        self._by_address[pod.address] = changed
        return changed

    def _bury(self, now: datetime) -> None:
        limit = now - timedelta(seconds=GRACE_S)
        for address, pod in tuple(self._by_address.items()):
            if pod.gone_at is not None and pod.gone_at < limit:
                del self._by_address[address]


def behaviour_of(template: Manifest) -> Behaviour:
    """Read how the pods of a template behave from the plain variables of its first container."""
    containers: Any = (template.get("spec") or {}).get("containers") or ({},)
    variables = containers[0].get("env") or ()
    return behaviour({item["name"]: str(item.get("value", "")) for item in variables})


def behaviour(env: Mapping[str, str], before: Behaviour | None = None) -> Behaviour:
    """Read *env*; what it does not name stays as it was *before*."""
    readers: Mapping[str, tuple[str, Any]] = {
        "VERSION": ("version", str),
        "ERROR_RATE": ("error_rate", float),
        "LATENCY_MS": ("latency_ms", float),
        "READY_AFTER_S": ("ready_after_s", float),
        "NEVER_READY": ("never_ready", lambda text: text not in {"", "0", "false"}),
    }
    found = {name: read(env[key]) for key, (name, read) in readers.items() if key in env}
    return replace(before or Behaviour(), **found)


def _suffix(number: int) -> str:
    """Write *number* as five characters of the alphabet that Kubernetes uses for names."""
    text = ""
    for _ in range(5):
        number, digit = divmod(number, len(_ALPHABET))
        text = _ALPHABET[digit] + text
    return text
