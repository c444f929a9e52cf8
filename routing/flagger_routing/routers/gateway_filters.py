"""What a Gateway API rule does to requests: headers, rewrites, mirrors, cross-origin rules."""

from typing import Any

from flagger_py.contracts.http import HeaderChange, Rewrite
from flagger_py.quantities import duration_s

from ..api_http import CorsPolicy, MirrorTo
from ..api_service import Service

CORS_MAX_AGE_S = 5
"""What the API server stores where a policy says none."""


def filters(service: Service, *, cors: bool) -> list[dict[str, Any]]:
    """Return the filters of *service* in the order in which Flagger writes them."""
    found: list[dict[str, Any]] = []
    if service.headers is not None:
        found += _headers("Request", service.headers.request)
        found += _headers("Response", service.headers.response)
    if service.rewrite is not None:
        found += _rewrite(service.rewrite)
    found += [_mirror(mirror) for mirror in service.mirror]
    if cors and service.cors_policy is not None:
        found.append({"type": "CORS", "cors": _cors(service.cors_policy)})
    return found


def mirror_to(name: str, port: int) -> dict[str, Any]:
    """Return the filter that copies each request to the Service *name*."""
    backend = {"group": "", "kind": "Service", "name": name, "port": port}
    return {"type": "RequestMirror", "requestMirror": {"backendRef": backend}}


def _headers(side: str, change: HeaderChange | None) -> list[dict[str, Any]]:
    said: dict[str, Any] = {}
    if change is None:
        return []
    for way, headers in (("set", change.set), ("add", change.add)):
        if headers:
            said[way] = [{"name": name, "value": headers[name]} for name in sorted(headers)]
    if change.remove:
        said["remove"] = list(change.remove)
    if not said:
        return []
    return [{"type": f"{side}HeaderModifier", f"{side.lower()}HeaderModifier": said}]


def _rewrite(rewrite: Rewrite) -> list[dict[str, Any]]:
    said: dict[str, Any] = {}
    if rewrite.authority:
        said["hostname"] = rewrite.authority
    if rewrite.uri and rewrite.type == "ReplacePrefixMatch":
        said["path"] = {"type": "ReplacePrefixMatch", "replacePrefixMatch": rewrite.uri}
    elif rewrite.uri:
        said["path"] = {"type": "ReplaceFullPath", "replaceFullPath": rewrite.uri}
    return [{"type": "URLRewrite", "urlRewrite": said}] if said else []


def _mirror(mirror: MirrorTo) -> dict[str, Any]:
    return {
        "type": "RequestMirror",
        "requestMirror": {"backendRef": mirror.backend_ref.wire()},
    }


def _cors(policy: CorsPolicy) -> dict[str, Any]:
    exact = [origin.exact for origin in policy.allow_origins if origin.exact]
    said: dict[str, Any] = {
        "allowOrigins": [*policy.allow_origin, *exact],
        "allowMethods": list(policy.allow_methods),
        "allowHeaders": list(policy.allow_headers),
        "exposeHeaders": list(policy.expose_headers),
    }
    found = {name: value for name, value in said.items() if value}
    if policy.allow_credentials:
        found["allowCredentials"] = True
    where = "spec.service.corsPolicy.maxAge"
    age_s = int(duration_s(policy.max_age, where)) if policy.max_age else CORS_MAX_AGE_S
    return {**found, "maxAge": max(age_s, 1)}
