"""The one-line changes that a file allows."""

import re
from dataclasses import dataclass
from typing import Iterator

from .source import LITERALS, Source

# With a blank on both sides, which clang-format puts around operators and not around templates.
OPPOSITES = {
    "==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">",
    "&&": "||", "||": "&&", "+": "-", "-": "+", "*": "/", "/": "*", "%": "*",
    "+=": "-=", "-=": "+=", "<<": ">>", ">>": "<<",
}
ARITHMETIC = {"+", "-", "*", "/", "%", "<<", ">>"}
WORDS = {"true": "false", "false": "true"}
NUMBER = re.compile(r"[\d']+$")
# What is no statement, or cannot be left out.
NOT_REMOVED = {"return", "using", "namespace", "case", "default", "public", "private", "protected",
               "template", "friend", "class", "struct", "enum", "static", "constexpr", "const",
               "else", "typedef", "extern", "do", "inline", "explicit", "virtual"}
# Of statements that do not begin with a word.
BEGINNINGS = {"*", "++", "--", "("}


@dataclass(frozen=True)
class Mutant:
    path: str
    line: int
    kind: str
    start: int  # in the file's text
    before: str
    after: str

    def apply(self, text: str) -> str:
        assert text[self.start:self.start + len(self.before)] == self.before
        return text[:self.start] + self.after + text[self.start + len(self.before):]

    def describe(self, text: str) -> str:
        """The line as it was and as it is."""
        changed = self.apply(text)
        old = text.splitlines()[self.line - 1].strip()
        new = changed.splitlines()[self.line - 1].strip()
        return f"{self.path}:{self.line}: {self.kind}\n    - {old}\n    + {new or '(nothing)'}"


def mutants(path: str, text: str) -> list[Mutant]:
    """All of them, in the order of the file."""
    source = Source(text)
    changes = [*_operators(source), *_constants(source), *_conditions(source),
               *_returned_errors(source)]
    if path.endswith(".cc"):
        changes += _statements(source)
    return sorted((Mutant(path, source.line_of(start), kind, start, before, after)
                   for kind, start, before, after in changes),
                  key=lambda mutant: (mutant.start, mutant.kind))


Change = tuple[str, int, str, str]


def _operators(source: Source) -> Iterator[Change]:
    for index, token in enumerate(source.tokens):
        if not source.is_code(index) or token.kind != "operator":
            continue
        around = source.text[token.start - 1:token.start] + source.text[token.end:token.end + 1]
        if token.text in OPPOSITES and around.isspace() and len(around) == 2:
            beside = source.tokens[max(0, index - 1):index + 2]
            if token.text in ARITHMETIC and any(each.kind in LITERALS for each in beside):
                continue  # text is put together
            yield "another operator", token.start, token.text, OPPOSITES[token.text]
        elif token.text in ("++", "--"):
            yield "another operator", token.start, token.text, "--" if token.text == "++" else "++"


def _constants(source: Source) -> Iterator[Change]:
    for index, token in enumerate(source.tokens):
        if not source.is_code(index):
            continue
        if token.text in WORDS:
            yield "another constant", token.start, token.text, WORDS[token.text]
        elif token.kind == "number" and NUMBER.match(token.text):
            yield "another constant", token.start, token.text, _other_number(token.text)


def _other_number(text: str) -> str:
    """A little more of a small one; none of a large one, of which a little more means nothing."""
    number = int(text.replace("'", ""))
    if number == 1 or number >= 10:
        return "0"
    return str(number + 1)


def _conditions(source: Source) -> Iterator[Change]:
    for index, token in enumerate(source.tokens[:-1]):
        if token.text not in ("if", "while") or source.tokens[index + 1].text != "(":
            continue
        last = source.closing(index + 1)
        first = index + 2
        for at in range(first, last):
            if source.tokens[at].text == ";":
                first = at + 1  # the condition comes behind what it needs
        if not all(source.is_code(at) or source.tokens[at].kind in LITERALS
                   for at in range(first, last)):
            continue
        start, end = source.tokens[first].start, source.tokens[last].start
        condition = source.text[start:end]
        if condition and "\n" not in condition:
            yield "negated condition", start, condition, f"!({condition})"


ERROR = re.compile(r"return (base::errors::\w+|\{base::Code::k(?!Ok)\w+, .*\}|Failed\(.*\)"
                   r"|base::Status\(base::Code::k(?!Ok)\w+, .*\))(?=;)")
PASSED_ON = re.compile(r"RETURN_IF_ERROR\((.*)\)(?=;)")


def _returned_errors(source: Source) -> Iterator[Change]:
    for index, token in enumerate(source.tokens):
        if not source.is_code(index) or token.text not in ("return", "RETURN_IF_ERROR"):
            continue
        rest = source.text[token.start:].partition("\n")[0]
        if match := ERROR.match(rest):
            yield "OK in place of an error", token.start, match[0], "return {}"
        elif match := PASSED_ON.match(rest):
            yield "an error dropped", token.start, match[0], f"static_cast<void>({match[1]})"


def _statements(source: Source) -> Iterator[Change]:
    """Those on one line of their own, inside of functions."""
    offset = 0
    starts = {token.start: index for index, token in enumerate(source.tokens)}
    for line in source.text.splitlines(keepends=True):
        stripped = line.strip()
        start = offset + len(line) - len(line.lstrip())
        offset += len(line)
        index = starts.get(start)
        if index is None or not source.is_code(index) or not stripped.endswith(";"):
            continue
        if not line.startswith("  ") or source.tokens[index].text in NOT_REMOVED:
            continue
        if source.tokens[index].kind != "word" and source.tokens[index].text not in BEGINNINGS:
            continue  # the end of something longer
        if index == 0 or source.tokens[index - 1].text not in (";", "{", "}"):
            continue
        if _is_declaration(source, index) or _has_what_is_left_alone(source, index):
            continue
        yield "a statement left out", start, stripped, ""


def _has_what_is_left_alone(source: Source, index: int) -> bool:
    """Within the statement. So are functions that are deleted or the compiler's own: nobody calls
    the ones, and the others are made without being named."""
    while index < len(source.tokens) and source.tokens[index].text != ";":
        if source.texts(index, 3) in (["=", "delete", ";"], ["=", "default", ";"]):
            return True
        if source.tokens[index].kind not in LITERALS and not source.is_code(index):
            return True
        index += 1
    return False


def _is_declaration(source: Source, index: int) -> bool:
    """A type and behind it a name: without it the rest does not compile, or needs no test."""
    depth = 0
    for at in range(index, len(source.tokens) - 1):
        token, following = source.tokens[at], source.tokens[at + 1]
        if token.text in ("(", "=", ";", "[") and depth == 0:
            return False
        depth += {"<": 1, ">": -1}.get(token.text, 0)
        ends_type = token.kind == "word" or token.text in (">", "*", "&")
        if depth == 0 and at >= index and ends_type and following.kind == "word" \
                and token.text not in ("if", "while", "for", "delete", "return", "goto"):
            return True
    return False
