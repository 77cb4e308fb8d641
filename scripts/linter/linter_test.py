"""The linter finds what it is for, and nothing else."""

import unittest

from linter import headers, layers, links, ratchet, sizes, test_suites, words
from linter.tree import Tree

LAYERS = "0 base:\n1 runtime: base\n1 raft: base\n3 storage/wal: base runtime\n"


def tree(**files: str) -> Tree:
    texts = {name.replace("__", "/").replace("_cc", ".cc").replace("_h", ".h"): text
             for name, text in files.items()}
    return Tree(files={"src/layers.txt": LAYERS,
                       "src/runtime/a.cc": '#include "base/a.h"\n',
                       "src/raft/a.cc": '#include "base/a.h"\n',
                       "src/storage/wal/a.cc": '#include "base/a.h"\n#include "runtime/a.h"\n',
                       **texts})


class LayersTest(unittest.TestCase):
    def test_accepts_the_listed_edges(self):
        self.assertEqual(layers.check(tree()), [])

    def test_refuses_an_unlisted_edge(self):
        found = layers.check(tree(src__raft__b_cc='#include "runtime/a.h"\n'))
        self.assertEqual(found, ["src/raft/b.cc: raft may not include runtime"])

    def test_refuses_an_upward_edge_and_a_cycle(self):
        for edges in ("0 base: runtime\n1 runtime: base\n", "1 a: b\n1 b: a\n"):
            self.assertIn("points to no earlier line", layers.Graph(edges).findings[0])

    def test_refuses_layers_out_of_order_and_twice(self):
        found = layers.Graph("1 runtime:\n0 base:\n1 runtime:\nnonsense\n").findings
        self.assertEqual(len(found), 3)

    def test_tests_may_look_at_earlier_modules_and_runtimes(self):
        graph_allows = tree(src__storage__wal__a_test_cc='#include "raft/a.h"\n')
        self.assertEqual(layers.check(graph_allows), [])
        upward = tree(src__raft__a_test_cc='#include "storage/wal/a.h"\n')
        self.assertEqual(len(layers.check(upward)), 1)

    def test_refuses_an_unused_edge_a_stray_folder_and_a_relative_include(self):
        found = layers.check(tree(**{"src__raft__a_cc": "", "src__other__a_cc": "",
                                     "src__runtime__b_cc": '#include "b.h"\n'}))
        self.assertEqual(found, ["src/other/a.cc: its folder is no module of src/layers.txt",
                                 'src/runtime/b.cc: "b.h" is not a path from src/',
                                 "src/layers.txt: raft -> base is not used"])

    def test_installed_headers_belong_to_the_client(self):
        listed = LAYERS + "9 client:\n"
        files = {"src/layers.txt": listed, "src/raft/a.cc": "#include <etcd/kv.h>\n"}
        found = layers.check(Tree(files=files))
        self.assertIn("src/raft/a.cc: raft may not include client", found)


class WordsTest(unittest.TestCase):
    RULES = "sleep\\( | src/ !src/runtime/ | a timer\nTODO | * | finish it\n"

    def found(self, **files: str) -> list[str]:
        checked = tree(**files)
        checked._texts["scripts/linter/words.txt"] = self.RULES
        return words.check(checked)

    def test_names_the_line_and_the_replacement(self):
        self.assertEqual(self.found(src__raft__b_cc="\nsleep(1);\n"),
                         ["src/raft/b.cc:2: 'sleep\\(': a timer"])

    def test_exempts_and_covers_by_prefix(self):
        self.assertEqual(self.found(src__runtime__b_cc="sleep(1);\n"), [])
        self.assertEqual(len(self.found(docs__x_h="TODO\n")), 1)

    def test_exempts_tests_where_a_rule_says_so(self):
        rule = words.rules("fstream | src/ !tests | a disk")[0]
        self.assertTrue(rule.concerns("src/raft/b.cc"))
        self.assertFalse(rule.concerns("src/raft/b_test.cc"))
        self.assertFalse(rule.concerns("src/raft/testing/b.cc"))

    def test_the_projects_own_rules_can_be_read(self):
        from pathlib import Path
        text = (Path(__file__).parent / "words.txt").read_text()
        self.assertGreater(len(words.rules(text)), 10)


