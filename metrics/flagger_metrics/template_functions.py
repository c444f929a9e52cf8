"""What the functions of a query template mean: Go's comparisons, formatting and indexing.

Source: the documentation of Go's packages text/template ("Functions") and fmt ("Printing").
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .gotext import number_text, quoted
from .template_lexer import is_character

WIDTH_MAX = 1000
"""A wider field in a format is a fault: it could only exhaust memory."""


class Failure(Exception):
    """A function cannot do what the template asks."""


_DIRECTIVE = re.compile(r"%([-+# 0]*)(\d*)(?:\.(\d*))?(.)", re.DOTALL)
_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "bool"),
    (str, "string"),
    (int, "int"),
    (float, "float64"),
    (Mapping, "map[string]string"),
)


def show(value: object) -> str:
    """Write *value* as Go's `%v` does."""
    if value is None:
        return "<no value>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, Mapping):
        return "map[" + " ".join(f"{show(k)}:{show(value[k])}" for k in sorted(value)) + "]"
    return str(value)


def equal(first: object, *others: object) -> bool:
    """Tell whether *first* equals any of *others*; values of different kinds are a fault."""
    if not others:
        raise Failure("error calling eq: missing argument for comparison")
    return any([_same(first, other, "eq") for other in others])


def unequal(first: object, second: object) -> bool:
    return not _same(first, second, "ne")


def less(first: Any, second: Any) -> bool:
    return _ordered("lt", first, second) and bool(first < second)


def less_or_equal(first: Any, second: Any) -> bool:
    return _ordered("le", first, second) and bool(first <= second)


def greater(first: Any, second: Any) -> bool:
    return _ordered("gt", first, second) and bool(first > second)


def greater_or_equal(first: Any, second: Any) -> bool:
    return _ordered("ge", first, second) and bool(first >= second)


def index(value: Any, *keys: Any) -> object:
    """Return what *value* holds under *keys*; a map without the key gives the empty string."""
    for key in keys:
        if isinstance(value, Mapping):
            if not isinstance(key, str):
                raise Failure(f"error calling index: value has type {_kind(key)}; should be string")
            value = value.get(key, "")
        elif isinstance(value, str):
            if not isinstance(key, int) or not 0 <= key < len(value.encode()):
                raise Failure(f"error calling index: index out of range: {show(key)}")
            value = value.encode()[key]
        else:
            raise Failure(f"error calling index: can't index item of type {_kind(value)}")
    return value


def length(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, Mapping):
        return len(value)
    raise Failure(f"error calling len: len of type {_kind(value)}")


def part_of(value: Any, *bounds: Any) -> str:
    """Return the bytes of a string from the first bound to the second, as Go's `slice`."""
    if not isinstance(value, str):
        raise Failure(f"error calling slice: can't slice item of type {_kind(value)}")
    raw = value.encode()
    low, high = (*bounds, len(raw))[:2] if bounds else (0, len(raw))
    if len(bounds) > 2 or not all(isinstance(b, int) for b in bounds):  # noqa: PLR2004 - low, high
        raise Failure("error calling slice: cannot slice with these indices")
    if not 0 <= low <= high <= len(raw):
        raise Failure("error calling slice: index out of range")
    return raw[low:high].decode(errors="replace")


def joined(*values: object) -> str:
    """Write *values* as Go's `print`: a space only between two that are both no strings."""
    text = ""
    for position, value in enumerate(values):
        if position and not isinstance(value, str) and not isinstance(values[position - 1], str):
            text += " "
        text += show(value)
    return text


def joined_line(*values: object) -> str:
    return " ".join(show(value) for value in values) + "\n"


def formatted(template: Any, *values: object) -> str:
    """Write *values* into *template* as Go's `printf`, with its remarks on wrong verbs."""
    if not isinstance(template, str):
        raise Failure(f"error calling printf: wrong type for value; got {_kind(template)}")
    left = list(values)

    def written(found: re.Match[str]) -> str:
        flags, width, precision, verb = found.groups()
        if verb == "%":
            return "%"
        if not left:
            return f"%!{verb}(MISSING)"
        if _too_wide(width) or _too_wide(precision):
            raise Failure(f"error calling printf: a width above {WIDTH_MAX} for %{verb}")
        return _written(flags, width, precision, verb, left.pop(0))

    text = _DIRECTIVE.sub(written, template)
    if left:
        text += "%!(EXTRA " + ", ".join(f"{_kind(v)}={show(v)}" for v in left) + ")"
    return text


FUNCTIONS: Mapping[str, Callable[..., object]] = {
    "eq": equal,
    "ne": unequal,
    "lt": less,
    "le": less_or_equal,
    "gt": greater,
    "ge": greater_or_equal,
    "index": index,
    "len": length,
    "slice": part_of,
    "print": joined,
    "println": joined_line,
    "printf": formatted,
}
"""Every function but the short-circuiting `and`, `or` and `not`, which are operators here."""


def _written(flags: str, width: str, precision: str | None, verb: str, value: object) -> str:
    kind = _kind(value)
    text: str
    if verb == "v":
        text = show(value)
    elif verb == "T":
        text = kind
    elif verb == "t" and kind == "bool":
        text = show(value)
    elif verb in "sq" and kind == "string":
        cut = str(value)[: int(precision or 0)] if precision is not None else str(value)
        text = cut if verb == "s" else quoted(cut)
    elif verb in "dxXob" and kind == "int":
        text = format(value, ("+" if "+" in flags else "") + ("#" if "#" in flags else "") + verb)
    elif verb in "xX" and kind == "string":
        text = str(value).encode().hex()
        text = text.upper() if verb == "X" else text
    elif verb == "c" and isinstance(value, int) and kind == "int":
        if not is_character(value):
            raise Failure(f"error calling printf: {value} is no character")
        text = chr(value)
    elif verb in "feEgG" and kind == "float64":
        sign = "+" if "+" in flags else ""
        bare = verb in "gG" and precision is None
        text = show(value) if bare else format(value, f"{sign}.{precision or 0}{verb}")
        if verb in "feE" and precision is None:
            text = format(value, f"{sign}.6{verb}")
    else:
        return f"%!{verb}({kind}={show(value)})"
    return _padded(text, flags, width, zero="0" in flags and kind in ("int", "float64"))


def _too_wide(digits: str | None) -> bool:
    return len(digits or "") > len(str(WIDTH_MAX)) or int(digits or 0) > WIDTH_MAX


def _padded(text: str, flags: str, width: str, *, zero: bool) -> str:
    if "-" in flags:
        return text.ljust(int(width or 0))
    return text.zfill(int(width or 0)) if zero else text.rjust(int(width or 0))


def _kind(value: object) -> str:
    if value is None:
        return "<nil>"
    return next(name for known, name in _KINDS if isinstance(value, known))


def _same(first: object, second: object, name: str) -> bool:
    if _kind(first) != _kind(second):
        raise Failure(
            f"error calling {name}: incompatible types for comparison: "
            f"{_kind(first)} and {_kind(second)}"
        )
    if isinstance(first, Mapping):
        raise Failure(f"error calling {name}: non-comparable type {_kind(first)}")
    return first == second


def _ordered(name: str, first: object, second: object) -> bool:
    kinds: Sequence[str] = (_kind(first), _kind(second))
    if kinds[0] != kinds[1] or kinds[0] not in ("string", "int", "float64"):
        raise Failure(
            f"error calling {name}: invalid type for comparison: {kinds[0]} and {kinds[1]}"
        )
    return True
