"""How objects are written to clients and their bodies read: as JSON, fast where orjson is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from flagger_py.refs import Kind
from flagger_py.testing.discovery import in_version
from flagger_py.testing.refusal import BadRequest
from flagger_py.wire import Manifest

try:
    import orjson
except ImportError:
    orjson = None  # type: ignore[assignment]  # an optional speed-up

_METADATA = "as=PartialObjectMetadata"


@dataclass(frozen=True, slots=True)
class View:
    """How a client wants objects shown: in the version of *kind*, whole or their metadata only."""

    kind: Kind
    metadata_only: bool = False

    def of(self, stored: Manifest) -> Manifest:
        if self.metadata_only:
            return {
                "apiVersion": "meta.k8s.io/v1",
                "kind": "PartialObjectMetadata",
                "metadata": stored["metadata"],
            }
        return in_version(self.kind, stored)

    @property
    def list_identity(self) -> dict[str, str]:
        """The apiVersion and kind of a list of such objects."""
        if self.metadata_only:
            return {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1"}
        return {"kind": f"{self.kind.kind}List", "apiVersion": self.kind.api_version}


def view_of(kind: Kind, accept: str) -> View:
    """Read the Accept header: protobuf and tables are refused silently, JSON is always given."""
    return View(kind, metadata_only=_METADATA in accept.replace(" ", ""))


def encode(value: object) -> bytes:
    if orjson is None:
        return json.dumps(value, separators=(",", ":")).encode()
    return orjson.dumps(value)


def decode(raw: bytes, content_type: str = "") -> Any:
    """Read a body, YAML only where *content_type* says so; raises `BadRequest`."""
    try:
        return json.loads(raw) if orjson is None else orjson.loads(raw)
    except ValueError as error:
        if "yaml" not in content_type:
            raise BadRequest(f"the body is no JSON: {error}") from error
    try:
        return yaml.safe_load(raw)
    except yaml.YAMLError as error:
        raise BadRequest(f"error decoding YAML: {error}") from error


def decode_object(raw: bytes, content_type: str = "") -> dict[str, Any]:
    """Read a body that must be an object; raises `BadRequest`."""
    found = decode(raw, content_type)
    if not isinstance(found, Mapping):
        raise BadRequest(f"the body must be an object, not {type(found).__name__}")
    return dict(found)
