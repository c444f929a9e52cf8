"""What a query template renders to for one target."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import SandboxedEnvironment

from flagger_py.errors import SpecError

from .template_functions import FUNCTIONS, Failure, show
from .template_lexer import TemplateFault
from .template_translation import translate

SOURCE_CHARS_MAX = 64 * 1024
RENDERED_CHARS_MAX = 256 * 1024
TURNS_MAX = 10_000
"""Turns of all `range` loops of one rendering together."""

COMPILED_MAX = 1024
"""Compiled templates kept; compiling costs seventy times what rendering does."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the functions of the same names return in a query template."""

    name: str
    namespace: str
    target: str
    service: str
    ingress: str
    route: str
    interval: str


_SLOTS = tuple(field.name for field in fields(Names))


def render(query: str, names: Names, variables: Mapping[str, str]) -> str:
    """Fill in *query*, a Go template as Flagger's users write them.

    A variable that is missing, a name or function that is not known, or anything else not
    understood is a `SpecError` (reason InvalidTemplate) in the words of Flagger's message.
    """
    template, constants = _compiled(query)
    known: dict[str, object] = {f"n_{slot}": getattr(names, slot) for slot in _SLOTS}
    known |= {"n_variables": dict(variables), "k": constants, "pairs": _bounded_pairs()}
    try:
        return "".join(_bounded(template.generate(known)))
    except Failure as failure:
        raise _fault(f"template excution failed: {failure}") from failure


def check(query: str) -> None:
    """Raise `SpecError` where *query* is no template that we understand."""
    _compiled(query)


@lru_cache(maxsize=COMPILED_MAX)
def _compiled(query: str) -> tuple[Template, tuple[object, ...]]:
    if len(query) > SOURCE_CHARS_MAX:
        raise _fault(f"template parsing failed: longer than {SOURCE_CHARS_MAX} characters")
    try:
        translation = translate(query)
    except TemplateFault as fault:
        raise _fault(f"template parsing failed: {fault}") from fault
    try:
        return _ENVIRONMENT.from_string(translation.jinja), translation.constants
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise _fault("template parsing failed: blocks or pipes are nested too deeply") from error


def _fault(message: str) -> SpecError:
    return SpecError(message, reason="InvalidTemplate")


def _bounded(chunks: Iterable[str]) -> Iterator[str]:
    """Pass on *chunks* while they are a query's size."""
    length = 0
    for chunk in chunks:
        length += len(chunk)
        if length > RENDERED_CHARS_MAX:
            raise Failure(f"the query is longer than {RENDERED_CHARS_MAX} characters")
        yield chunk


def _field(value: object, key: str, place: str) -> object:
    if value is None:
        raise Failure(f'{place}: nil data; no entry for key "{key}"')
    if not isinstance(value, Mapping):
        raise Failure(f"{place}: can't evaluate field {key} in a value that is no map")
    if key not in value:
        raise Failure(f'{place}: map has no entry for key "{key}"')
    return value[key]


def _call(place: str, name: str, *arguments: object) -> object:
    try:
        result = FUNCTIONS[name](*arguments)
        if isinstance(result, str) and len(result) > RENDERED_CHARS_MAX:
            raise Failure(f"a text longer than {RENDERED_CHARS_MAX} characters")
        return result
    except Failure as failure:
        raise Failure(f"{place}: {failure}") from failure
    except TypeError as error:
        raise Failure(f"{place}: wrong number of args for {name}: {len(arguments)}") from error
    except (ValueError, OverflowError) as error:
        raise Failure(f"{place}: error calling {name}: {error}") from error


def _fail(place: str, message: str) -> object:
    raise Failure(f"{place}: {message}")


def _bounded_pairs() -> Callable[[object], Iterable[tuple[object, object]]]:
    """Return what `range` goes over; all loops of one rendering share a number of turns."""
    turns = 0

    def pairs(value: object) -> Iterable[tuple[object, object]]:
        nonlocal turns
        found: list[tuple[object, object]]
        if value is None:
            return []
        if isinstance(value, Mapping):
            found = [(key, value[key]) for key in sorted(value)]
        elif isinstance(value, int) and not isinstance(value, bool):
            found = [(i, i) for i in range(min(value, TURNS_MAX + 1))]
        else:
            raise Failure(f"range can't iterate over {show(value)}")
        turns += len(found)
        if turns > TURNS_MAX:
            raise Failure(f"range takes more than {TURNS_MAX} turns")
        return found

    return pairs


_ENVIRONMENT = SandboxedEnvironment(
    undefined=StrictUndefined,
    autoescape=False,
    extensions=["jinja2.ext.loopcontrols"],
    keep_trailing_newline=True,
    cache_size=0,
)
_ENVIRONMENT.globals.update(show=show, field=_field, call=_call, fail=_fail)
