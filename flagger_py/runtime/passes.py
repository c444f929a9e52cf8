"""One reconcile, everywhere the same: observe, decide, act, write the status once."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic

from flagger_py.conditions import (
    READY,
    RECONCILING,
    STALLED,
    Reason,
    Standing,
    conditions_for,
    merge,
    retrying,
    stalled,
)
from flagger_py.decision import (
    Action,
    Apply,
    Count,
    Decision,
    Delete,
    Deliver,
    Emit,
    Force,
    Hold,
    Observe,
    Release,
)
from flagger_py.errors import Conflict, FlaggerError, SpecError, Unavailable
from flagger_py.refs import key_of
from flagger_py.runtime.cluster import Site
from flagger_py.runtime.conflicts import asked_by_another, explain_conflict, held_by_gitops
from flagger_py.runtime.events import event_for
from flagger_py.runtime.part import Outcome, Part, Seen, Shell, Spec, Status, ours
from flagger_py.subject import FORCE_AT, REQUESTED_AT, RESET_AT, Subject
from flagger_py.wire import Manifest

DELETING_S = 30.0
"""How often the deletion of an object with a fault is tried."""

log = logging.getLogger(__name__)

SAID_MAX = 64
"""How many things a process remembers to have said about one object; a step says fewer."""


@dataclass(slots=True)
class Pass(Generic[Spec, Status, Seen]):
    """One pass of *part* over *manifest*; made for the pass and dropped with it."""

    part: Part[Spec, Status, Seen]
    shell: Shell
    manifest: Manifest
    memory: dict[str, Any]
    after: list[Deliver | Count | Observe] = field(default_factory=list)

    async def run(self) -> Outcome:
        status = _status(self.part, self.manifest)
        try:
            spec = self.part.spec.read(self.manifest.get("spec") or {}, "spec")
        except SpecError as error:
            return await self._settle(status, _kept(status, _faulty(error)))
        subject = Subject(self.manifest, spec, status, self.shell.clock())
        failed = decided = False
        retry_after_s = None
        try:
            if spec.suspend and not subject.deleting:
                return await self._leave_alone(subject)
            decision = await self._decide(subject)
            decided = True
            await self._act(subject, decision.actions)
        except SpecError as error:
            # A deleted object is let go in time, whatever its user does about the fault.
            # What was decided and refused would be decided again at once: that needs a pause.
            failed = decided
            again_s = DELETING_S if subject.deleting else None
            decision = replace(_kept(status, _faulty(error)), requeue_after_s=again_s)
        except Conflict as error:
            if not error.managers:
                return Outcome(failed=True, sentence=error.message)
            decision = _kept(status, _fought(error))
        except Unavailable as error:
            failed, retry_after_s = True, error.retry_after_s
            decision = _kept(status, retrying(error.message, error.reason))
        outcome = await self._settle(status, decision)
        if not failed:
            return outcome
        return Outcome(retry_after_s, True, outcome.wrote_status, decision.standing.message)

    async def _decide(self, subject: Subject[Spec, Status]) -> Decision[Status]:
        seen = await self.part.observe(subject, self._site(subject))
        decision = self.part.decide(subject, seen)
        for gauge in decision.gauges:
            self.shell.tell(gauge)
        return decision

    def _site(self, subject: Subject[Spec, Status]) -> Site:
        reads = self.shell.cluster.reads(self.part.name, subject.key, self._account(subject))
        return Site(reads, self.shell.egress, subject.now, self.memory)

    async def _act(self, subject: Subject[Spec, Status], actions: tuple[Action, ...]) -> None:
        for action in actions:
            match action:
                case Apply():
                    await self._apply(subject, action)
                case Delete():
                    account = self._account_for(action.kind.group, subject)
                    await self.shell.cluster.delete(
                        action.kind, action.key, uid=action.uid, account=account
                    )
                case Emit():
                    await self._emit(subject, action)
                case Hold():
                    await self._finalizers((self.part.finalizer,))
                case Release():
                    await self._finalizers(())
                case Deliver() | Count() | Observe():
                    self.after.append(action)

    async def _apply(self, subject: Subject[Spec, Status], action: Apply) -> None:
        manifest = action.manifest
        group = manifest["apiVersion"].rpartition("/")[0]
        account = self._account_for(group, subject)
        cluster, manager = self.shell.cluster, self.part.manager
        try:
            await cluster.apply(
                manifest, manager=manager, force=action.force is Force.ALWAYS, account=account
            )
        except Conflict as error:
            if error.managers and action.force is Force.ASK:
                raise asked_by_another(manifest, error) from error
            if not error.managers or action.force in (Force.NEVER, Force.ALWAYS):
                raise
            if not held_by_gitops(error.managers):
                await cluster.apply(manifest, manager=manager, force=True, account=account)
            elif action.force is Force.UNLESS_GITOPS:
                raise
            else:
                await self._emit(
                    subject,
                    Emit(
                        Reason.FIELD_MANAGER_CONFLICT,
                        explain_conflict(error),
                        "Warning",
                        token=f"generation {subject.generation}",
                    ),
                )

    async def _finalizers(self, finalizers: tuple[str, ...]) -> None:
        manifest = _identity(self.manifest)
        if finalizers:
            manifest["metadata"]["finalizers"] = list(finalizers)
        stored = await self.shell.cluster.apply(manifest, manager=self.part.manager, force=True)
        # The status is written over what this write left, not over what it replaced.
        version = stored["metadata"]["resourceVersion"]
        self.manifest = {
            **self.manifest,
            "metadata": {**self.manifest["metadata"], "resourceVersion": version},
        }

    async def _emit(self, subject: Subject[Spec, Status], emit: Emit) -> None:
        thing = f"{emit.token}/{emit.reason}/{emit.message}"
        if emit.token and self._said(thing):
            return
        event = event_for(subject, emit, self.part, self.shell.instance)
        try:
            await self.shell.cluster.record(event)
        except FlaggerError as error:
            # What an event tells is in the status, too: that it cannot be told decides nothing.
            log.warning("event %s is not recorded: %s", emit.reason, error.message)
            return
        self._note(thing)

    def _said(self, thing: str) -> bool:
        return thing in self.memory.setdefault("said", {})

    def _note(self, thing: str) -> None:
        """Remember that *thing* was said of this object; the oldest is forgotten first."""
        said: dict[str, None] = self.memory.setdefault("said", {})
        said[thing] = None
        while len(said) > SAID_MAX:
            del said[next(iter(said))]

    async def _leave_alone(self, subject: Subject[Spec, Status]) -> Outcome:
        if self.part.suspended is not None:
            await self._act(subject, await self.part.suspended(subject, self._site(subject)))
        return Outcome(sentence="suspended")

    async def _settle(self, before: Status, decision: Decision[Status]) -> Outcome:
        """Write the status if it says anything new, then do what waits for that write."""
        status = dated(before, decision, self.manifest, self.shell.clock())
        wrote = False
        if status.wire() != (self.manifest.get("status") or {}) and not self._gone(decision):
            await self._write_status(status)
            wrote = True
        for item in self.after if decision.actions else ():
            if not isinstance(item, Deliver):
                self.shell.tell(item)
            elif not self._said(f"delivery/{item.token}"):
                self.shell.deliver(key_of(self.manifest), item)
                self._note(f"delivery/{item.token}")
        # What a new status waits for may hold already, and then no event will tell: look again,
        # until a pass finds nothing to write.
        again_s = 0.0 if wrote else decision.requeue_after_s
        return Outcome(again_s, wrote_status=wrote, sentence=decision.standing.message)

    async def _write_status(self, status: Status) -> None:
        manifest = _identity(self.manifest)
        manifest["metadata"]["resourceVersion"] = self.manifest["metadata"]["resourceVersion"]
        manifest["status"] = status.wire()
        await self.shell.cluster.apply(
            manifest, manager=self.part.status_manager, force=True, subresource="status"
        )

    def _gone(self, decision: Decision[Status]) -> bool:
        released = any(isinstance(action, Release) for action in decision.actions)
        return released and "deletionTimestamp" in self.manifest["metadata"]

    def _account(self, subject: Subject[Spec, Status]) -> str | None:
        name = subject.spec.service_account_name or self.part.default_account
        return f"system:serviceaccount:{subject.namespace}:{name}" if name else None

    def _account_for(self, group: str, subject: Subject[Spec, Status]) -> str | None:
        return None if ours(group) else self._account(subject)


async def reconcile(
    part: Part[Any, Any, Any], manifest: Manifest, shell: Shell, memory: dict[str, Any]
) -> Outcome:
    """Take one pass of *part* over *manifest*."""
    return await Pass(part, shell, manifest, memory).run()


def dated(before: Status, decision: Decision[Status], manifest: Manifest, now: datetime) -> Status:
    """Complete the decided status: conditions with times, generation, handled annotations."""
    meta = manifest["metadata"]
    generation = int(meta.get("generation", 0))
    wanted = (*conditions_for(decision.standing), *decision.conditions)
    update: dict[str, Any] = {
        "conditions": merge(before.conditions, wanted, generation=generation, now=now)
    }
    if decision.standing.accepted:
        update["observed_generation"] = generation
    annotations: Mapping[str, str] = meta.get("annotations") or {}
    handled = [(REQUESTED_AT, "last_handled_reconcile_at")]
    if not decision.faulty:
        # A force or a reset that met a fault was not handled: the next pass tries it again.
        handled += [(FORCE_AT, "last_handled_force_at"), (RESET_AT, "last_handled_reset_at")]
    for annotation, name in handled:
        if annotation in annotations:
            update[name] = annotations[annotation]
    return decision.status.model_copy(update=update)


def _status(part: Part[Any, Status, Any], manifest: Manifest) -> Status:
    """Read the status; one that cannot be read (another controller's) counts as none."""
    try:
        return part.status.read(manifest.get("status") or {}, "status")
    except SpecError:
        return part.status()


def _kept(status: Status, standing: Standing) -> Decision[Status]:
    """Say where the object stands after a fault; all else in its status stays as it was."""
    own = tuple(c for c in status.conditions if c.type not in (STALLED, RECONCILING, READY))
    return Decision(status, standing, conditions=own, faulty=True)


def _identity(manifest: Manifest) -> dict[str, Any]:
    meta = manifest["metadata"]
    return {
        "apiVersion": manifest["apiVersion"],
        "kind": manifest["kind"],
        "metadata": {"name": meta["name"], "namespace": meta["namespace"]},
    }


def _faulty(error: SpecError) -> Standing:
    return stalled(error.message, error.reason)


def _fought(error: Conflict) -> Standing:
    return stalled(explain_conflict(error), Reason.FIELD_MANAGER_CONFLICT)
