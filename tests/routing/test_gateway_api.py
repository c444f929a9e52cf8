"""What Gateway API is asked to do with matches, mirrors and treatment of requests."""

from typing import Any

import pytest

from flagger_py.contracts import Split
from flagger_py.errors import SpecError
from flagger_py.testing.served import HTTP_ROUTE
from flagger_routing.api import Names
from flagger_routing.api_service import Service
from flagger_routing.routers.contract import Accepted, NotYet, Refused, Request
from flagger_routing.routers.gateway_api import GatewayApi
from flagger_routing.routers.gateway_status import judge
from tests.routing.bench import GATEWAYS, Bench, a_spec, weights

V1 = GatewayApi("v1")
NAMES = Names("app", "app-primary", "app-canary")
EVERY_PATH = {"type": "PathPrefix", "value": "/"}


def request(split: dict[str, Any] | None = None, **service: Any) -> Request:
    return Request(
        namespace="shop",
        names=NAMES,
        service=Service.read({"port": 80, **GATEWAYS, **service}, "spec.service"),
        split=Split.read(split or weights(0), "spec.split"),
    )


def rules(split: dict[str, Any] | None = None, **service: Any) -> list[dict[str, Any]]:
    (route,) = V1.render(request(split, **service))
    found: list[dict[str, Any]] = route["spec"]["rules"]
    return found


def test_a_match_confines_the_canary_and_everybody_else_stays_on_the_primary() -> None:
    match = [{"headers": {"x-user": {"exact": "insider"}}}]

    sought, rest = rules(weights(100, match=match))

    header = {"name": "x-user", "type": "Exact", "value": "insider"}
    assert sought["matches"] == [{"path": EVERY_PATH, "headers": [header]}]
    assert rest["matches"] == [{"path": EVERY_PATH}]
    assert [(ref["name"], ref["weight"]) for ref in rest["backendRefs"]] == [("app-primary", 100)]


def test_matches_of_split_and_service_are_crossed() -> None:
    service = [{"uri": {"prefix": "/a"}}, {"uri": {"exact": "/b"}, "method": {"exact": "GET"}}]
    split = [{"headers": {"x": {"exact": "1"}}}, {"queryParams": {"q": {"regex": ".+"}}}]

    found = rules(weights(20, match=split), match=service)[0]["matches"]

    assert [(match["path"]["value"], sorted(match)) for match in found] == [
        ("/a", ["headers", "path"]),
        ("/b", ["headers", "method", "path"]),
        ("/a", ["path", "queryParams"]),
        ("/b", ["method", "path", "queryParams"]),
    ]


@pytest.mark.parametrize(
    "match",
    [
        {"headers": {"x-user": {"prefix": "in"}}},
        {"headers": {"x-user": {"suffix": "in"}}},
        {"queryParams": {"q": {"prefix": "in"}}},
        {"uri": {"suffix": ".html"}},
        {"method": {"regex": "GET|PUT"}},
        {"headers": {"x-user": {}}},
        {"headers": {"x-user": {"exact": "1"}}, "sourceLabels": {"app": "test"}},
        {"sourceLabels": {"app": "test"}},
        {},
    ],
    ids=str,
)
def test_a_split_match_that_cannot_be_said_is_refused(match: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=r"spec\.split\.match\[0\]"):
        rules(weights(100, match=[match]))


def test_a_refused_match_moves_no_traffic() -> None:
    bench = Bench(a_spec("gatewayapi:v1"))
    bench.settle()
    before = bench.route()

    bench.ask(100, match=[{"headers": {"x-user": {"prefix": "in"}}}])
    bench.settle()

    assert bench.route() == before
    assert bench.condition("Stalled") == ("True", "NotSupported")


def test_a_service_match_without_path_gets_the_path_that_the_api_server_would_store() -> None:
    (rule,) = rules(match=[{"headers": {"b": {"exact": "2"}, "a": {"exact": "1"}}}])

    (match,) = rule["matches"]
    assert match["path"] == EVERY_PATH
    assert [header["name"] for header in match["headers"]] == ["a", "b"]


