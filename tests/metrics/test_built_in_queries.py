"""The built-in queries are Flagger's, letter by letter as a provider receives them."""

import pytest
from promql_parser import parse

from flagger_metrics.providers.prometheus import collapsed
from flagger_metrics.queries import BUILT_INS, PROVIDERS, built_in_for
from flagger_metrics.render import Names, render
from flagger_py.errors import SpecError

APP = Names("app", "test", "app", "app", "app", "app", "10s")


def sent(provider: str, metric: str, names: Names = APP, kind: str = "Deployment") -> str:
    return collapsed(render(built_in_for(provider).query(metric, kind), names, {}))


@pytest.mark.parametrize(
    ("provider", "metric", "names", "query"),
    [
        (
            "nginx",
            "request-success-rate",
            Names("podinfo", "nginx", "podinfo", "podinfo", "podinfo", "podinfo", "1m"),
            ' sum( rate( nginx_ingress_controller_requests{ namespace="nginx", ingress="podinfo",'
            ' canary!="", status!~"5.*" }[1m] ) ) / sum( rate( nginx_ingress_controller_requests{'
            ' namespace="nginx", ingress="podinfo", canary!="" }[1m] ) ) * 100',
        ),
        (
            "traefik",
            "request-success-rate",
            APP,
            " sum( rate( traefik_service_request_duration_seconds_bucket{"
            ' service=~"test-app-canary-[0-9a-zA-Z-]+@kubernetescrd", code!~"5..", le="+Inf"'
            " }[10s] ) ) / sum( rate( traefik_service_request_duration_seconds_bucket{"
            ' service=~"test-app-canary-[0-9a-zA-Z-]+@kubernetescrd", le="+Inf" }[10s] ) ) * 100',
        ),
        (
            "traefik",
            "request-duration",
            APP,
            " histogram_quantile( 0.99, sum( rate("
            ' traefik_service_request_duration_seconds_bucket{ service=~"test-app-canary-'
            '[0-9a-zA-Z-]+@kubernetescrd" }[10s] ) ) by (le) ) * 1000',
        ),
        (
            "gatewayapi:v1",
            "request-success-rate",
            APP,
            ' sum( rate( http_request_duration_seconds_count{ kubernetes_namespace="test",'
            ' kubernetes_pod_name=~"app-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)", status!~"5.*" }[10s] ) ) /'
            ' sum( rate( http_request_duration_seconds_count{ kubernetes_namespace="test",'
            ' kubernetes_pod_name=~"app-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)" }[10s] ) ) * 100',
        ),
        (
            "istio",
            "request-duration",
            APP,
            " histogram_quantile( 0.99, sum( rate( istio_request_duration_milliseconds_bucket{"
            ' reporter="destination", destination_workload_namespace="test",'
            ' destination_workload=~"app" }[10s] ) ) by (le) )',
        ),
        (
            "knative",
            "request-success-rate",
            APP,
            ' sum( rate( envoy_cluster_upstream_rq{ envoy_cluster_name=~"test/app",'
            ' envoy_response_code!~"5.*" }[10s] ) ) / sum( rate( envoy_cluster_upstream_rq{'
            ' envoy_cluster_name=~"test/app", }[10s] ) ) * 100',
        ),
    ],
    ids=["nginx", "traefik", "traefik-duration", "gatewayapi", "istio-duration", "knative"],
)
def test_a_built_in_query_is_sent_as_flagger_sends_it(
    provider: str, metric: str, names: Names, query: str
) -> None:
    assert sent(provider, metric, names) == query


def test_skipper_names_its_routes_with_underscores() -> None:
    names = Names("app", "skipper", "backend", "backend", "skipper_ingress", "app", "1m")

    query = sent("skipper", "request-success-rate", names)

    route = "kube(ew)?_skipper__skipper_ingress_canary__.*__backend_canary(_[0-9]+)?"
    assert query.startswith(" sum(rate(skipper_response_duration_seconds_bucket{")
    assert query.count(f'route=~"{route}"') == 2


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
@pytest.mark.parametrize("metric", BUILT_INS)
def test_every_built_in_query_is_promql(provider: str, metric: str) -> None:
    query = sent(provider, metric)

    assert "{{" not in query
    assert parse(query) is not None


def test_traefik_is_asked_for_the_routed_service() -> None:
    names = Names("app", "test", "app", "web", "app", "app", "1m")

    assert 'service=~"test-web-canary-' in sent("traefik", "request-success-rate", names)


@pytest.mark.parametrize("provider", ["kubernetes", "gatewayapi:v1", "appmesh"])
@pytest.mark.parametrize(
    ("kind", "pods"),
    [("Deployment", "app-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"), ("DaemonSet", "app-[0-9a-zA-Z]+")],
)
def test_pods_are_matched_as_their_controller_names_them(
    provider: str, kind: str, pods: str
) -> None:
    """A DaemonSet's canary pods have one segment; the Deployment's pattern reads the primary's."""
    assert f'=~"{pods}"' in sent(provider, "request-duration", kind=kind)


@pytest.mark.parametrize(
    ("provider", "same_as"),
    [
        ("gatewayapi:v1beta1", "kubernetes"),
        ("appmesh:v1beta2", "appmesh"),
        ("smi:v1alpha1", "istio"),
        ("smi:v1alpha1:linkerd", "linkerd"),
        ("kubernetes:service", "kubernetes"),
    ],
)
def test_a_version_does_not_change_the_queries(provider: str, same_as: str) -> None:
    assert built_in_for(provider) is PROVIDERS[same_as]


@pytest.mark.parametrize("provider", ["", "example.com/edge", "traeffik", "crossover"])
def test_an_unknown_provider_is_never_taken_for_istio(provider: str) -> None:
    with pytest.raises(SpecError, match="known are apisix, appmesh, contour, gatewayapi"):
        built_in_for(provider)
