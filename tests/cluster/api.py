"""The tests' own way to the API server: plain manifests over HTTP, no cache, no retry."""

import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from tests.cluster.credentials import Credentials

Manifest = dict[str, Any]


class ApiError(RuntimeError):
    """The API server said no; *code* is the HTTP status, *reason* the Status object's word."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(f"{code} {reason}: {message}")
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Api:
    """Requests with one identity; those of other identities share its connections."""

    client: httpx.Client
    headers: Mapping[str, str]
    _known: dict[tuple[str, str], tuple[str, bool]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.client.close()

    def bearing(self, token: str) -> "Api":
        """Return the API as the bearer of *token* sees it."""
        return Api(self.client, {"Authorization": f"Bearer {token}"}, self._known)

    def impersonating(self, user: str) -> "Api":
        """Return the API as *user* sees it; a name `system:serviceaccount:…` works too."""
        return Api(self.client, {**self.headers, "Impersonate-User": user}, self._known)

    def get(self, api_version: str, kind: str, name: str, namespace: str = "") -> Manifest:
        return self.request("GET", self.path(api_version, kind, namespace, name))

    def find(self, api_version: str, kind: str, name: str, namespace: str = "") -> Manifest | None:
        """Return the object, None when there is none."""
        try:
            return self.get(api_version, kind, name, namespace)
        except ApiError as error:
            if error.code == httpx.codes.NOT_FOUND:
                return None
            raise

    def select(
        self, api_version: str, kind: str, namespace: str = "", labels: str = ""
    ) -> list[Manifest]:
        """Return the objects that match the selector *labels*, of all namespaces when not given."""
        query = f"?labelSelector={quote(labels)}" if labels else ""
        answer = self.request("GET", self.path(api_version, kind, namespace) + query)
        items: list[Manifest] = answer["items"]
        return items

    def create(self, manifest: Manifest) -> Manifest:
        return self.request("POST", self._path_of(manifest, ""), manifest)

    def apply(self, manifest: Manifest, manager: str = "bed") -> Manifest:
        """Apply server-side as *manager*, taking over what others hold."""
        path = self._path_of(manifest, manifest["metadata"]["name"])
        query = f"?fieldManager={quote(manager)}&force=true"
        return self.request("PATCH", path + query, manifest, "application/apply-patch+yaml")

    def merge(self, path: str, patch: Manifest) -> Manifest:
        """Merge *patch* into the object at *path*, see `path`."""
        return self.request("PATCH", path, patch, "application/merge-patch+json")

    def delete(self, api_version: str, kind: str, name: str, namespace: str = "") -> Manifest:
        """Delete in the background: the call returns before dependants are gone."""
        return self.request("DELETE", self.path(api_version, kind, namespace, name))

    def path(self, api_version: str, kind: str, namespace: str = "", name: str = "") -> str:
        """Return the URL path of a kind or an object; cluster-wide kinds ignore *namespace*."""
        plural, namespaced = self._resource(api_version, kind)
        inner = f"/namespaces/{namespace}" if namespaced and namespace else ""
        return f"{_root(api_version)}{inner}/{plural}{f'/{name}' if name else ''}"

    def serves(self, api_version: str, kind: str) -> bool:
        """Tell whether discovery knows *kind*, which it does a moment after the CRD is there."""
        try:
            self._resource(api_version, kind)
        except ApiError as error:
            if error.code == httpx.codes.NOT_FOUND:
                return False
            raise
        return True

    def request(
        self,
        method: str,
        path: str,
        body: Manifest | None = None,
        content: str = "application/json",
    ) -> Manifest:
        """Send one request and return the answer's object; raises `ApiError` for any refusal."""
        answer = self.client.request(
            method,
            path,
            content=None if body is None else json.dumps(body),
            headers={**self.headers, "Content-Type": content, "Accept": "application/json"},
        )
        if answer.is_success:
            found: Manifest = answer.json()
            return found

        try:
            status = answer.json()
        except json.JSONDecodeError:
            status = {"message": answer.text}
        raise ApiError(answer.status_code, status.get("reason", ""), status.get("message", ""))

    def _path_of(self, manifest: Manifest, name: str) -> str:
        namespace = manifest["metadata"].get("namespace", "")
        return self.path(manifest["apiVersion"], manifest["kind"], namespace, name)

    def _resource(self, api_version: str, kind: str) -> tuple[str, bool]:
        """Find the plural of *kind* and whether it is namespaced; asks again while unknown."""
        if (api_version, kind) not in self._known:
            served: Sequence[Manifest] = self.request("GET", _root(api_version))["resources"]
            for entry in served:
                if "/" not in entry["name"]:
                    known = (entry["name"], entry["namespaced"])
                    self._known[api_version, entry["kind"]] = known
        if (api_version, kind) not in self._known:
            raise ApiError(httpx.codes.NOT_FOUND, "NotServed", f"{api_version} {kind}")
        return self._known[api_version, kind]


def _root(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def connect(credentials: Credentials, role: str = "admin") -> Api:
    """Open the API server's door for *role*; close it with `with`."""
    trust = ssl.create_default_context(cafile=str(credentials.authority))
    # Proxies in the environment are for the machine's network, and the bed has its own.
    client = httpx.Client(base_url=credentials.server, verify=trust, timeout=30.0, trust_env=False)
    return Api(client, {"Authorization": f"Bearer {credentials.token(role)}"})
