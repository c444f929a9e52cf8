"""Exporters are scraped and the same queries answered without a Prometheus server."""

import pytest

from flagger_metrics.exposition import PageFault, read
from flagger_metrics.promql import evaluate
from flagger_metrics.promql_queries import selectors
from flagger_metrics.providers import Access, Answer, Query
from flagger_metrics.providers.openmetrics import OpenMetrics
from flagger_metrics.samples import Samples
from flagger_metrics.scraping import collect
from flagger_py.egress import Response, Unreachable
from flagger_py.errors import SpecError

from .analyses import NOW, later

OPEN = "application/openmetrics-text; version=1.0.0"
PROVIDER = OpenMetrics()
ACCESS = Access("openmetrics", "http://a:1/metrics, http://b:2/metrics")
ONE = Access("openmetrics", "http://a:1/metrics")
QUERY = "sum(rate(requests_total[10s]))"


def exported(total: float, media: str = "text/plain; version=0.0.4") -> Response:
    text = f'# TYPE requests_total counter\nrequests_total{{code="200"}} {total}\n'
    return Response(200, text.encode(), {"Content-Type": media})


def scraped(samples: Samples, second: float, total: float, query: str = QUERY) -> Answer:
    asked = Query(query, later(second), NOW)
    return PROVIDER.answer(asked, ONE, (exported(total),), samples)


def test_every_address_is_scraped() -> None:
    made = PROVIDER.requests(
        Access("openmetrics", ACCESS.address, credentials={"token": "t"}), QUERY
    )

    assert [(r.method, r.url) for r in made] == [
        ("GET", "http://a:1/metrics"),
        ("GET", "http://b:2/metrics"),
    ]
    assert "openmetrics-text" in made[0].headers["Accept"]
    assert made[0].headers["Authorization"] == "Bearer t"


def test_one_scrape_is_too_early_and_the_second_gives_a_rate() -> None:
    samples = Samples()

    first = scraped(samples, 1, 100)
    second = scraped(samples, 2, 150)

    assert first.early
    assert second.early is False
    assert second.values == pytest.approx((50 * 1.5 / 10,))  # Half a second before the first.


def test_scrapes_before_the_split_do_not_count() -> None:
    samples = Samples()
    for second in (-3, -2, -1):
        scraped(samples, second, 1)

    assert scraped(samples, 1, 2).early
    assert scraped(samples, 2, 3).early is False


def test_an_exporter_that_fails_is_a_warning_while_another_answers() -> None:
    asked = Query("count(requests_total)", NOW)
    exchanges = (exported(1), Unreachable("connection refused"))

    answer = PROVIDER.answer(asked, ACCESS, exchanges, Samples())

    assert answer.values == (1.0,)
    assert answer.warnings == ("scraping http://b:2/metrics failed: connection refused",)


def test_without_any_exporter_there_is_an_error() -> None:
    exchanges = (Response(503), Unreachable("connection refused"))

    answer = PROVIDER.answer(Query(QUERY, NOW), ACCESS, exchanges, Samples())

    assert answer.error == (
        "scraping http://a:1/metrics failed: HTTP status 503; "
        "scraping http://b:2/metrics failed: connection refused"
    )
    assert not answer.early


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("topk(1, requests_total)", "the aggregation topk cannot be evaluated"),
        ('requests_total{code=~"("}', "illegal regex"),
        ("sum(", "parse error"),
        ('a{x="1" or y="2"}', "`or` within a selector"),
    ],
)
def test_a_query_beyond_the_subset_is_an_error(query: str, error: str) -> None:
    answer = scraped(Samples(), 1, 1, query)

    assert answer.error is not None
    assert error in answer.error


def test_only_the_series_of_the_query_are_kept() -> None:
    samples = Samples()

    scraped(samples, 1, 1, "vector(1) or other_metric")

    assert len(samples) == 0