class SizesTest(unittest.TestCase):
    def test_measures_functions_of_every_shape(self):
        text = ("namespace a {\n"
                "int Short(int x) {\n  return x;\n}\n"
                "void Class::Long(\n    int first,\n    std::map<int, int> second) const {\n"
                + "  work();\n" * 80 + "}\n"
                "class C {\n"
                + "  void f();\n" * 90 + "};\n"
                "}  // namespace a\n")
        measured = {name: (length, sizes.count_parameters(parameters))
                    for name, _, length, parameters in sizes.functions(text)}
        self.assertEqual(measured, {"Short": (3, 1), "Class::Long": (84, 2)})

    def test_a_constructor_ends_with_its_own_body(self):
        text = ("A::A(int a,\n     int b)\n    : A(a) {\n  x;\n}\n\n" + "void F() {\n" + "  x;\n" * 80
                + "  if (y) {\n    x;\n    }\n}\n")
        measured = [(name, length) for name, _, length, _ in sizes.functions(text)]
        self.assertEqual(measured, [("A::A", 5), ("F", 85)])

    def test_finds_what_is_too_long(self):
        many = "void F(int a, int b, int c, int d, int e, int f, int g) {\n" + "  x;\n" * 70 + "}\n"
        found = sizes.check(tree(src__raft__b_h="// " + "x" * 98 + "\n" * 400 + many))
        self.assertEqual(len(found), 4)


class HeadersTest(unittest.TestCase):
    def test_keeps_libraries_out_of_headers(self):
        found = headers.check(tree(src__raft__b_h="#include <lmdb.h>\n#include <regex>\n"))
        self.assertEqual(found, ["src/raft/b.h: has no #pragma once",
                                 "src/raft/b.h: lmdb.h stays inside .cc files",
                                 "src/raft/b.h: <regex> costs every includer"])


class LinksTest(unittest.TestCase):
    def test_finds_links_to_files_and_headings_that_are_not_there(self):
        page = ("# A `b`: c-d!\n[a](b.md) [b](../README.md#x-y) [c](#a-b-c-d) [d](https://e.f/)\n"
                "[e](none.md) [f](b.md#none) `[g](none.md)`\n```\n# none\n[](h)\n```\n")
        files = {"docs/a.md": page, "docs/b.md": "", "README.md": "## X *y*\n"}
        self.assertEqual(links.check(Tree(files=files)),
                         ["docs/a.md: none.md leads nowhere",
                          "docs/a.md: b.md#none: there is no such heading"])


class TestSuitesTest(unittest.TestCase):
    def test_a_suite_has_one_fixture(self):
        one = "TEST(One, A) {\n}\n"
        fixture = "class One : public ::testing::Test {\n};\nTEST_F(One, B) {\n}\n"
        self.assertEqual(test_suites.check(tree(src__raft__a_test_cc=one,
                                                src__raft__b_test_cc=one)), [])
        self.assertEqual(test_suites.check(tree(src__raft__a_test_cc=fixture,
                                                src__raft__b_test_cc="TEST_F(Two, A) {\n}\n")), [])
        for other in (one, fixture):
            self.assertEqual(
                test_suites.check(tree(src__raft__a_test_cc=fixture, src__raft__b_test_cc=other)),
                ["src/raft/b_test.cc: suite One has another fixture in src/raft/a_test.cc"])


class RatchetTest(unittest.TestCase):
    def test_allows_what_is_listed_and_reports_idle_lines(self):
        left = ratchet.apply(["a.cc: long", "b.cc: long"], "# why\na.cc: long\nc.cc: long\n")
        self.assertEqual(left, ["b.cc: long", "scripts/linter/ratchet.txt: 'c.cc: long' allows "
                                "nothing any more"])


if __name__ == "__main__":
    unittest.main()
