"""What the mutator changes, and what it leaves alone."""

import unittest

from mutation.draw import draw
from mutation.mutants import Mutant, mutants


def changes(text: str, path: str = "src/a/b.cc") -> list[tuple[str, str]]:
    """Each change as the line that it touches, before and after."""
    found = []
    for mutant in mutants(path, text):
        after = mutant.apply(text)
        found.append((text.splitlines()[mutant.line - 1].strip(),
                      after.splitlines()[mutant.line - 1].strip()))
    return found


def results(text: str, path: str = "src/a/b.cc") -> list[str]:
    return [after for _, after in changes(text, path)]


class MutantsTest(unittest.TestCase):
    def test_operators_are_flipped(self):
        for before, after in (("==", "!="), ("!=", "=="), ("<", "<="), (">=", ">"), ("&&", "||"),
                              ("||", "&&"), ("+", "-"), ("-", "+"), ("+=", "-=")):
            self.assertEqual(results(f"x = (a {before} b);"), [f"x = (a {after} b);"])
        self.assertEqual(results("f(++i);"), ["f(--i);"])

    def test_templates_references_and_pointers_are_not_operators(self):
        self.assertEqual(results("std::vector<int> f(std::string&& a, int* b, c->d);"), [])

    def test_texts_that_are_put_together_are_left(self):
        self.assertEqual(results('f("a" + b + "c");'), [])

    def test_constants_are_changed(self):
        self.assertEqual(results("f(0);"), ["f(1);"])
        self.assertEqual(results("f(1);"), ["f(0);"])
        self.assertEqual(results("f(2);"), ["f(3);"])
        self.assertEqual(results("f(10'000);"), ["f(0);"])
        self.assertEqual(results("f(true);"), ["f(false);"])

    def test_conditions_are_negated(self):
        self.assertEqual(results("if (a) f();"), ["if (!(a)) f();"])
        self.assertEqual(results("while (a()) f();"), ["while (!(a())) f();"])
        self.assertEqual(results("if (auto a = f(); a.ok()) g();"),
                         ["if (auto a = f(); !(a.ok())) g();"])

    def test_errors_become_ok(self):
        self.assertEqual(results("return base::errors::kCompacted;"), ["return {};"])
        self.assertEqual(results('return {base::Code::kUnknown, "text"};'), ["return {};"])
        self.assertEqual(results('return Failed(kExitError, "text");'), ["return {};"])
        self.assertEqual(results("RETURN_IF_ERROR(f(a));"), ["static_cast<void>(f(a));"])

    def test_statements_inside_of_functions_are_left_out(self):
        text = "void F() {\n  g();\n  a.b = c;\n  ++i;\n}\n"
        self.assertEqual(results(text), ["", "", "", "--i;"])
        self.assertEqual(results(text, "src/a/b.h"), ["--i;"])

    def test_declarations_returns_and_parts_of_statements_are_not(self):
        text = ("void F() {\n  l([] {\n    return;\n  });\n  int a = b;\n  std::vector<int> c;\n  const auto d = e();\n"
                "  return f();\n  g(h,\n    i);\n  if (j)\n    k();\n}\n")
        self.assertEqual(results(text), ["if (!(j))"])

    def test_functions_that_are_deleted_or_the_compilers_own_are_not(self):
        text = "class A {\n public:\n  A(A&&) = delete;\n  ~A() = default;\n  a = deleted;\n};\n"
        self.assertEqual(changes(text), [("a = deleted;", "")])

    def test_comments_strings_and_includes_are_left(self):
        text = ('#include "a/1 + 2.h"\n#if A == 1\n#endif\n// a == b\n/* 1 +\n 2 */\n'
                'f("a == 1", \'1\', R"(true && false)");\n')
        self.assertEqual(changes(text), [])

    def test_lines_that_log_are_left(self):
        text = ('void F() {\n  logger.Info("a", {{"b", 1 + c}});\n  logger_->Warn("a",\n'
                '                {{"b", c == 1}});\n  a.logger().Log(b, "c", {{"d", 1}});\n}\n')
        self.assertEqual(changes(text), [])

    def test_assertions_are_left(self):
        self.assertEqual(changes("void F() {\n  CHECK(a == 1);\n  static_assert(b == 2);\n}\n"), [])

    def test_a_change_is_described_by_its_place_and_both_lines(self):
        text = "int a;\nf(b == c);\n"
        self.assertEqual(mutants("src/x.h", text)[0].describe(text),
                         "src/x.h:2: another operator\n    - f(b == c);\n    + f(b != c);")


class DrawTest(unittest.TestCase):
    FILES = {f"src/a/{name}.cc": "f(a == b);\ng(1);\nif (c) h();\n" for name in "stuvwxyz"}

    def test_the_same_seed_draws_the_same(self):
        self.assertEqual(draw(self.FILES, 7), draw(self.FILES, 7))
        self.assertNotEqual(draw(self.FILES, 7), draw(self.FILES, 8))

    def test_each_is_drawn_once(self):
        drawn = draw(self.FILES, 7)
        self.assertEqual(len(drawn), len(set(drawn)))
        self.assertEqual(len(drawn), 8 * 3)
        self.assertIsInstance(drawn[0], Mutant)

    def test_no_line_is_drawn_twice_in_a_row_of_sixty(self):
        places = [(mutant.path, mutant.line) for mutant in draw(self.FILES, 7)]
        self.assertEqual(len(set(places[:20])), 20)


if __name__ == "__main__":
    unittest.main()
