"""What the primary copies, renames and leaves alone, against what Flagger made of the same."""

import json
from pathlib import Path
from typing import Any

import pytest

from flagger_py.errors import SpecError
from flagger_rollout.configs import Config, ConfigRef, copy_for_primary, references, tracked
from flagger_rollout.primary import render_primary
from flagger_rollout.target import extra_ports, selector_of
from tests.rollout.scene import a_canary, a_deployment

SCENARIOS = Path(__file__).parent.parent / "compat" / "scenarios"
LABELS = ("app", "name", "app.kubernetes.io/name")


@pytest.fixture(scope="module")
def copies() -> dict[str, Any]:
    """Flagger's record of everything a pod spec can copy or rename."""
    record: dict[str, Any] = json.loads((SCENARIOS / "copies.json").read_text())
    return record


def test_the_primary_is_what_flagger_makes(copies: dict[str, Any]) -> None:
    manifests = {m["kind"]: m for m in copies["given"]["manifests"]}
    target = {
        **manifests["Deployment"],
        "metadata": {**manifests["Deployment"]["metadata"], "namespace": "test"},
    }
    configs = {ref.key: "x" for ref in references(target["spec"]["template"]["spec"])}

    ours = render_primary(
        target, a_canary(), selector_of(target, LABELS), replicas=2, configs=configs
    )

    theirs = copies["record"]["objects"]["Deployment/app-primary"]["first"]
    ours["metadata"]["labels"].pop("app.kubernetes.io/managed-by")
    ours["spec"]["template"]["metadata"]["annotations"].pop("flagger.app/configs")
    theirs["spec"]["template"]["metadata"]["annotations"].pop("flagger-id")
    assert ours["metadata"]["labels"] == theirs["metadata"]["labels"]
    assert ours["metadata"]["annotations"] == theirs["metadata"]["annotations"]
    assert contains(theirs["spec"], ours["spec"])


def contains(stored: Any, applied: Any) -> bool:
    """Tell whether *stored* says all that was *applied*; the API server adds defaults."""
    if isinstance(applied, dict):
        return all(key in stored and contains(stored[key], applied[key]) for key in applied)
    if isinstance(applied, list):
        return len(stored) == len(applied) and all(map(contains, stored, applied))
    return bool(stored == applied)


def test_every_place_that_names_a_config_is_found() -> None:
    pod = {
        "volumes": [
            {"name": "a", "configMap": {"name": "files"}},
            {"name": "b", "secret": {"secretName": "keys", "optional": True}},
            {"name": "c", "projected": {"sources": [{"configMap": {"name": "part"}}]}},
        ],
        "containers": [
            {
                "name": "app",
                "envFrom": [{"secretRef": {"name": "all"}}],
                "env": [{"name": "X", "valueFrom": {"configMapKeyRef": {"name": "one"}}}],
            }
        ],
        "initContainers": [{"name": "init", "envFrom": [{"configMapRef": {"name": "first"}}]}],
    }

    assert [(ref.key, ref.optional) for ref in references(pod)] == [
        ("configmap/files", False),
        ("configmap/first", False),
        ("configmap/one", False),
        ("configmap/part", False),
        ("secret/all", False),
        ("secret/keys", True),
    ]


def a_config(**fields: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings", "namespace": "test", **fields.pop("metadata", {})},
        **fields,
    }


def test_a_copied_config_is_complete() -> None:
    """Flagger's copies lack binary data, labels and annotations."""
    source = a_config(
        data={"a": "1"},
        binaryData={"b": "Yg=="},
        metadata={"labels": {"team": "red", "kustomize.toolkit.fluxcd.io/name": "x"}},
    )

    copy = copy_for_primary(Config(ConfigRef("ConfigMap", "settings"), source), {"uid": "u"})

    assert copy["metadata"]["name"] == "settings-primary"
    assert copy["metadata"]["labels"] == {
        "team": "red",
        "app.kubernetes.io/managed-by": "flagger-py",
    }
    assert (copy["data"], copy["binaryData"]) == ({"a": "1"}, {"b": "Yg=="})


def test_a_config_that_opts_out_is_not_tracked() -> None:
    meta = {"annotations": {"flagger.app/config-tracking": "disabled"}}

    assert not tracked(a_config(metadata=meta))


def test_discovered_ports_keep_protocol_and_order() -> None:
    target = a_deployment("1")
    target["spec"]["template"]["spec"]["containers"] = [
        {
            "name": "app",
            "ports": [
                {"containerPort": 9898, "name": "http"},
                {"containerPort": 9797, "name": "metrics"},
                {"containerPort": 9999},
                {"containerPort": 5353, "protocol": "UDP", "name": "dns"},
            ],
        },
        {"name": "istio-proxy", "ports": [{"containerPort": 15090}]},
    ]

    ports = extra_ports(target, {"port": 80, "targetPort": "http"})

    assert [(p["name"], p["port"], p["protocol"]) for p in ports] == [
        ("dns", 5353, "UDP"),
        ("metrics", 9797, "TCP"),
        ("tcp-app-2", 9999, "TCP"),
    ]


def test_a_target_without_a_known_label_is_refused_with_the_way_out() -> None:
    target = a_deployment("1")
    target["spec"]["selector"]["matchLabels"] = {"tier": "web"}

    with pytest.raises(SpecError, match=r"must contain one of \[app name .*--selector-labels"):
        selector_of(target, LABELS)
