"""How objects from a file come into a store: with definitions, statuses and owners."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from flagger_py.refs import key_of
from flagger_py.testing.served import from_crd
from flagger_py.testing.store import Store
from flagger_py.wire import Manifest

DEFINITION = "CustomResourceDefinition"


def read(path: Path) -> tuple[Manifest, ...]:
    """Return the objects of a file: `.jsonl` has one a line, `.json` and `.yaml` some or a List."""
    text = path.read_text(encoding="utf-8")
    match path.suffix:
        case ".jsonl":
            found: Iterable[Any] = (json.loads(line) for line in text.splitlines() if line)
        case ".json":
            found = (json.loads(text),)
        case _:
            found = yaml.safe_load_all(text)
    return tuple(_flat(found))


def load(store: Store, manifests: Iterable[Manifest], manager: str = "loader") -> int:
    """Put *manifests* with their statuses into *store*; return how many objects that made.

    A definition makes its kind served. An owner reference by a uid of the file is made one by
    the uid that the store gave the owner.
    """
    objects: list[Manifest] = []
    for manifest in manifests:
        if manifest["kind"] == DEFINITION:
            store.register(from_crd(manifest))
        else:
            objects.append(manifest)
    uids: dict[str, str] = {}
    for manifest in objects:
        made = store.create(_owned(manifest, uids), manager)
        if uid := manifest["metadata"].get("uid"):
            uids[uid] = made["metadata"]["uid"]
        kind = store.resolve(manifest["apiVersion"], manifest["kind"])
        if "status" in manifest and store.served(kind).status:
            store.set_status(kind, key_of(made), manifest["status"], manager)
    return len(objects)


def _flat(found: Iterable[Any]) -> Iterator[Manifest]:
    for item in found:
        if isinstance(item, Mapping) and str(item.get("kind", "")).endswith("List"):
            yield from item.get("items") or ()
        elif item:
            yield item


def _owned(manifest: Manifest, uids: Mapping[str, str]) -> Manifest:
    meta = {**manifest["metadata"]}
    if owners := meta.get("ownerReferences"):
        meta["ownerReferences"] = [{**o, "uid": uids.get(o["uid"], o["uid"])} for o in owners]
    return {**manifest, "metadata": meta}
