"""How Go writes numbers and durations, so that our sentences read letter by letter as Flagger's."""

import math

_EXPONENT_FROM = 6
"""strconv writes the shortest form of a float with an exponent from this power of ten on."""
_EXPONENT_BELOW = -4


def number_text(value: float) -> str:
    """Write *value* as `%v` does: the shortest digits that read back the same."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    digits, _, exponent = _shortest(value).partition("e")
    power = int(exponent)
    if power < _EXPONENT_BELOW or power >= _EXPONENT_FROM:
        return f"{digits}e{'-' if power < 0 else '+'}{abs(power):02d}"
    fraction = len(digits.partition(".")[2])
    return f"{value:.{max(0, fraction - power)}f}"


def duration_text(milliseconds: int) -> str:
    """Write whole *milliseconds* as Go's `Duration.String`: `500ms`, `1.2s`, `1m0s`, `1h0m0s`."""
    if milliseconds == 0:
        return "0s"
    sign, rest = ("-" if milliseconds < 0 else ""), abs(milliseconds)
    if rest < 1000:  # noqa: PLR2004 - a second
        return f"{sign}{rest}ms"
    minutes, rest = divmod(rest, 60_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{rest // 1000}.{rest % 1000:03d}".rstrip("0").rstrip(".") + "s"
    if hours:
        text = f"{hours}h{minutes}m{text}"
    elif minutes:
        text = f"{minutes}m{text}"
    return sign + text


def quoted(text: str) -> str:
    """Write *text* as a string literal, `%q`."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + plain.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r") + '"'


def _shortest(value: float) -> str:
    """Return the scientific form with as few digits as read back to *value*."""
    forms = (f"{value:.{precision}e}" for precision in range(17))
    return next(form for form in forms if float(form) == value)
