"""What of a C++ file is code: its tokens, without comments, strings, preprocessor lines and
statements that log."""

import re
from dataclasses import dataclass

TOKEN = re.compile(
    r"""
    (?P<comment> //[^\n]* | /\*.*?\*/ )
  | (?P<raw> R"(?P<fence>[^(\s]*)\(.*?\)(?P=fence)" )
  | (?P<string> "(?:\\.|[^"\\\n])*" )
  | (?P<character> '(?:\\.|[^'\\\n])+' )
  | (?P<line> ^[ \t]*\#(?:[^\n\\]|\\.|\\\n)* )
  | (?P<number> \d(?:[\w.]|'\d)* )
  | (?P<word> [A-Za-z_]\w* )
  | (?P<operator> <<=|>>=|<=>|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||\+=|-=|\*=|/=|::|[^\s\w] )
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
CODE = {"number", "word", "operator"}
LITERALS = {"raw", "string", "character"}
# A statement that logs or breaks off: from where it begins to its semicolon.
LOGGER = re.compile(r"\w*[lL]ogger\w*(?:\(\))?$")
LOGGING = {"Info", "Warn", "Error", "Debug", "Log"}
ASSERTIONS = {"CHECK", "DCHECK", "CHECK_EQ", "CHECK_GE", "CHECK_LE", "CHECK_GT", "CHECK_LT",
              "CHECK_NE", "static_assert"}


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


class Source:
    """A file's text and its tokens, in their order."""

    def __init__(self, text: str):
        self.text = text
        self.tokens = [Token(match.lastgroup if match.lastgroup != "fence" else "raw",
                             match[0], match.start())
                       for match in TOKEN.finditer(text)]
        # Comments and preprocessor lines stand between no two tokens.
        self.tokens = [token for token in self.tokens if token.kind not in ("comment", "line")]
        self._left_alone = self._logging() | self._assertions()

    def is_code(self, index: int) -> bool:
        """Whether the token may be changed."""
        return self.tokens[index].kind in CODE and index not in self._left_alone

    def line_of(self, offset: int) -> int:
        """From 1 on."""
        return self.text.count("\n", 0, offset) + 1

    def closing(self, index: int) -> int:
        """The token that closes the bracket which the token opens; the last one if none does."""
        pairs = {"(": ")", "[": "]", "{": "}"}
        depth = 0
        for at in range(index, len(self.tokens)):
            if self.tokens[at].kind != "operator":
                continue
            if self.tokens[at].text in pairs:
                depth += 1
            elif self.tokens[at].text in pairs.values():
                depth -= 1
                if depth == 0:
                    return at
        return len(self.tokens) - 1

    def texts(self, start: int, count: int) -> list[str]:
        return [token.text for token in self.tokens[start:start + count]]

    def _logging(self) -> set[int]:
        found: set[int] = set()
        for index, token in enumerate(self.tokens):
            if token.kind != "word" or not LOGGER.match(token.text):
                continue
            at = index + 1
            if self.texts(at, 2) == ["(", ")"]:
                at += 2
            if len(self.texts(at, 3)) == 3 and self.texts(at, 1)[0] in (".", "->") \
                    and self.tokens[at + 1].text in LOGGING and self.tokens[at + 2].text == "(":
                found.update(range(index, self.closing(at + 2) + 1))
        return found

    def _assertions(self) -> set[int]:
        found: set[int] = set()
        for index, token in enumerate(self.tokens[:-1]):
            if token.text in ASSERTIONS and self.tokens[index + 1].text == "(":
                found.update(range(index, self.closing(index + 1) + 1))
        return found
