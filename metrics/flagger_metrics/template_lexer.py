"""How the text of a Go template splits into literal text and the tokens of its actions.

Source of the rules: the documentation of Go's package text/template, sections "Text and spaces"
and "Actions", and the Go specification for literals.
"""

import math
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

SPACE = " \t\r\n"


class TemplateFault(Exception):
    """The template cannot be parsed; *line* counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"template: tmpl:{line}: {message}")


class Token(StrEnum):
    """The kinds of tokens inside an action."""

    WORD = "word"
    FIELD = "field"
    DOT = "dot"
    VARIABLE = "variable"
    LITERAL = "literal"
    DECLARE = "declare"
    ASSIGN = "assign"
    PIPE = "pipe"
    OPEN = "open"
    CLOSE = "close"
    COMMA = "comma"


Value = str | int | float


@dataclass(frozen=True, slots=True)
class Lexeme:
    """One token: *position* is its offset in the template, *glued* says no space comes before."""

    kind: Token
    text: str
    position: int
    glued: bool
    value: Value | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """Literal output."""

    text: str


@dataclass(frozen=True, slots=True)
class Action:
    """What stands between the delimiters; *position* is where they open."""

    lexemes: tuple[Lexeme, ...]
    position: int


_TRIM_LEFT = re.compile(r"\{\{-(?=[ \t\r\n])")
_COMMENT = re.compile(r"\{\{(?:-[ \t\r\n]+)?/\*.*?\*/([ \t\r\n]+-)?\}\}", re.DOTALL)
_COMMENT_OPEN = re.compile(r"\{\{(?:-[ \t\r\n]+)?/\*")
_END = re.compile(r"([ \t\r\n]+-)?\}\}")
_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\.)*")
      | (?P<raw>`[^`]*`)
      | (?P<char>'(?:[^'\\\n]|\\.)+')
      | (?P<number>[+-]?(?:0[xX][0-9a-fA-F_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))
      | (?P<declare>:=) | (?P<assign>=) | (?P<pipe>\|) | (?P<open>\() | (?P<close>\))
      | (?P<comma>,) | (?P<variable>\$\w*) | (?P<field>\.[^\W\d]\w*) | (?P<dot>\.)
      | (?P<word>[^\W\d]\w*)""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:([abfnrtv\\'\"])|x(..)|u(.{4})|U(.{8})|([0-7]{3})|(.))", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_SHOWN_CHARS_MAX = 40
_DIGITS_MAX = 100
"""No whole number that fits is longer; Python refuses to read one of thousands of digits."""
_PLAIN = dict(zip("abfnrtv\\'\"", "\a\b\f\n\r\t\v\\'\"", strict=True))


def pieces(source: str) -> Iterator[Text | Action]:
    """Split *source* into text and actions in order, trimmed where `{{- ` and ` -}}` say so."""
    broken = _SURROGATE.search(source)
    if broken is not None:
        raise TemplateFault(line_of(source, broken.start()), "half of a surrogate pair")
    position, trim = 0, False
    while True:
        start = source.find("{{", position)
        text = source[position:] if start < 0 else source[position:start]
        text = text.lstrip(SPACE) if trim else text
        if start >= 0 and _TRIM_LEFT.match(source, start):
            text = text.rstrip(SPACE)
        if text:
            yield Text(text)
        if start < 0:
            return
        if _COMMENT_OPEN.match(source, start):
            comment = _COMMENT.match(source, start)
            if comment is None:
                raise TemplateFault(line_of(source, start), "unclosed comment")
            position, trim = comment.end(), comment.group(1) is not None
            continue
        lexemes, position, trim = _action(source, start)
        yield Action(lexemes, start)


def is_character(point: int) -> bool:
    """Tell whether a text can hold the code point: half of a surrogate pair is none."""
    return 0 <= point <= sys.maxunicode and not 0xD800 <= point <= 0xDFFF  # noqa: PLR2004


def line_of(source: str, position: int) -> int:
    """Return the line of an offset, counted from 1."""
    return source.count("\n", 0, position) + 1


def column_of(source: str, position: int) -> int:
    """Return the offset within the line in bytes, counted from 0 as Go does."""
    return len(source[source.rfind("\n", 0, position) + 1 : position].encode())


def _action(source: str, start: int) -> tuple[tuple[Lexeme, ...], int, bool]:
    """Read one action; returns its tokens, where it ends and whether it trims what follows."""
    opened = _TRIM_LEFT.match(source, start)
    position = opened.end() if opened else start + 2
    lexemes: list[Lexeme] = []
    while True:
        end = _END.match(source, position)
        if end is not None:
            return tuple(lexemes), end.end(), end.group(1) is not None
        begin = position
        while position < len(source) and source[position] in SPACE:
            position += 1
        if position > begin:
            if _END.match(source, position) is None and position < len(source):
                lexemes.append(_lexeme(source, position, glued=False))
                position += len(lexemes[-1].text)
            elif position == len(source):
                raise TemplateFault(line_of(source, start), "unclosed action")
            continue
        if position == len(source):
            raise TemplateFault(line_of(source, start), "unclosed action")
        lexemes.append(_lexeme(source, position, glued=True))
        position += len(lexemes[-1].text)


def _lexeme(source: str, position: int, *, glued: bool) -> Lexeme:
    found = _TOKEN.match(source, position)
    line = line_of(source, position)
    if found is None:
        character = source[position]
        if character in "\"`'":
            raise TemplateFault(line, "unterminated quoted string")
        raise TemplateFault(line, f"unexpected {character!r} in an action")
    group, text = str(found.lastgroup), found.group()
    value: Value
    match group:
        case "string":
            value = _unquoted(text[1:-1], line)
        case "raw":
            value = text[1:-1]
        case "char":
            value = _character(text, line)
        case "number":
            value = _number(text, line)
        case _:
            return Lexeme(Token(group), text, position, glued)
    return Lexeme(Token.LITERAL, text, position, glued, value)


def _unquoted(text: str, line: int) -> str:
    def plain(found: re.Match[str]) -> str:
        simple, byte, short, long, octal, unknown = found.groups()
        if simple:
            return _PLAIN[simple]
        if unknown:
            raise TemplateFault(line, f"unknown escape \\{unknown} in a string")
        try:
            point = int(octal, 8) if octal else int(byte or short or long, 16)
        except ValueError:
            point = -1
        if not is_character(point):
            raise TemplateFault(line, f"bad escape {found.group()} in a string")
        return chr(point)

    return _ESCAPE.sub(plain, text)


def _character(text: str, line: int) -> int:
    value = _unquoted(text[1:-1], line)
    if len(value) != 1:
        raise TemplateFault(line, f"malformed character constant: {text}")
    return ord(value)


def _number(text: str, line: int) -> int | float:
    shown = text[:_SHOWN_CHARS_MAX]
    whole = "x" in text.lower() or text.lstrip("+-").isdigit()
    if whole and len(text) > _DIGITS_MAX:
        raise TemplateFault(line, f"integer overflow: {shown}")
    try:
        value = int(text, 0) if whole else float(text)
    except ValueError:
        raise TemplateFault(line, f"bad number syntax: {shown!r}") from None
    if whole and not -(2**63) <= value < 2**63:
        raise TemplateFault(line, f"integer overflow: {shown}")
    if not math.isfinite(value):
        raise TemplateFault(line, f"bad number syntax: {shown!r}")
    return value
