"""Which objects a list or a watch is about: a namespace, labels, and fields of the objects."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flagger_py.testing.history import Change, Happened
from flagger_py.testing.labels import selected
from flagger_py.testing.refusal import BadRequest
from flagger_py.wire import Manifest


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a field selector: the field at *path* is *value*, or is not."""

    path: tuple[str, ...]
    value: str
    equal: bool

    def holds(self, manifest: Manifest) -> bool:
        found: Any = manifest
        for part in self.path:
            found = found.get(part) if isinstance(found, Mapping) else None
        return (("" if found is None else str(found)) == self.value) is self.equal


@dataclass(frozen=True, slots=True)
class Selection:
    """An empty namespace means all of them, an empty selector everything."""

    namespace: str = ""
    labels: str = ""
    fields: tuple[Term, ...] = ()

    def holds(self, manifest: Manifest) -> bool:
        meta = manifest["metadata"]
        if self.namespace and meta.get("namespace") != self.namespace:
            return False
        if self.labels and not selected(self.labels, meta.get("labels") or {}):
            return False
        return all(term.holds(manifest) for term in self.fields)

    def sees(self, change: Change) -> Happened | None:
        """Return what a watch of this selection calls *change*, None when it is none of its own.

        An object that leaves the selection is DELETED for those who watch it, one that enters
        is ADDED.
        """
        now = change.type is not Happened.DELETED and self.holds(change.object)
        before = change.before is not None and self.holds(change.before)
        if now:
            return Happened.MODIFIED if before else Happened.ADDED
        return Happened.DELETED if before else None


def selection_of(namespace: str, query: Mapping[str, str]) -> Selection:
    """Read the selectors of a request; raises `BadRequest`."""
    terms = [text for text in query.get("fieldSelector", "").split(",") if text]
    return Selection(
        namespace, query.get("labelSelector", ""), tuple(_term(text) for text in terms)
    )


def _term(text: str) -> Term:
    equal = "!=" not in text
    path, sign, value = text.replace("==", "=").partition("=" if equal else "!=")
    if not sign:
        raise BadRequest(f'invalid field selector "{text}": write field=value')
    return Term(tuple(path.strip().split(".")), value.strip(), equal)
