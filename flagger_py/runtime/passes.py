"""One reconcile, everywhere the same: observe, decide, act, write the status once."""

import contextlib
import logging
from dataclasses import dataclass, field, replace
from typing import Any, Generic

from flagger_py.conditions import Reason, retrying
from flagger_py.decision import (
    Action,
    Apply,
    Count,
    Decision,
    Delete,
    Deliver,
    Emit,
    Hold,
    Observe,
    Release,
)
from flagger_py.errors import Conflict, FlaggerError, SpecError, Unavailable
from flagger_py.refs import key_of
from flagger_py.runtime import status_writes
from flagger_py.runtime.applying import apply
from flagger_py.runtime.cluster import Site
from flagger_py.runtime.letting_go import holds, left_behind, let_go_in_s
from flagger_py.runtime.part import Outcome, Part, Seen, Shell, Spec, Status, ours
from flagger_py.runtime.paths import is_name
from flagger_py.runtime.queue import LULL_S
from flagger_py.runtime.saying import Voice
from flagger_py.runtime.statuses import broken, dated, faulty, fought, identity, kept, status_in
from flagger_py.subject import Subject
from flagger_py.wire import Manifest

DELETING_S = 30.0
"""How often the deletion of an object with a fault is tried."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Pass(Generic[Spec, Status, Seen]):
    """One pass of *part* over *manifest*; made for the pass and dropped with it."""

    part: Part[Spec, Status, Seen]
    shell: Shell
    manifest: Manifest
    memory: dict[str, Any]
    after: list[Deliver | Count | Observe] = field(default_factory=list)
    voice: Voice = field(init=False)

    def __post_init__(self) -> None:
        self.voice = Voice(self.part, self.shell, self.memory)

    async def run(self) -> Outcome:
        status = status_in(self.part, self.manifest)
        failed = decided = False
        retry_after_s = None
        try:
            spec = self.part.spec.read(self.manifest.get("spec") or {}, "spec")
            subject = Subject(self.manifest, spec, status, self.shell.clock())
            if spec.suspend and not subject.deleting:
                return await self._leave_alone(subject)
            decision = await self._decide(subject)
            decided = True
            await self._act(subject, decision.actions)
        except SpecError as error:
            # What was decided and refused would be decided again at once: that needs a pause.
            failed = decided
            fault = kept(status, faulty(error))
        except Conflict as error:
            if not error.managers:
                return Outcome(failed=True, sentence=error.message)
            fault = kept(status, fought(error))
        except Unavailable as error:
            failed, retry_after_s = True, error.retry_after_s
            fault = kept(status, retrying(error.message, error.reason))
        except Exception as error:
            # Said where its user looks; the worker logs it whole, and tries again.
            with contextlib.suppress(FlaggerError):
                await self._fall_short(status, kept(status, broken(error, self.part, self.shell)))
            raise
        else:
            return await self._settle(status, decision)
        return await self._fall_short(status, fault, failed, retry_after_s)

    async def _fall_short(
        self,
        status: Status,
        fault: Decision[Status],
        failed: bool = True,
        retry_after_s: float | None = None,
    ) -> Outcome:
        """Say what is wrong; a deleted object that is kept by it for too long is let go."""
        left_s = let_go_in_s(self.part, self.manifest, self.shell.clock())
        if left_s is not None and left_s <= 0:
            return await self._let_go(status, fault.standing.message)
        again_s = None if left_s is None else min(left_s, DELETING_S)
        outcome = await self._settle(status, replace(fault, requeue_after_s=again_s))
        if not failed:
            return outcome
        return Outcome(retry_after_s, True, outcome.wrote_status, outcome.sentence, left_s)

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
                    await self.voice.say(subject, action)
                case Hold():
                    await self._hold()
                case Release():
                    await self._release()
                case Deliver() | Count() | Observe():
                    self.after.append(action)

    async def _apply(self, subject: Subject[Spec, Status], action: Apply) -> None:
        account = self._account_for(action.manifest["apiVersion"].rpartition("/")[0], subject)
        tolerated = await apply(self.shell.cluster, action, self.part.manager, account)
        if tolerated:
            token = f"generation {subject.generation}"
            warning = Emit(Reason.FIELD_MANAGER_CONFLICT, tolerated, "Warning", token=token)
            await self.voice.say(subject, warning)

    async def _hold(self) -> None:
        manifest = identity(self.manifest)
        manifest["metadata"]["finalizers"] = [self.part.finalizer]
        self._took_effect(
            await self.shell.cluster.apply(manifest, manager=self.part.manager, force=True)
        )

    async def _release(self) -> None:
        if holds(self.part, self.manifest):
            finalizer, manager = self.part.finalizer, self.part.manager
            self._took_effect(
                await self.shell.cluster.release(self.manifest, finalizer, manager=manager)
            )

    def _took_effect(self, stored: Manifest) -> None:
        """Go on from what our write left: the status is written over that."""
        meta = stored["metadata"]
        now = {"resourceVersion": meta["resourceVersion"], "finalizers": meta.get("finalizers")}
        self.manifest = {**self.manifest, "metadata": {**self.manifest["metadata"], **now}}

    async def _let_go(self, status: Status, fault: str) -> Outcome:
        """Release a deleted object that a fault has kept for too long: nothing hangs for ever."""
        told = left_behind(self.part, self.manifest, fault)
        subject: Subject[Any, Status] = Subject(self.manifest, None, status, self.shell.clock())
        await self.voice.say(subject, told)
        await self._release()
        log.warning("%s", told.message)
        return Outcome(sentence=told.message)

    async def _leave_alone(self, subject: Subject[Spec, Status]) -> Outcome:
        if self.part.suspended is not None:
            await self._act(subject, await self.part.suspended(subject, self._site(subject)))
        return Outcome(sentence="suspended")

    async def _settle(self, before: Status, decision: Decision[Status]) -> Outcome:
        """Write the status if it says anything new, then do what waits for that write."""
        status = dated(before, decision, self.manifest, self.shell.clock())
        wire, wrote = status.wire(), False
        unsaid = decision.quiet or self._gone(decision)
        if wire != (self.manifest.get("status") or {}) and not unsaid:
            await status_writes.write(self.part, self.shell, self.manifest, before, wire)
            wrote = True
        for item in self.after if decision.actions else ():
            if not isinstance(item, Deliver):
                self.shell.tell(item)
            elif not self.voice.said(f"delivery/{item.token}"):
                self.shell.deliver(key_of(self.manifest), item)
                self.voice.note(f"delivery/{item.token}")
        again_s = decision.requeue_after_s
        if wrote and not decision.complete:
            # What a new status waits for may hold already, and then no event will tell: look
            # again, until a pass finds nothing to write.
            again_s = LULL_S if again_s is None else min(LULL_S, again_s)
        return Outcome(again_s, wrote_status=wrote, sentence=decision.standing.message)

    def _gone(self, decision: Decision[Status]) -> bool:
        released = any(isinstance(action, Release) for action in decision.actions)
        return released and "deletionTimestamp" in self.manifest["metadata"]

    def _account(self, subject: Subject[Spec, Status]) -> str | None:
        name = subject.spec.service_account_name or self.part.default_account
        if name and (":" in name or not is_name(name)):
            raise SpecError(f"spec.serviceAccountName: {name!r} is no name of a ServiceAccount")
        return f"system:serviceaccount:{subject.namespace}:{name}" if name else None

    def _account_for(self, group: str, subject: Subject[Spec, Status]) -> str | None:
        return None if ours(group) else self._account(subject)


async def reconcile(
    part: Part[Any, Any, Any], manifest: Manifest, shell: Shell, memory: dict[str, Any]
) -> Outcome:
    """Take one pass of *part* over *manifest*."""
    return await Pass(part, shell, manifest, memory).run()
