"""What a Go template says in Jinja: text/template but for associated templates and escaping.

The translation holds no text of the template: every literal is an item of a tuple of constants and
every variable an attribute of one namespace under a name of ours, so that nothing a user writes can
become Jinja.
"""

from dataclasses import dataclass, field

from .template_expressions import Expressions, supported
from .template_lexer import Action, TemplateFault, Text, line_of, pieces

_UNSUPPORTED = ("define", "template", "block", "call", "html", "js", "urlquery")


@dataclass(frozen=True, slots=True)
class Translation:
    """Jinja text that reads *constants* as `k` and what it may ask for as `n_name` and so on."""

    jinja: str
    constants: tuple[object, ...]


def translate(source: str) -> Translation:
    """Translate *source*; `TemplateFault` says what was not understood and where."""
    translator = _Translator(source)
    return Translation(translator.whole(), tuple(translator.constants))


@dataclass(slots=True)
class _Block:
    """An open if, with or range: how it closes, and what was visible before it."""

    word: str
    closes: str
    scope: dict[str, str]
    dot: str
    otherwise: bool = False


@dataclass(slots=True)
class _Translator(Expressions):
    """Reads piece after piece; actions that open or close a block change what is visible."""

    blocks: list[_Block] = field(default_factory=list)

    def whole(self) -> str:
        parts = ["{% set ns = namespace() %}"]
        for piece in pieces(self.source):
            match piece:
                case Text(text):
                    parts.append("{{ " + self.constant(text) + " }}")
                case Action():
                    parts.append(self.action(piece))
        if self.blocks:
            raise TemplateFault(line_of(self.source, len(self.source)), "unexpected EOF")
        return "".join(parts)

    def action(self, action: Action) -> str:
        self.lexemes = list(action.lexemes)
        self.line = line_of(self.source, action.position)
        word = self.lexemes[0].text if self.lexemes else ""
        if not word:
            raise self.fault("missing value for command")
        if word in _UNSUPPORTED:
            raise self.fault(f"{word} is not supported in a query; {supported()}")
        match word:
            case "if" | "with" | "range":
                self.lexemes.pop(0)
                return self.opening(word)
            case "else":
                self.lexemes.pop(0)
                return self.alternative()
            case "end":
                return self.ending()
            case "break" | "continue":
                if not any(block.word == "range" for block in self.blocks):
                    raise self.fault("{{" + word + "}} outside {{range}}")
                return "{% " + word + " %}"
        return self.output()

    def output(self) -> str:
        declared = self.declarations(1)
        expression = self.pipeline()
        self.finished()
        if not declared:
            return "{{ show(" + expression + ") }}"
        slot = self.slot(declared[0])
        return "{% set " + slot + " = " + expression + " %}"

    def opening(self, word: str) -> str:
        before, dot = dict(self.scope), self.dot
        declared = self.declarations(2 if word == "range" else 1)
        expression = self.pipeline()
        self.finished()
        slots = [self.slot(lexeme) for lexeme in declared]
        if word == "range":
            self.blocks.append(_Block(word, "{% endfor %}", before, dot))
            return self.looping(expression, slots)
        value = slots[0] if slots else self.fresh()
        self.blocks.append(_Block(word, "{% endif %}", before, dot))
        if word == "with":
            self.dot = value
        return "{% set " + value + " = " + expression + " %}{% if " + value + " %}"

    def looping(self, expression: str, slots: list[str]) -> str:
        self.dot = self.fresh()
        lines = ["{% for key, item in pairs(" + expression + ") %}"]
        assigned = dict(zip(slots[::-1], ("item", "key"), strict=False)) | {self.dot: "item"}
        lines += ["{% set " + slot + " = " + what + " %}" for slot, what in assigned.items()]
        return "".join(lines)

    def alternative(self) -> str:
        """Translate `else`, `else if` and `else with`, which stay within the open block."""
        if not self.blocks or self.blocks[-1].otherwise:
            raise self.fault("unexpected {{else}}")
        block = self.blocks[-1]
        self.scope, self.dot = dict(block.scope), block.dot
        if not self.lexemes:
            block.otherwise = True
            return "{% else %}"
        word = self.lexemes.pop(0).text
        if word != block.word or word == "range":
            raise self.fault(f"unexpected {word} after else")
        block.otherwise = True
        nested = self.opening(word)
        self.blocks[-1] = _Block(word, "{% endif %}" + block.closes, block.scope, block.dot)
        del self.blocks[-2]
        return "{% else %}" + nested

    def ending(self) -> str:
        if not self.blocks or len(self.lexemes) > 1:
            raise self.fault("unexpected {{end}}")
        block = self.blocks.pop()
        self.scope, self.dot = block.scope, block.dot
        return block.closes
