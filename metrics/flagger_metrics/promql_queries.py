"""What a PromQL query asks for: its syntax tree, the metrics in it, and which series match."""

from collections.abc import Callable, Mapping
from functools import lru_cache

import promql_parser as syntax
import re2  # type: ignore[import-untyped]  # It ships no type information.

from .promql_vectors import PromqlFault

QUERY_CHARS_MAX = 16 * 1024
PARSED_MAX = 512
PARSE_ERROR = 'invalid parameter "query": parse error: '
"""How Prometheus begins what it says of a query that is no PromQL."""

Test = Callable[[Mapping[str, str]], bool]


def check(query: str) -> None:
    """Raise `PromqlFault` where *query* is no PromQL; whether we can evaluate it is not asked."""
    parsed(query)


@lru_cache(maxsize=PARSED_MAX)
def parsed(query: str) -> syntax.Expr:
    """Return the tree of *query*; `PromqlFault` in Prometheus' words where it is no PromQL."""
    if len(query) > QUERY_CHARS_MAX:
        raise PromqlFault(f"the query is longer than {QUERY_CHARS_MAX} characters")
    try:
        return syntax.parse(query)
    except ValueError as error:
        raise PromqlFault(f"{PARSE_ERROR}{error}") from error


def metric_names(query: str) -> frozenset[str] | None:
    """Return the metrics that *query* selects, None where a selector has no name."""
    found: set[str | None] = set()

    def visit(expression: object) -> bool:
        if isinstance(expression, syntax.VectorSelector):
            found.add(expression.name)
        return True

    syntax.walk(parsed(query), visit)
    return None if None in found else frozenset(name for name in found if name)


def test(kind: object, name: str, value: str) -> Test:
    """Return whether a matcher accepts a series; a label that is missing is empty."""
    if kind in (syntax.MatchOp.Equal, syntax.MatchOp.NotEqual):
        wanted = kind == syntax.MatchOp.Equal
        return lambda labels: (labels.get(name, "") == value) is wanted
    pattern, positive = _pattern(value), kind == syntax.MatchOp.Re
    return lambda labels: (pattern.fullmatch(labels.get(name, "")) is not None) is positive


@lru_cache(maxsize=PARSED_MAX)
def _pattern(text: str) -> "re2._Regexp":
    options = re2.Options()
    options.log_errors = False
    options.dot_nl = True
    try:
        return re2.compile(text, options)
    except re2.error as error:
        raise PromqlFault(f"illegal regex for {text}") from error
