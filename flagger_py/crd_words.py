"""What the kernel's own fields are called where a CustomResourceDefinition describes them."""

from collections.abc import Mapping
from typing import Any

from flagger_py import conditions, contracts, refs

WORDS: Mapping[type[Any], Mapping[str, str]] = {
    conditions.FluxStatus: {
        "observedGeneration": "Generation of the spec that this status speaks of; -1 for none yet.",
        "conditions": "Where the object stands: Ready, Reconciling, Stalled and the kind's own.",
        "lastHandledReconcileAt": "Last handled value of reconcile.fluxcd.io/requestedAt.",
        "lastHandledForceAt": "Last handled value of reconcile.fluxcd.io/forceAt.",
        "lastHandledResetAt": "Last handled value of reconcile.fluxcd.io/resetAt.",
    },
    conditions.Condition: {
        "type": "What the condition speaks of.",
        "status": "Whether it holds.",
        "reason": "Why, as one CamelCase word.",
        "message": "Why, as a sentence.",
        "observedGeneration": "Generation of the spec that was looked at.",
        "lastTransitionTime": "When the condition last said something new.",
        "lastUpdateTime": "When the condition was last written.",
    },
    refs.ObjectRef: {
        "apiVersion": "Group and version of the object.",
        "kind": "Kind of the object.",
        "name": "Name of the object.",
        "namespace": "Namespace of the object, where it is another one.",
    },
    refs.NameRef: {
        "name": "Name of the object.",
        "namespace": "Namespace of the object, where it is another one.",
    },
    contracts.Run: {
        "token": "Opaque token of the question; the answer repeats it.",
        "begun": "When the revision under judgement got its first traffic; as since without it.",
        "since": "When the split under judgement was seen in force.",
        "due": "When a verdict is wanted.",
    },
    contracts.GateRun: {
        "token": "Opaque token of the question; the answer repeats it.",
        "deadline": "After this moment nobody waits for an answer any more.",
    },
    contracts.Split: {
        "primary": "Percent of the requests that go to the primary.",
        "canary": "Percent of the requests that go to the canary; both sum to 100.",
        "match": "Requests the canary's share is confined to.",
        "mirror": "Copy the primary's requests to the canary and drop its answers.",
        "mirrorWeight": "Percent of the requests that are copied.",
        "affinity": "Cookie that keeps a user on the side that answered first.",
    },
    contracts.InForce: {
        "split": "Split that requests follow.",
        "since": "When it came into force.",
        "generation": "Generation of the spec that it renders.",
    },
    contracts.Measurement: {
        "name": "Name of the metric.",
        "verdict": "What the reading means.",
        "sentence": "What was read and why it means that.",
        "query": "Query as it was sent.",
        "value": "Value that was read.",
        "rule": "Rule that the value was judged by.",
        "at": "When it was read.",
    },
    contracts.GateAnswer: {
        "value": "What was answered.",
        "at": "When it was answered.",
        "by": "Who answered; a claim, unless the source proves identity.",
        "text": "What came with the answer.",
    },
}


def words_for(model: type[Any]) -> Mapping[str, str]:
    """Return the descriptions of *model*'s fields by wire name, inherited ones included."""
    found: dict[str, str] = {}
    for ancestor in reversed(model.__mro__):
        found.update(WORDS.get(ancestor, {}))
    return found
