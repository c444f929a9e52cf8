"""Each built-in query finds what its proxy exports, also where no Prometheus stands between."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from flagger_metrics.providers import Access, Query
from flagger_metrics.providers.openmetrics import OpenMetrics
from flagger_metrics.providers.prometheus import collapsed
from flagger_metrics.queries import DURATION, PROVIDERS, SUCCESS_RATE, built_in_for
from flagger_metrics.render import Names, render
from flagger_metrics.samples import Samples
from flagger_py.egress import Response

from .analyses import NOW, later

APP = Names("app", "test", "app", "app", "app", "app", "10s")
ONE = Access("openmetrics", "http://proxy:1/metrics")
PODS = {"kubernetes_namespace": "test", "kubernetes_pod_name": "app-7d9f4c-x1z2y"}
UPSTREAM = "envoy_cluster_upstream_rq"
UPSTREAM_TOOK = "envoy_cluster_upstream_rq_time"
TRAEFIK = "traefik_service_request_duration_seconds"
WORKLOAD = {
    "reporter": "destination",
    "destination_workload": "app",
    "destination_workload_namespace": "test",
}


@dataclass(frozen=True)
class Proxy:
    """How a proxy counts requests, by the label *code*, and how long they took.

    *answered* is a counter, or a histogram where it is also what *took* names.
    """

    answered: str
    code: str
    took: str
    labels: Mapping[str, str]
    took_labels: Mapping[str, str] = field(default_factory=dict)
    good: str = "200"
    bad: str = "503"
    histogram: bool = False


PROXIES = {
    "apisix": Proxy(
        "apisix_http_status",
        "code",
        "apisix_http_latency",
        {"route": "test_app-app-canary_rule"},
        {"type": "request"},
    ),
    "appmesh": Proxy(UPSTREAM, "envoy_response_code", UPSTREAM_TOOK, PODS),
    "contour": Proxy(
        UPSTREAM,
        "envoy_response_code",
        UPSTREAM_TOOK,
        {"envoy_cluster_name": "test_app-canary_80"},
    ),
    "gatewayapi": Proxy(
        "http_request_duration_seconds",
        "status",
        "http_request_duration_seconds",
        PODS,
        histogram=True,
    ),
    "gloo": Proxy(
        UPSTREAM,
        "envoy_response_code",
        UPSTREAM_TOOK,
        {"envoy_cluster_name": "test-app-canaryupstream-80_gloo-system"},
    ),
    "istio": Proxy(
        "istio_requests_total", "response_code", "istio_request_duration_milliseconds", WORKLOAD
    ),
    "knative": Proxy(
        UPSTREAM, "envoy_response_code", UPSTREAM_TOOK, {"envoy_cluster_name": "test/app"}
    ),
    "kuma": Proxy(
        UPSTREAM,
        "envoy_response_code",
        UPSTREAM_TOOK,
        {"service": "app-canary_test_svc_80"},
    ),
    "linkerd": Proxy(
        "response_total",
        "classification",
        "response_latency_ms",
        {"namespace": "test", "deployment": "app", "direction": "inbound"},
        good="success",
        bad="failure",
    ),
    "nginx": Proxy(
        "nginx_ingress_controller_requests",
        "status",
        "nginx_ingress_controller_response_duration_seconds",
        {"namespace": "test", "ingress": "app", "canary": "test-app-canary-80"},
    ),
    "osm": Proxy(
        "osm_request_total",
        "response_code",
        "osm_request_duration_ms",
        {
            "destination_namespace": "test",
            "destination_kind": "Deployment",
            "destination_name": "app",
        },
    ),
    "skipper": Proxy(
        "skipper_response_duration_seconds",
        "code",
        "skipper_serve_route_duration_seconds",
        {"route": "kube_test__app_canary__all__0__app_canary_0"},
        histogram=True,
    ),
    "traefik": Proxy(
        TRAEFIK, "code", TRAEFIK, {"service": "test-app-canary-80@kubernetescrd"}, histogram=True
    ),
}
PROXIES["kubernetes"] = PROXIES["gatewayapi"]


def series(name: str, labels: Mapping[str, str], value: float) -> str:
    inside = ",".join(f'{key}="{text}"' for key, text in labels.items())
    return f"{name}{{{inside}}} {value}\n"


def histogram(name: str, labels: Mapping[str, str], requests: float) -> str:
    """Nine requests of ten take up to 0.1, the others up to 0.5, all together 0.2 on average."""
    text = ""
    for bound, share in (("0.1", 0.9), ("0.5", 1.0), ("+Inf", 1.0)):
        text += series(f"{name}_bucket", {**labels, "le": bound}, requests * share)
    text += series(f"{name}_sum", labels, requests * 0.2)
    return text + series(f"{name}_count", labels, requests)


def exported(proxy: Proxy, second: int) -> Response:
    """Export 100 requests a second, of which ten failed, on top of those before."""
    kind = "histogram" if proxy.histogram else "counter"
    text = f"# HELP {proxy.answered} Requests.\n# TYPE {proxy.answered} {kind}\n"
    for code, a_second in ((proxy.good, 90), (proxy.bad, 10)):
        labels = {**proxy.labels, proxy.code: code}
        total = 10_000 + a_second * second
        if proxy.histogram:
            text += histogram(proxy.answered, labels, total)
        else:
            text += series(proxy.answered, labels, total)
    if proxy.took != proxy.answered:
        text += f"# TYPE {proxy.took} histogram\n"
        labels = {**proxy.labels, **proxy.took_labels}
        text += histogram(proxy.took, labels, 10_000 + 100 * second)
    return Response(200, text.encode(), {"Content-Type": "text/plain; version=0.0.4"})


def answered(provider: str, metric: str) -> tuple[float, ...]:
    query = collapsed(render(built_in_for(provider).query(metric, "Deployment"), APP, {}))
    samples = Samples()
    for second in (1, 2, 3):
        asked = Query(query, later(second), NOW)
        page = exported(PROXIES[provider], second)
        answer = OpenMetrics().answer(asked, ONE, (page,), samples)
    assert answer.error is None
    return answer.values


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_the_success_rate_is_found_on_the_page_of_the_proxy(provider: str) -> None:
    assert answered(provider, SUCCESS_RATE) == pytest.approx((90.0,))


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_the_duration_is_found_on_the_page_of_the_proxy(provider: str) -> None:
    took = {"nginx": 200.0, "skipper": 200.0, "traefik": 460.0}.get(provider, 0.46)

    assert answered(provider, DURATION) == pytest.approx((took,))