def test_a_prefix_can_be_rewritten() -> None:
    (rule,) = rules(rewrite={"uri": "/v2", "type": "ReplacePrefixMatch"})

    path = {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/v2"}
    assert rule["filters"] == [{"type": "URLRewrite", "urlRewrite": {"path": path}}]


def test_cross_origin_rules_without_age_say_what_the_api_server_would_store() -> None:
    (rule,) = rules(corsPolicy={"allowOrigins": [{"exact": "https://a"}, {"regex": "b"}]})

    assert rule["filters"] == [
        {"type": "CORS", "cors": {"allowOrigins": ["https://a"], "maxAge": 5}}
    ]


def test_fields_that_gateway_api_has_no_words_for_are_named() -> None:
    service = request(
        retries={"attempts": 3},
        match=[{"uri": {"prefix": "/"}, "withoutHeaders": {"x": {"exact": "1"}}}],
        corsPolicy={"allowOrigins": [{"regex": "b"}]},
        timeout="5s",
    ).service

    assert V1.unused(service) == ("retries", "match[0].withoutHeaders", "corsPolicy.allowOrigins")
    assert GatewayApi("v1beta1").unused(service) == (
        "timeout",
        "retries",
        "corsPolicy",
        "match[0].withoutHeaders",
    )


def test_a_route_needs_gateways() -> None:
    bench = Bench(a_spec("gatewayapi:v1", service={"gatewayRefs": []}))

    bench.settle()

    assert bench.condition("Stalled") == ("True", "InvalidSpec")
    assert "gatewayRefs" in bench.message()


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [{"backendRefs": []}],
        [{"backendRefs": [{"name": "other", "weight": 100}]}],
        [{"matches": []}],
        [
            {
                "backendRefs": [
                    {"name": "app-primary", "weight": 50},
                    {"name": "app-canary", "weight": 20},
                ]
            }
        ],
    ],
    ids=["none", "no backend", "another", "no backends", "sum"],
)
def test_a_route_that_we_would_not_write_says_no_split(rules: list[dict[str, Any]]) -> None:
    assert V1.read(({"spec": {"rules": rules}},), request()) is None


def test_a_refusal_outweighs_a_parent_that_has_yet_to_judge() -> None:
    condition = {"status": "False", "observedGeneration": 2, "reason": "No", "message": "no"}
    route = {
        "kind": HTTP_ROUTE.kind,
        "metadata": {"name": "app", "namespace": "shop", "generation": 2},
        "spec": {"parentRefs": [{"name": "silent"}, {"name": "public"}]},
        "status": {
            "parents": [
                {"parentRef": {"name": "public"}, "conditions": [{"type": "Accepted", **condition}]}
            ]
        },
    }
    silent = {**route, "spec": {"parentRefs": [{"name": "silent"}]}}

    assert isinstance(judge(route), Refused)
    assert isinstance(judge(silent), NotYet)


@pytest.mark.parametrize(
    ("status", "behind", "refused"),
    [("True", 0, True), ("True", 1, False), ("False", 0, False)],
    ids=["now", "of an older state", "denied"],
)
def test_a_route_that_is_followed_in_part_is_refused(
    status: str, behind: int, refused: bool
) -> None:
    said = {"reason": "Said", "message": "Dropped Rule 0", "observedGeneration": 3}
    conditions = [
        {**said, "type": "Accepted", "status": "True"},
        {**said, "type": "ResolvedRefs", "status": "True"},
        {
            **said,
            "type": "PartiallyInvalid",
            "status": status,
            "observedGeneration": 3 - behind,
        },
    ]
    public = {"name": "public"}
    route = {
        "kind": "HTTPRoute",
        "metadata": {"name": "app", "generation": 3},
        "spec": {"parentRefs": [public]},
        "status": {"parents": [{"parentRef": public, "conditions": conditions}]},
    }

    judgement = V1.judge((route,))

    assert isinstance(judgement, Refused) is refused
    assert isinstance(judgement, Accepted) is not refused
    assert "Dropped Rule 0" in getattr(judgement, "sentence", "Dropped Rule 0")