def test_only_the_series_that_the_selectors_match_are_kept() -> None:
    """A page tells of every service of a proxy, a query of one."""
    samples = Samples()
    text = "".join(f'took{{service="s{n}",le="{le}"}} 1\n' for n in range(50) for le in (1, 2))

    others = '{__name__="took",service=~"s8|s9",instance="a:1",le="1"}'

    query = f'sum(took{{service="s7"}}) + sum({others})'
    answer = told(samples, 1, query, page(text + 'other{service="s7"} 1\n'))

    assert answer.values == (4.0,)
    assert len(samples) == 4


def test_no_series_is_left_out_that_a_matcher_of_what_is_missing_accepts() -> None:
    text = 'up{job="a"} 1\nup 2\nup{job="b",instance="other"} 4\n'

    values = [
        told(Samples(), 1, f"sum(up{{{matcher}}})", page(text)).values[0]
        for matcher in ('job=""', 'job!="a"', 'instance!="a:1"', 'instance=~"a:.+"')
    ]

    assert values == [2.0, 6.0, 4.0, 3.0]


def test_a_longer_range_than_the_interval_is_kept() -> None:
    samples = Samples(keep_s=10)
    query = "count_over_time(up[20s] offset 5s)"

    for second in range(31):
        answer = told(samples, second, query, page("up 1\n"))
        told(samples, second, "up", page("up 1\n"))

    assert answer.values == (20.0,)


def test_too_many_series_are_an_error_not_a_wrong_value() -> None:
    samples = Samples(series_max=0)

    assert scraped(samples, 1, 1).error == "more than 0 series were scraped"


def gauges(count: int, value: float = 0) -> Response:
    return Response(200, "".join(f'r{{n="{n}"}} {value}\n' for n in range(count)).encode())


def test_after_a_burst_of_series_values_come_back_with_the_next_scrape() -> None:
    samples = Samples(series_max=10)

    told = [
        PROVIDER.answer(Query("sum(r)", later(second), NOW), ONE, (gauges(count, second),), samples)
        for second, count in ((1, 20), (2, 1), (3, 10))
    ]

    assert [answer.error for answer in told] == ["more than 10 series were scraped", None, None]
    assert told[1].values == (2.0,)
    assert told[2].values == (30.0,)


def page(text: str) -> Response:
    return Response(200, text.encode(), {"Content-Type": "text/plain"})


def told(samples: Samples, second: float, query: str, *pages: Response | Unreachable) -> Answer:
    access = ACCESS if len(pages) > 1 else ONE
    return PROVIDER.answer(Query(query, later(second), NOW), access, pages, samples)


def test_a_series_that_is_no_longer_on_its_page_has_no_value() -> None:
    """A pod that is gone speaks for no other, as in Prometheus."""
    samples = Samples()
    told(samples, 1, "max(failing)", page('failing{pod="old"} 0\n'))

    gone = told(samples, 2, "max(failing)", page(""))
    other = told(samples, 3, "max(failing)", page('failing{pod="new"} 7\n'))
    back = told(samples, 4, "min(failing)", page('failing{pod="old"} 3\nfailing{pod="new"} 7\n'))

    assert (gone.values, other.values, back.values) == ((), (7.0,), (3.0,))


@pytest.mark.parametrize("failure", [Unreachable("refused"), Response(503), page("<html>")])
def test_the_series_of_an_exporter_that_fails_have_no_value(
    failure: Response | Unreachable,
) -> None:
    samples, query = Samples(), "sum(failing)"
    told(samples, 1, query, page("failing 1\n"), page("failing 2\n"))

    down = told(samples, 2, query, page("failing 1\n"), failure)
    up = told(samples, 3, query, page("failing 1\n"), page("failing 2\n"))

    assert (down.values, up.values) == ((1.0,), (3.0,))


def test_a_series_that_several_exporters_tell_lives_while_one_does() -> None:
    samples, same = Samples(), page('failing{instance="app"} 5\n')
    told(samples, 1, "sum(failing)", same, same)

    first = told(samples, 2, "sum(failing)", Unreachable("refused"), same)
    second = told(samples, 3, "sum(failing)", same, Unreachable("refused"))
    none = told(samples, 4, "sum(failing)", same, page(""))

    assert (first.values, second.values, none.values) == ((5.0,),) * 3
    assert told(samples, 5, "sum(failing)", page(""), page("")).values == ()


