"""What a PromQL query asks for: its syntax tree, the metrics in it, and which series match."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import promql_parser as syntax
import re2  # type: ignore[import-untyped]  # It ships no type information.

from .promql_vectors import PromqlFault
from .samples import NAME

QUERY_CHARS_MAX = 16 * 1024
NESTED_MAX = 500
"""Operators and brackets in a query: each may be a level of its tree, which the parser builds by
recursion. At some thousands it takes seconds, and then more of the stack than there is."""
PARSED_MAX = 512
PARSE_ERROR = 'invalid parameter "query": parse error: '
"""How Prometheus begins what it says of a query that is no PromQL."""
MATCHED_MAX = 32 * 1024
"""Answers of regular expressions kept: a scrape asks again what the one before has asked."""

Accepts = Callable[[str], bool]
"""Tells whether a matcher accepts the value of its label."""

_NOTHING: Mapping[str, str] = {}
_UNNESTED = re.compile(r""""(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`[^`]*`|#[^\r\n]*""")
"""What stands in quotes or in a comment, whichever begins first."""
_MATCHERS = re.compile(r"\{[^{}]*\}")
_NESTING = re.compile(r"[-+*/%^(]|[<>=!]=?|\b(?:and|or|unless|atan2)\b", re.IGNORECASE)
_QUOTED_MAX = 8 * NESTED_MAX
"""So many count with those in quotes, should the parser see the quotes otherwise than we do."""


@dataclass(frozen=True, slots=True)
class Selector:
    """Which series a query looks at: those of a metric, of any where *name* is None, whose labels
    every one of *matchers* accepts."""

    name: str | None
    matchers: tuple[tuple[str, Accepts], ...]

    def matches(self, labels: Mapping[str, str], otherwise: Mapping[str, str] = _NOTHING) -> bool:
        """Tell whether a series matches; a label that is missing is as in *otherwise*, or empty."""
        for label, accepts in self.matchers:
            if not accepts(labels.get(label) or otherwise.get(label, "")):
                return False
        return True


def check(query: str) -> None:
    """Raise `PromqlFault` where *query* is no PromQL; whether we can evaluate it is not asked."""
    parsed(query)


@lru_cache(maxsize=PARSED_MAX)
def parsed(query: str) -> syntax.Expr:
    """Return the tree of *query*; `PromqlFault` in Prometheus' words where it is no PromQL."""
    if len(query) > QUERY_CHARS_MAX:
        raise PromqlFault(f"the query is longer than {QUERY_CHARS_MAX} characters")
    bare = _MATCHERS.sub("", _UNNESTED.sub("", query))
    if _nests(bare, NESTED_MAX) or _nests(query, _QUOTED_MAX):
        raise PromqlFault(
            f"the query is nested too deeply: it has more than {NESTED_MAX} operators and brackets"
        )
    try:
        return syntax.parse(query)
    except ValueError as error:
        raise PromqlFault(f"{PARSE_ERROR}{error}") from error


@lru_cache(maxsize=PARSED_MAX)
def selectors(query: str) -> tuple[Selector, ...]:
    """Return every selector of *query*, in no particular order; `PromqlFault` where it is wrong."""
    found: list[Selector] = []

    def visit(expression: object) -> bool:
        if isinstance(expression, syntax.VectorSelector):
            found.append(selector_of(expression))
        return True

    syntax.walk(parsed(query), visit)
    return tuple(found)


@lru_cache(maxsize=PARSED_MAX)
def reach_s(query: str) -> float:
    """Return how many seconds back *query* asks for samples; 0 for the present ones."""
    found = [0.0]

    def visit(expression: object) -> bool:
        if isinstance(expression, syntax.MatrixSelector):
            found.append(expression.range.total_seconds() + offset_s(expression.vector_selector))
        elif isinstance(expression, syntax.VectorSelector):
            found.append(offset_s(expression))
        return True

    syntax.walk(parsed(query), visit)
    return max(found)


def offset_s(selector: syntax.VectorSelector) -> float:
    """Return how many seconds before the moment of the query a selector looks."""
    return selector.offset.total_seconds() if selector.offset is not None else 0.0


def selector_of(selector: syntax.VectorSelector) -> Selector:
    """Return which series a selector means, by its name or a matcher of the name."""
    given = selector.matchers.matchers
    matchers = tuple((one.name, _accepts(one.op, one.value)) for one in given)
    named = (m.value for m in given if m.name == NAME and m.op == syntax.MatchOp.Equal)
    return Selector(selector.name or next(named, None), matchers)


def _nests(query: str, bound: int) -> bool:
    """Tell whether *query* has more operators and brackets than *bound*."""
    return len(_NESTING.findall(query)) > bound


def _accepts(kind: object, value: str) -> Accepts:
    if kind == syntax.MatchOp.Equal:
        return lambda text: text == value
    if kind == syntax.MatchOp.NotEqual:
        return lambda text: text != value
    _pattern(value)  # What is no expression is a fault now, not when a label is first looked at.
    positive = kind == syntax.MatchOp.Re
    return lambda text: _fits(value, text) is positive


@lru_cache(maxsize=MATCHED_MAX)
def _fits(pattern: str, text: str) -> bool:
    return _pattern(pattern).fullmatch(text) is not None


@lru_cache(maxsize=PARSED_MAX)
def _pattern(text: str) -> "re2._Regexp":
    options = re2.Options()
    options.log_errors = False
    options.dot_nl = True
    try:
        return re2.compile(text, options)
    except re2.error as error:
        raise PromqlFault(f"illegal regex for {text}") from error
