"""What the chart makes: who reaches the pods, how they run, and what is refused beforehand."""

from typing import Any

import pytest

from .charts import NAMESPACE, RELEASE, Manifest, render

PARTS = ("metrics", "routing", "gating", "rollout")
MONITORING = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
NAMED_MONITORING = (
    'json:networkPolicy.scrapedBy=[{"namespaceSelector":'
    '{"matchLabels":{"kubernetes.io/metadata.name":"monitoring"}}}]'
)
METRICS = [{"port": 8080, "protocol": "TCP"}]
HEALTH = [{"port": 9440, "protocol": "TCP"}]


def container(template: Manifest) -> Manifest:
    (found,) = template["spec"]["containers"]
    return dict(found)


def selects(selector: Manifest, labels: Manifest) -> bool:
    return set(selector["matchLabels"].items()) <= set(labels.items())


def test_there_is_a_deployment_for_each_part() -> None:
    assert set(render().pods()) == {f"{RELEASE}-{part}" for part in PARTS}


def test_an_image_is_never_guessed() -> None:
    """None is published: an invented name would end in pods that cannot start."""
    refusal = render("image.repository=").refusal

    assert "image.repository: no image is published; build one from the Dockerfile" in refusal


def test_the_image_is_the_one_that_is_named() -> None:
    for values, tag in (((), "0.1.0"), (("image.tag=1.2.3-rc.1",), "1.2.3-rc.1")):
        images = {container(pod)["image"] for pod in render(*values).pods().values()}
        assert images == {f"registry.example.com/team/flagger-py:{tag}"}


@pytest.mark.parametrize("values", [(), ("allInOne=true",)], ids=["four", "all in one"])
def test_a_pod_has_the_rights_of_pod_securitys_restricted_profile(values: tuple[str, ...]) -> None:
    for template in render(*values).pods().values():
        context = container(template)["securityContext"]
        assert context["runAsNonRoot"] is True
        assert context["runAsUser"] > 0
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert set(container(template)["resources"]["requests"]) == {"cpu", "memory"}
        assert "emptyDir" in template["spec"]["volumes"][0]


def test_a_priority_is_given_where_one_is_asked_for() -> None:
    template = render("priorityClassName=system-cluster-critical").pods()[f"{RELEASE}-rollout"]

    assert template["spec"]["priorityClassName"] == "system-cluster-critical"
    assert "priorityClassName" not in render().pods()[f"{RELEASE}-rollout"]["spec"]


@pytest.mark.parametrize("values", [(), ("allInOne=true",)], ids=["four", "all in one"])
def test_the_ports_for_metrics_and_health_alone_are_reached(values: tuple[str, ...]) -> None:
    (policy,) = render(*values).of("NetworkPolicy")
    spec = policy["spec"]

    assert policy["metadata"]["namespace"] == NAMESPACE
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert spec["ingress"] == [{"ports": METRICS}, {"ports": HEALTH}]
    assert spec["egress"] == [{}]
    for template in render(*values).pods().values():
        assert selects(spec["podSelector"], template["metadata"]["labels"])
        named = {port["name"]: port["containerPort"] for port in container(template)["ports"]}
        assert named == {"http-prom": 8080, "healthz": 9440}


def test_pods_of_another_release_are_not_touched() -> None:
    (policy,) = render().of("NetworkPolicy")

    others = {"app.kubernetes.io/part-of": "flagger-py", "app.kubernetes.io/instance": "other"}
    assert not selects(policy["spec"]["podSelector"], others)


def test_who_scrapes_can_be_limited_and_health_stays_open() -> None:
    (policy,) = render(NAMED_MONITORING).of("NetworkPolicy")

    assert policy["spec"]["ingress"] == [
        {"ports": METRICS, "from": [MONITORING]},
        {"ports": HEALTH},
    ]


def test_the_way_out_can_be_limited() -> None:
    (policy,) = render('json:networkPolicy.egress=[{"ports":[{"port":443}]}]').of("NetworkPolicy")

    assert policy["spec"]["egress"] == [{"ports": [{"port": 443}]}]


def test_there_is_no_policy_where_none_is_wanted() -> None:
    assert render("networkPolicy.create=false").of("NetworkPolicy") == ()


def test_a_pod_monitor_is_made_for_who_has_the_operator() -> None:
    values = ("podMonitor.enabled=true", "podMonitor.additionalLabels.release=prometheus")

    (monitor,) = render(*values).of("PodMonitor")

    assert render().of("PodMonitor") == ()
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert (endpoint["port"], endpoint["path"]) == ("http-prom", "/metrics")
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    for template in render().pods().values():
        assert selects(monitor["spec"]["selector"], template["metadata"]["labels"])


def test_a_pod_monitor_elsewhere_still_looks_at_our_pods() -> None:
    values = ("podMonitor.enabled=true", "podMonitor.namespace=monitoring")

    (monitor,) = render(*values).of("PodMonitor")

    assert monitor["metadata"]["namespace"] == "monitoring"
    assert monitor["spec"]["namespaceSelector"] == {"matchNames": [NAMESPACE]}


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ((), ()),
        (("controllers.rollout.replicas=2",), (f"{RELEASE}-rollout",)),
        (("controllers.rollout.replicas=2", "podDisruptionBudget.create=false"), ()),
        (("allInOne=true", "allInOneReplicas=3"), (RELEASE,)),
    ],
    ids=["one replica", "two", "unwanted", "all in one"],
)
def test_of_several_replicas_one_at_a_time_may_go(
    values: tuple[str, ...], names: tuple[str, ...]
) -> None:
    budgets = render(*values).of("PodDisruptionBudget")

    assert tuple(found["metadata"]["name"] for found in budgets) == names
    for budget in budgets:
        labels = render(*values).pods()[budget["metadata"]["name"]]["metadata"]["labels"]
        assert budget["spec"]["maxUnavailable"] == 1
        assert selects(budget["spec"]["selector"], labels)


def test_several_replicas_that_do_not_elect_are_refused() -> None:
    refusal = render("controllers.rollout.replicas=2", "leaderElection=false").refusal

    assert "flagger-py-rollout: 2 replicas would act on the same objects" in refusal


@pytest.mark.parametrize("elects", [True, False])
def test_controllers_elect_and_have_the_rights_to(elects: bool) -> None:
    found = render(f"leaderElection={str(elects).lower()}")

    flag = f"--enable-leader-election={str(elects).lower()}"
    assert all(flag in container(pod)["args"] for pod in found.pods().values())
    roles = {role["metadata"]["name"]: role["rules"] for role in found.of("Role")}
    assert _resources(roles.get(f"{RELEASE}-election", [])) == ({"leases"} if elects else set())


def _resources(rules: list[dict[str, Any]]) -> set[str]:
    return {name for rule in rules for name in rule["resources"]}
