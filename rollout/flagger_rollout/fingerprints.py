"""What a revision is: hashes of pod templates and configs, and Flagger's webhook checksum."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

_SAFE = "bcdfghjklmnpqrstvwxz2456789"
_FNV_OFFSET, _FNV_PRIME = 0x811C9DC5, 0x01000193


def revision_of(template: Mapping[str, Any], configs: Mapping[str, str] | None = None) -> str:
    """Return ten hexadecimal digits that change with the pod *template* and nothing else.

    The hash is taken of the JSON as stored, with keys sorted, so it does not depend on the
    version of any client library. *configs* are the checksums of tracked configs: a changed
    ConfigMap is a new revision, although the template says the same.
    """
    content: dict[str, Any] = {"template": template}
    if configs:
        content["configs"] = dict(configs)
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def webhook_checksum(applied: str, configs: Mapping[str, str] | None) -> str:
    """Return the `checksum` of a webhook payload, as Flagger computes it from the same values.

    FNV-1a (32 bits) of the Go syntax of a struct with both values, its decimal digits mapped to
    Kubernetes' safe alphabet (`k8s.io/apimachinery/pkg/util/rand.SafeEncodeString`).
    """
    if configs is None:
        tracked = "(*map[string]string)<nil>"
    else:
        pairs = " ".join(f"{key}:{configs[key]}" for key in sorted(configs))
        tracked = f"(*map[string]string)map[{pairs}]"
    text = (
        "(struct { TrackedConfigs *map[string]string; LastAppliedSpec string })"
        f"{{TrackedConfigs:{tracked} LastAppliedSpec:(string){applied}}}"
    )
    return _safe(_fnv1a(text))


def config_checksum(data: Mapping[str, str] | None) -> str:
    """Return 16 hexadecimal digits of a ConfigMap's or Secret's data, as Flagger writes them."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for plain, escaped in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(plain, escaped)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _fnv1a(text: str) -> int:
    value = _FNV_OFFSET
    for byte in text.encode():
        value = ((value ^ byte) * _FNV_PRIME) & 0xFFFFFFFF
    return value


def _safe(value: int) -> str:
    return "".join(_SAFE[ord(digit) % len(_SAFE)] for digit in str(value))
