"""What a process tells over HTTP and on stderr."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator

import aiohttp
import pytest

from flagger_py import decision
from flagger_py.errors import Unavailable
from flagger_py.refs import Key, Kind
from flagger_py.runtime import logs
from flagger_py.runtime.servers import Servers, Surface, host_and_port
from flagger_py.runtime.telemetry import Telemetry
from flagger_py.runtime.told import LAST_WORD_S

CANARY = Kind("flagger.app", "v1beta1", "Canary", "canaries")
READER = ("rollout", Key("apps", "podinfo"))


def fetch(servers: Servers, *paths: str) -> list[tuple[int, str]]:
    async def scene() -> list[tuple[int, str]]:
        await servers.open("127.0.0.1:0")
        host, port = servers.addresses[0]
        found = []
        try:
            async with aiohttp.ClientSession() as session:
                for path in paths:
                    async with session.get(f"http://{host}:{port}{path}") as response:
                        found.append((response.status, await response.text()))
        finally:
            await servers.close()
        return found

    return asyncio.run(scene())


def test_a_process_that_waits_for_its_caches_lives_and_is_not_ready() -> None:
    servers = Servers(Surface(lambda: b"", lambda: "not listed yet: canaries"))

    assert fetch(servers, "/healthz", "/readyz") == [
        (200, "OK\n"),
        (503, "not listed yet: canaries\n"),
    ]


def test_a_process_with_its_caches_is_ready_and_shows_its_metrics() -> None:
    telemetry = Telemetry("1.2.3", "istio", process=False)
    servers = Servers(Surface(telemetry.exposition, lambda: ""))

    ready, metrics = fetch(servers, "/readyz", "/metrics")

    assert ready[0] == 200
    assert 'flagger_info{mesh_provider="istio",version="1.2.3"} 1.0' in metrics[1]


def test_an_address_that_is_taken_is_named() -> None:
    async def scene() -> None:
        first, second = (Servers(Surface(lambda: b"", lambda: "")) for _ in range(2))
        await first.open("127.0.0.1:0")
        try:
            await second.open(f"127.0.0.1:{first.addresses[0][1]}")
        finally:
            await second.close()
            await first.close()

    with pytest.raises(Unavailable, match="cannot listen on"):
        asyncio.run(scene())


@pytest.mark.parametrize(
    ("address", "found"),
    [(":8080", (None, 8080)), ("127.0.0.1:1", ("127.0.0.1", 1)), ("[::1]:2", ("::1", 2))],
    ids=["all", "v4", "v6"],
)
def test_a_listen_address_is_read_as_go_reads_it(
    address: str, found: tuple[str | None, int]
) -> None:
    assert host_and_port(address) == found


def exposed(telemetry: Telemetry) -> str:
    return telemetry.exposition().decode()


def a_pass(telemetry: Telemetry, *told: decision.Telling) -> None:
    telemetry.begun(CANARY)
    for gauge in told:
        telemetry.tell(READER, gauge)
    telemetry.ended(CANARY, READER, "success", 0.1)


def test_gauges_counters_and_histograms_of_parts_are_shown() -> None:
    telemetry = Telemetry("1", process=False)
    where = {"name": "podinfo", "namespace": "apps"}

    telemetry.tell(READER, decision.Gauge("flagger_canary_status", where, 2))
    telemetry.tell(READER, decision.Count("flagger_canary_failures_total", where))
    telemetry.tell(READER, decision.Observe("flagger_canary_duration_seconds", where, 0.2))

    shown = exposed(telemetry)
    assert 'flagger_canary_status{name="podinfo",namespace="apps"} 2.0' in shown
    assert 'flagger_canary_failures_total{name="podinfo",namespace="apps"} 1.0' in shown
    assert 'flagger_canary_duration_seconds_count{name="podinfo",namespace="apps"} 1.0' in shown


def test_a_metric_is_explained_by_its_meaning_else_by_its_name() -> None:
    telemetry = Telemetry("1", process=False, meanings={"bell_rung_total": "How often it rang"})
    telemetry.tell(READER, decision.Count("bell_rung_total", {}))
    telemetry.tell(READER, decision.Gauge("bell_weight", {}, 5))

    shown = exposed(telemetry)
    assert "# HELP bell_rung_total How often it rang\n" in shown
    assert "# HELP bell_weight bell_weight\n" in shown


def test_a_gauge_that_a_pass_no_longer_tells_is_shown_for_a_last_time() -> None:
    """Prometheus holds a value for as long, and Flagger never drops one."""
    now = [0.0]
    telemetry = Telemetry("1", process=False, clock_s=lambda: now[0])
    for weight in ("a", "b"):
        told = decision.Gauge("flagger_canary_weight", {"workload": weight}, 5)
        a_pass(telemetry, told)

    now[0] = LAST_WORD_S - 1
    for_a_while = exposed(telemetry)
    now[0] = LAST_WORD_S
    at_last = exposed(telemetry)

    assert 'workload="a"' in for_a_while
    assert 'workload="b"' in at_last
    assert 'workload="a"' not in at_last


def test_a_gauge_that_is_told_again_stays() -> None:
    now = [0.0]
    telemetry = Telemetry("1", process=False, clock_s=lambda: now[0])
    for weight in ("a", "b", "a"):
        a_pass(telemetry, decision.Gauge("flagger_canary_weight", {"workload": weight}, 5))

    now[0] = LAST_WORD_S

    assert 'workload="a"' in exposed(telemetry)


def test_a_pass_that_tells_nothing_leaves_the_gauges_as_they_are() -> None:
    """A suspended or stalled object still is what it was."""
    now = [0.0]
    telemetry = Telemetry("1", process=False, clock_s=lambda: now[0])
    a_pass(telemetry, decision.Gauge("flagger_canary_status", {"name": "podinfo"}, 1))
    a_pass(telemetry)
    a_pass(telemetry)

    now[0] = LAST_WORD_S

    assert "podinfo" in exposed(telemetry)


def test_the_series_of_an_object_go_with_it() -> None:
    """How long its passes took at once, its gauges after a last word."""
    now = [0.0]
    telemetry = Telemetry("1", process=False, clock_s=lambda: now[0])
    where = {"name": "podinfo"}
    told = (
        decision.Gauge("flagger_canary_status", where, 1),
        decision.Count("flagger_canary_failures_total", where),
        decision.Observe("flagger_canary_duration_seconds", where, 0.2),
    )
    a_pass(telemetry, *told)
    before = exposed(telemetry)

    telemetry.gone(CANARY, READER)
    after = exposed(telemetry)
    now[0] = LAST_WORD_S
    at_last = exposed(telemetry)

    assert "gotk_reconcile_duration_seconds_count{" in before
    assert "gotk_reconcile_duration_seconds_count{" not in after
    assert 'flagger_canary_status{name="podinfo"} 1.0' in after
    assert 'flagger_canary_failures_total{name="podinfo"} 1.0' in after
    assert "podinfo" not in at_last


def test_a_metric_that_was_of_another_kind_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    telemetry = Telemetry("1", process=False)
    a_pass(telemetry, decision.Gauge("weight", {}, 5), decision.Count("weight", {}))

    assert "\nweight 5.0" in exposed(telemetry)
    assert "the metric weight is left out: it was a Gauge before" in caplog.text


def test_a_shared_gauge_counts_its_objects() -> None:
    now = [0.0]
    telemetry = Telemetry("1", process=False, clock_s=lambda: now[0])
    one = decision.Gauge("flagger_canary_total", {"namespace": "apps"}, 1, shared=True)
    other = ("rollout", Key("apps", "other"))
    for reader in (READER, other):
        telemetry.tell(reader, one)
    both = exposed(telemetry)

    telemetry.gone(CANARY, other)
    now[0] = LAST_WORD_S
    left = exposed(telemetry)

    assert 'flagger_canary_total{namespace="apps"} 2.0' in both
    assert 'flagger_canary_total{namespace="apps"} 1.0' in left


def test_passes_are_counted_by_fluxs_names_and_buckets() -> None:
    telemetry = Telemetry("1", process=False)
    for result, took_s in (("success", 0.005), ("error", 0.2)):
        telemetry.begun(CANARY)
        telemetry.ended(CANARY, READER, result, took_s)

    shown = exposed(telemetry)
    of = 'name="podinfo",namespace="apps"'
    bucket = f'gotk_reconcile_duration_seconds_bucket{{kind="Canary",{of},le='
    assert 'controller_runtime_reconcile_total{controller="canary",result="error"} 1.0' in shown
    assert 'controller_runtime_active_workers{controller="canary"} 0.0' in shown
    assert f'{bucket}"0.01"}} 1.0' in shown
    assert f'{bucket}"0.5646"}} 2.0' in shown
    assert f'{bucket}"+Inf"}} 2.0' in shown
    assert f'gotk_reconcile_duration_seconds_sum{{kind="Canary",{of}}} 0.205' in shown
    assert f'gotk_reconcile_duration_seconds_count{{kind="Canary",{of}}} 2.0' in shown


def test_a_pass_after_a_scrape_is_in_the_next_one() -> None:
    """What a scrape wrote of an object is kept only until its next pass."""
    telemetry = Telemetry("1", process=False)
    count = "gotk_reconcile_duration_seconds_count{"

    a_pass(telemetry)
    shown = [exposed(telemetry), exposed(telemetry)]
    a_pass(telemetry)
    shown.append(exposed(telemetry))

    lines = [line for text in shown for line in text.splitlines() if count in line]
    assert [line.rpartition(" ")[2] for line in lines] == ["1.0", "1.0", "2.0"]


def test_a_metric_that_contradicts_itself_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    telemetry = Telemetry("1", process=False)
    telemetry.tell(READER, decision.Gauge("flagger_x", {"a": "1"}, 1))

    with caplog.at_level(logging.ERROR):
        telemetry.tell(READER, decision.Gauge("flagger_x", {"a": "1", "b": "2"}, 1))

    assert "flagger_x is left out" in caplog.text
    assert 'flagger_x{a="1"} 1.0' in exposed(telemetry)


@pytest.fixture
def _untouched_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    logging.getLogger("flagger_py").setLevel(logging.NOTSET)


@pytest.mark.usefixtures("_untouched_logging")
def test_a_log_line_is_json_with_fluxs_keys() -> None:
    stream = io.StringIO()
    logs.set_up("info", "json", stream=stream)
    place = {"controllerKind": "Canary", "object_namespace": "apps", "object_name": "podinfo"}

    logging.getLogger("flagger_py.x").info("advanced to %d", 20, extra=place)
    logging.getLogger("flagger_py.x").debug("unheard")
    logging.getLogger("aiohttp").info("unheard")
    try:
        raise ValueError("boom")
    except ValueError:
        logging.getLogger("flagger_py.x").exception("failed")

    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert first["level"] == "info"
    assert first["msg"] == "advanced to 20"
    assert first["Canary"] == {"name": "podinfo", "namespace": "apps"}
    assert (first["name"], first["namespace"]) == ("podinfo", "apps")
    assert second["error"] == "ValueError: boom"
    assert "Traceback" in second["stacktrace"]
