"""Who owns which fields after a write: `metadata.managedFields`.

The algorithm is that of server-side apply: an applier owns what it states and gives up what it no
longer states; whoever changes a field takes it from the others; equal values are shared.
"""

from dataclasses import dataclass
from typing import Any

from flagger_py.owned import Fields
from flagger_py.testing.fields import common, minus, paths, union
from flagger_py.testing.merge import diff, fields_of, merged, pruned
from flagger_py.testing.refusal import held_by_others
from flagger_py.testing.schema import Shape

Json = dict[str, Any]
Entries = list[Json]
"""The value of `metadata.managedFields`."""

APPLY, UPDATE = "Apply", "Update"


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes, how, and when: the identity of an entry, and its time."""

    manager: str
    operation: str
    api_version: str
    time: str
    subresource: str | None = None

    def made(self, entry: Json) -> bool:
        return (
            entry["manager"] == self.manager
            and entry["operation"] == self.operation
            and entry.get("subresource") == self.subresource
        )

    def entry(self, fields: Fields) -> Json:
        where = {"subresource": self.subresource} if self.subresource else {}
        return {
            "manager": self.manager,
            "operation": self.operation,
            "apiVersion": self.api_version,
            "time": self.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": fields,
            **where,
        }


@dataclass(frozen=True, slots=True)
class Held:
    """What is written, without the metadata that the server keeps, and who owns what of it."""

    body: Json
    entries: Entries


def applied(live: Held, stated: Json, writer: Writer, *, force: bool, shape: Shape) -> Held:
    """Return what applying *stated* makes of *live*.

    Raises `Conflicted` with managers and paths when others hold fields it would change, unless
    *force* takes them over.
    """
    own, others = _split(live.entries, writer)
    before: Fields = own["fieldsV1"] if own else {}
    states: Fields = fields_of(stated, shape) if stated else {}
    kept = states
    for entry in others:
        kept = union(kept, entry["fieldsV1"])
    body = pruned(merged(live.body, stated, shape), before, kept, shape) or {}
    changed, removed = diff(live.body, body, shape)
    if not force:
        _refuse_conflicts(others, changed)
    return Held(body, _entries(live.entries, writer, states, (changed, removed)))


def updated(live: Held, body: Json, writer: Writer, shape: Shape) -> Held:
    """Return what replacing the body of *live* by *body* makes of it."""
    own, _ = _split(live.entries, writer)
    changed, removed = diff(live.body, body, shape)
    states = minus(union(own["fieldsV1"] if own else {}, changed), removed)
    return Held(body, _entries(live.entries, writer, states, (changed, removed)))


def _split(entries: Entries, writer: Writer) -> tuple[Json | None, Entries]:
    own = next((entry for entry in entries if writer.made(entry)), None)
    return own, [entry for entry in entries if entry is not own]


def _refuse_conflicts(others: Entries, changed: Fields) -> None:
    held = [
        (entry["manager"], _described(entry), path)
        for entry in others
        for path in paths(common(entry["fieldsV1"], changed))
    ]
    if held:
        raise held_by_others(tuple(held))


def _described(entry: Json) -> str:
    where = f' with subresource "{entry["subresource"]}"' if "subresource" in entry else ""
    how = f" using {entry['apiVersion']}" if entry["operation"] == UPDATE else ""
    return f'"{entry["manager"]}"{where}{how}'


def _entries(
    entries: Entries, writer: Writer, states: Fields, difference: tuple[Fields, Fields]
) -> Entries:
    lost = union(*difference)
    found, met = [], False
    for entry in entries:
        if writer.made(entry):
            met = True
            rest = states
        else:
            rest = minus(entry["fieldsV1"], lost)
        if not rest:
            continue
        if rest == entry["fieldsV1"]:
            found.append(entry)
        elif writer.made(entry):
            found.append(writer.entry(rest))
        else:
            found.append({**entry, "fieldsV1": rest})
    if not met and states:
        found.append(writer.entry(states))
    return found
