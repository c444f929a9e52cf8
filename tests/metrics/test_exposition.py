"""A page of an exporter is read as it stands there: no name is changed, nothing is guessed."""

import math

import pytest

from flagger_metrics.exposition import PageFault, lines_of

PLAIN = "text/plain; version=0.0.4"
OPEN = "application/openmetrics-text; version=1.0.0"


def read(text: str, media: str = PLAIN) -> list[tuple[str, dict[str, str], float]]:
    return list(lines_of(text, media))


@pytest.mark.parametrize("name", ["envoy_cluster_upstream_rq", "requests_total", "a:b", "_x"])
@pytest.mark.parametrize("kind", ["counter", "gauge", "untyped", "summary"])
def test_a_sample_keeps_its_name_whatever_its_type(name: str, kind: str) -> None:
    page = f'# HELP {name} What it counts.\n# TYPE {name} {kind}\n{name}{{code="200"}} 5\n'

    assert read(page) == [(name, {"code": "200"}, 5.0)]


@pytest.mark.parametrize(
    ("line", "sample"),
    [
        ("up 1", ("up", {}, 1.0)),
        ("  up\t 1 \t", ("up", {}, 1.0)),
        ("up 1 1395066363000", ("up", {}, 1.0)),
        ("up{} 1", ("up", {}, 1.0)),
        ('up{a="b"}1', ("up", {"a": "b"}, 1.0)),
        ('up { a = "b" , c = "d" , } -1.5e3', ("up", {"a": "b", "c": "d"}, -1500.0)),
        (r'up{a="\\ \" \n"} 1', ("up", {"a": '\\ " \n'}, 1.0)),
        ('up{a="} 2 # {",b="x,y=z"} 1', ("up", {"a": "} 2 # {", "b": "x,y=z"}, 1.0)),
        ('{"my.metric",a="b"} 1', ("my.metric", {"a": "b"}, 1.0)),
        ('up{"a.b"="c"} 1', ("up", {"a.b": "c"}, 1.0)),
        ("up +Inf", ("up", {}, math.inf)),
        ("up -inf", ("up", {}, -math.inf)),
        ('up{a="b"} 1\r', ("up", {"a": "b"}, 1.0)),
        ('up{a="x\u2028y"} 1', ("up", {"a": "x\u2028y"}, 1.0)),
    ],
)
def test_a_line_is_a_sample(line: str, sample: tuple[str, dict[str, str], float]) -> None:
    assert read(f"# a comment\n\n{line}\n#TYPE\n") == [sample]


def test_not_a_number_is_read_as_such() -> None:
    ((_, _, value),) = read("up NaN\n")

    assert math.isnan(value)


@pytest.mark.parametrize(
    "line",
    [
        "<html>",
        "up",
        "up1",
        "up one",
        "up 1_000",
        "up{a=b} 1",
        'up{a="b" 1',
        'up{a="b',
        'up{a="b",,c="d"} 1',
        'up{a="b" c="d"} 1',
        'up{a="b",a="c"} 1',
        'up{"other"} 1',
        '{a="b"} 1',
        "{} 1",
        "up " + "9" * 400,
        "5xx 1",
        'up{a-b="c"} 1',
        '{"status": "ok"}',
    ],
)
def test_a_page_with_anything_else_is_a_fault(line: str) -> None:
    with pytest.raises(PageFault, match="it is no page of metrics"):
        read(f"ok 1\n{line}\n")


def test_an_openmetrics_page_has_exemplars_and_an_end() -> None:
    page = '# TYPE a counter\na_total{b="c"} 5 1.5 # {trace="t 1"} 0.5 1.2\na_created 1\n# EOF\n'

    assert read(page, OPEN) == [("a_total", {"b": "c"}, 5.0), ("a_created", {}, 1.0)]


@pytest.mark.parametrize("page", ["a_total 5\n", "a_total 5\n# EOF\nb_total 1\n"])
def test_an_openmetrics_page_that_was_cut_is_a_fault(page: str) -> None:
    with pytest.raises(PageFault, match="EOF"):
        read(page, OPEN)


def test_a_hostile_line_takes_no_time() -> None:
    with pytest.raises(PageFault):
        read('up{a="' + '\\"' * 50_000 + "\n")
    with pytest.raises(PageFault):
        read("up{" + 'a="b",' * 50_000 + "\n")
