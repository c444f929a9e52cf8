"""How log lines read: one JSON object each on stderr, with the keys Flux's controllers use."""

import json
import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

import orjson

TRACE = 5
LEVELS = {
    "trace": TRACE,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_FIELDS = ("controller", "controllerGroup", "controllerKind", "reconcileID")


class JsonLines(logging.Formatter):
    """One JSON object a line; of an object worked on name and namespace, as Flux writes them."""

    def format(self, record: logging.LogRecord) -> str:
        return orjson.dumps(fields_of(record), default=str).decode()


class Console(logging.Formatter):
    """Time, level, message and fields, for people at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        fields = fields_of(record)
        stamp, level, message = fields.pop("ts"), fields.pop("level"), fields.pop("msg")
        rest = f"\t{json.dumps(fields, default=str)}" if fields else ""
        return f"{stamp}\t{str(level).upper()}\t{message}{rest}"


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """Return what *record* says, in the order it is written."""
    stamp = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    fields: dict[str, object] = {
        "level": _level(record.levelno),
        "ts": stamp.replace("+00:00", "Z"),
        "msg": record.getMessage(),
        "logger": record.name,
    }
    for field in _FIELDS:
        if hasattr(record, field):
            fields[field] = getattr(record, field)
    namespace, name = (getattr(record, f"object_{x}", None) for x in ("namespace", "name"))
    if name is not None:
        if "controllerKind" in fields:
            fields[str(fields["controllerKind"])] = {"name": name, "namespace": namespace}
        fields["namespace"], fields["name"] = namespace, name
    if record.exc_info and record.exc_info[1] is not None:
        fields["error"] = f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
        fields["stacktrace"] = logging.Formatter().formatException(record.exc_info)
    return fields


def set_up(
    level: str, encoding: str, names: Iterable[str] = ("flagger_py",), stream: TextIO | None = None
) -> None:
    """Write this process's log at *level*; loggers not below *names* are heard from `warning`."""
    logging.addLevelName(TRACE, "TRACE")
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if encoding == "json" else Console())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(LEVELS[level], logging.WARNING))
    for name in names:
        logging.getLogger(name).setLevel(LEVELS[level])
    logging.captureWarnings(True)


def _level(number: int) -> str:
    """Name a level with one of the four words Flux knows."""
    if number >= logging.ERROR:
        return "error"
    if number >= logging.INFO:
        return "info"
    return "debug" if number >= logging.DEBUG else "trace"
