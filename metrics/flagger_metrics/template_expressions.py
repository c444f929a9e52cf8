"""What the pipelines of a Go template say as Jinja expressions."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from .gotext import quoted
from .template_functions import FUNCTIONS
from .template_lexer import Lexeme, TemplateFault, Token, column_of, line_of

NAMES = ("name", "namespace", "target", "service", "ingress", "route", "interval", "variables")
"""What a query template may ask for; `variables` is a map, the others are strings."""

OPERATORS = ("and", "or", "not")
DEPTH_MAX = 50
_CONSTANTS = {"true": "true", "false": "false", "nil": "none"}


@dataclass(slots=True)
class Expressions:
    """The state of one translation, and the reading of the tokens of one action after another.

    *scope* says where each variable that is visible lives, *dot* where the present dot does.
    """

    source: str
    constants: list[object] = field(default_factory=list)
    scope: dict[str, str] = field(default_factory=lambda: {"$": "none"})
    dot: str = "none"
    names: int = 0
    depth: int = 0
    lexemes: list[Lexeme] = field(default_factory=list)
    line: int = 1

    def declarations(self, most: int) -> list[Lexeme]:
        """Take `$x :=`, `$k, $v :=` or `$x =` off the front of the pipeline."""
        kinds = [lexeme.kind for lexeme in self.lexemes[:4]]
        for count, shape in ((1, [Token.VARIABLE]), (2, [Token.VARIABLE, Token.COMMA] * 2)):
            mark = 2 * count - 1
            if kinds[:mark] != shape[:mark] or len(kinds) <= mark:
                continue
            if kinds[mark] not in (Token.DECLARE, Token.ASSIGN):
                continue
            if count > most:
                raise self.fault("too many declarations in command")
            taken, self.lexemes = self.lexemes[:mark:2], self.lexemes[mark + 1 :]
            for lexeme in taken:
                if kinds[mark] is Token.ASSIGN and lexeme.text not in self.scope:
                    raise self.fault(f'undefined variable "{lexeme.text}"')
            if kinds[mark] is Token.DECLARE:
                return taken
            return [Lexeme(Token.WORD, lexeme.text, 0, glued=False) for lexeme in taken]
        return []

    def slot(self, lexeme: Lexeme) -> str:
        """Return where a declared variable (a new name) or an assigned one (the old) lives."""
        if lexeme.kind is Token.VARIABLE:
            self.scope[lexeme.text] = self.fresh()
        return self.scope[lexeme.text]

    def pipeline(self) -> str:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise self.fault(f"parentheses deeper than {DEPTH_MAX}")
        expression = self.command(None)
        while self.next_is(Token.PIPE):
            self.lexemes.pop(0)
            expression = self.command(expression)
        self.depth -= 1
        return expression

    def command(self, last: str | None) -> str:
        """Translate one command; *last* is the value that the pipe hands over."""
        started = self.lexemes[0] if self.lexemes else None
        if started is None or started.kind in (Token.PIPE, Token.CLOSE):
            raise self.fault("missing value for command")
        if started.kind is Token.WORD and started.text not in (*NAMES, *_CONSTANTS):
            self.lexemes.pop(0)
            arguments = [*self.operands(), *([last] if last else [])]
            return self.call(started, arguments)
        value = self.operand()
        if started.text == "nil":
            raise self.fault("nil is not a command")
        rest = [*self.operands(), *([last] if last else [])]
        if rest and started.text in NAMES:
            where = self.place(started, started.text)
            message = f"wrong number of args for {started.text}: want 0 got {len(rest)}"
            return f"fail({where}, {self.constant(message)})"
        if rest:
            raise self.fault(f"can't give argument to non-function {started.text}")
        return value

    def call(self, function: Lexeme, arguments: list[str]) -> str:
        name = function.text
        if name in OPERATORS:
            if not arguments or (name == "not" and len(arguments) > 1):
                raise self.fault(f"wrong number of args for {name}")
            joint = f" {name} ".join(arguments)
            return f"(not {joint})" if name == "not" else f"({joint})"
        if name not in FUNCTIONS:
            raise self.fault(f"function {quoted(name)} not defined; {supported()}")
        return f"call({', '.join([self.place(function, name), self.constant(name), *arguments])})"

    def operands(self) -> Iterator[str]:
        while self.lexemes and self.lexemes[0].kind not in (Token.PIPE, Token.CLOSE):
            yield self.operand()

    def operand(self) -> str:
        """Translate a term with the fields that are glued to it."""
        lexeme = self.lexemes.pop(0)
        value, shown = self.term(lexeme), lexeme.text
        if lexeme.kind is Token.FIELD:
            value = f"field({self.dot}, {self.constant(lexeme.text[1:])}, {self.place(lexeme)})"
        while self.next_is(Token.FIELD) and self.lexemes[0].glued:
            found = self.lexemes.pop(0)
            if lexeme.kind in (Token.FIELD, Token.VARIABLE):
                shown += found.text
            where = self.place(lexeme, shown)
            value = f"field({value}, {self.constant(found.text[1:])}, {where})"
        return value

    def term(self, lexeme: Lexeme) -> str:
        match lexeme.kind:
            case Token.LITERAL:
                return self.constant(lexeme.value)
            case Token.DOT | Token.FIELD:
                return self.dot
            case Token.VARIABLE:
                if lexeme.text not in self.scope:
                    raise self.fault(f'undefined variable "{lexeme.text}"')
                return self.scope[lexeme.text]
            case Token.OPEN:
                value = self.pipeline()
                if not self.next_is(Token.CLOSE):
                    raise self.fault("unclosed left paren")
                self.lexemes.pop(0)
                return value
            case Token.WORD if lexeme.text in NAMES:
                return f"n_{lexeme.text}"  # Jinja has a `namespace` of its own.
            case Token.WORD if lexeme.text in _CONSTANTS:
                return _CONSTANTS[lexeme.text]
            case Token.WORD:
                return self.call(lexeme, [])
        raise self.fault(f"unexpected {quoted(lexeme.text)} in operand")

    def finished(self) -> None:
        if self.lexemes:
            raise self.fault(f"unexpected {quoted(self.lexemes[0].text)} in command")

    def next_is(self, kind: Token) -> bool:
        return bool(self.lexemes) and self.lexemes[0].kind is kind

    def fresh(self) -> str:
        self.names += 1
        return f"ns.v{self.names}"

    def constant(self, value: object) -> str:
        self.constants.append(value)
        return f"k[{len(self.constants) - 1}]"

    def place(self, lexeme: Lexeme, shown: str | None = None) -> str:
        """Keep where an error would be, in the words of Go's messages."""
        line, column = (
            line_of(self.source, lexeme.position),
            column_of(self.source, lexeme.position),
        )
        return self.constant(
            f'template: tmpl:{line}:{column}: executing "tmpl" at <{shown or lexeme.text}>'
        )

    def fault(self, message: str) -> TemplateFault:
        return TemplateFault(self.line, message)


def supported() -> str:
    """Say what a query template may use."""
    words = ", ".join((*NAMES, *OPERATORS, *FUNCTIONS))
    return f"known are {words} and if, else, with, range, break, continue, end"
