"""Laws 2, 8 and 9 as properties of routers and of the decider."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from flagger_py.contracts import Split
from flagger_py.testing.served import TRAEFIK_SERVICE
from flagger_routing.api import Names
from flagger_routing.api_service import Service
from flagger_routing.routers import ROUTERS
from flagger_routing.routers.contract import Capability, Request, Router
from tests.routing.bench import GATEWAYS, Bench, a_spec

NAMES = Names("app", "app-primary", "app-canary")
SERVICES: tuple[Mapping[str, Any], ...] = (
    {},
    {"match": [{"uri": {"prefix": "/api"}}]},
    {
        "match": [
            {"uri": {"exact": "/a"}, "headers": {"s": {"exact": "1"}}},
            {"method": {"exact": "GET"}},
        ]
    },
    {"headers": {"request": {"add": {"a": "1"}}}, "timeout": "5s"},
)

words = st.text("abcxyz-", min_size=1, max_size=6).map(lambda text: f"x{text}")
said = st.one_of(
    words.map(lambda value: {"exact": value}), words.map(lambda value: {"regex": value})
)
named = st.dictionaries(words, said, min_size=1, max_size=3)
matches = st.lists(
    st.one_of(
        st.fixed_dictionaries({"headers": named}, optional={"queryParams": named}),
        st.fixed_dictionaries({"queryParams": named}),
        st.fixed_dictionaries({"headers": named, "uri": st.just({"prefix": "/only"})}),
    ),
    max_size=3,
).map(tuple)


def splits(able: frozenset[Capability]) -> st.SearchStrategy[Split]:
    weight = st.integers(0, 100) if Capability.WEIGHTS in able else st.just(0)
    match = matches if Capability.MATCH in able else st.just(())
    mirror = st.booleans() if Capability.MIRROR in able else st.just(False)
    return st.builds(
        lambda canary, match, mirror: Split(
            primary=100 - canary, canary=canary, match=match, mirror=mirror
        ),
        weight,
        match,
        mirror,
    )


@pytest.mark.parametrize("provider", sorted(ROUTERS))
@given(data=st.data())
def test_what_is_rendered_reads_as_the_split_it_was_rendered_from(
    provider: str, data: st.DataObject
) -> None:
    router: Router = ROUTERS[provider]
    split = data.draw(splits(router.capabilities()))
    service = data.draw(st.sampled_from(SERVICES))
    asked = Request(
        namespace="shop",
        names=NAMES,
        service=Service.read({"port": 80, **GATEWAYS, **service}, "spec.service"),
        split=split,
    )

    found = router.read(router.render(asked), asked)

    assert found == split


steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from([0, 1, 20, 50, 99, 100])),
        st.tuples(st.sampled_from(["app-primary", "app-canary"]), st.booleans()),
        st.tuples(st.just("wait"), st.sampled_from([1, 10, 60])),
        st.tuples(st.just("restart"), st.just(0)),
        st.tuples(st.just("hand"), st.integers(0, 100)),
    ),
    max_size=12,
)


@given(steps=steps)
@example(steps=[("app-primary", True), ("ask", 1), ("app-primary", False), ("app-canary", True)])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_happens_only_what_was_asked_for_or_in_force_is_written(
    steps: list[tuple[str, int]],
) -> None:
    bench = Bench(a_spec(), serving=())
    ready = {"app-primary": False, "app-canary": False}
    asked, held = 0, None

    for what, value in steps:
        _happen(bench, what, value, ready)
        asked = value if what == "ask" else asked
        bench.settle()
        again = bench.world.tally()
        bench.go()
        shares = _shares(bench)

        assert again.writes() == 0, "a pass without change writes nothing"
        if shares is None:
            continue
        assert sum(shares.values()) == 100
        canary = shares.get("app-canary", 0)
        if canary != held:
            assert canary == asked
            assert all(ready[name] for name, share in shares.items() if share > 0)
        held = canary
        assert bench.split is not None
        assert bench.split.canary == held


def _happen(bench: Bench, what: str, value: int, ready: dict[str, bool]) -> None:
    match what:
        case "ask":
            bench.ask(value)
        case "wait":
            bench.world.clock.advance(value)
        case "restart":
            bench.restart()
        case "hand":
            if _shares(bench) is not None:
                patch = {"op": "add", "path": "/spec/weighted/services/0/weight", "value": value}
                route = bench.route()
                bench.hand(bench.store.resolve(route["apiVersion"], route["kind"]), "app", [patch])
        case name:
            ready[name] = bool(value)
            bench.endpoints(name, ready=bool(value))


def _shares(bench: Bench) -> dict[str, int] | None:
    return bench.shares() if bench.get(TRAEFIK_SERVICE) else None