@pytest.mark.parametrize(
    ("address", "instances"),
    [
        ("http://x:1/metrics?pod=a, http://x:1/metrics?pod=b, http://y:1/metrics",
         {"http://x:1/metrics?pod=a", "http://x:1/metrics?pod=b", "y:1"}),
        ("http://x:1/a,https://x:1/a,http://x:2/a", {"http://x:1/a", "https://x:1/a", "x:2"}),
        ("http://u:pw@x:1/,http://v:pw@x:1/,http://w:pw@y/",
         {"http://u:xxxxx@x:1/", "http://v:xxxxx@x:1/", "y"}),
    ],
    ids=["query", "scheme", "user"],
)  # fmt: skip
def test_pages_of_one_host_are_told_apart(address: str, instances: set[str]) -> None:
    access, samples = Access("openmetrics", address), Samples()
    pages = (page("failing 0\n"), page("failing 7\n"), page("failing 1\n"))

    answer = PROVIDER.answer(Query("sum(failing)", NOW), access, pages, samples)

    assert answer.values == (8.0,)
    found = evaluate("failing", samples, NOW)
    assert {series.named["instance"] for series in found} == instances


def test_one_query_does_not_end_the_series_of_another() -> None:
    samples, both = Samples(), page('a{x=""} 1\nb{y="z"} 2\n')

    values = [
        told(samples, second, query, both).values for second in (1, 2) for query in ("a", "b", "a")
    ]

    assert values == [(1.0,), (2.0,), (1.0,)] * 2


def test_a_clock_that_was_set_back_asks_for_more_time() -> None:
    """What was seen at moments that are to come again is no measure of anything."""
    samples = Samples()
    for second in (600, 601, 602):
        scraped(samples, second, second)

    after_it = [
        PROVIDER.answer(Query(QUERY, later(second), later(2)), ONE, (page,), samples)
        for second, page in ((3, exported(1000)), (4, exported(1050)))
    ]

    assert [answer.early for answer in after_it] == [True, False]
    assert after_it[1].values == pytest.approx((50 * 1.5 / 10,))


@pytest.mark.parametrize("address", ["", "a:1/metrics", "http://a/metrics,b"])
def test_an_address_that_is_no_url_is_refused(address: str) -> None:
    with pytest.raises(SpecError, match="separated by commas"):
        PROVIDER.admit(Access("openmetrics", address))


@pytest.mark.parametrize(
    ("exchanges", "fault"),
    [
        ((exported(1), Unreachable("refused")), None),
        (
            (Response(500), Unreachable("refused")),
            "scraping http://a:1/metrics failed: HTTP status 500; "
            "scraping http://b:2/metrics failed: refused",
        ),
    ],
)
def test_exporters_are_offline_when_none_answers(
    exchanges: tuple[Response | Unreachable, ...], fault: str | None
) -> None:
    assert PROVIDER.offline(ACCESS, exchanges) == fault


def test_both_text_formats_are_read() -> None:
    plain = '# TYPE took histogram\ntook_bucket{le="1"} 3\ntook_bucket{le="+Inf"} 4\ntook_sum 2\n'
    plain += "took_count 4\n"
    opened = "# TYPE took histogram\n" + plain.split("\n", 1)[1] + "# EOF\n"
    samples = Samples()

    query = 'took_bucket{le="+Inf"}'

    for text, media, source in ((plain, "text/plain", "a:1"), (opened, OPEN, "b:1")):
        collect(read(text, media), source, samples, NOW, selectors(query))

    found = evaluate(query, samples, NOW)
    assert {series.named["instance"]: series.value for series in found} == {"a:1": 4.0, "b:1": 4.0}


@pytest.mark.parametrize("media", ["text/plain", "application/openmetrics-text"])
def test_a_page_in_no_format_is_a_fault(media: str) -> None:
    with pytest.raises(PageFault):
        read("<html>\n", media)
