"""How plans that fail are made smaller."""

import unittest

from suites.sim_shrink import Case, Settings, milliseconds, parse, shrink, text

SCENARIO = """cluster members=5 turmoil=20s
messages loss=20 partition=500ms
faults kill=1.5s power=2s
work write=30ms batch=7
clients count=3
"""


class ShrinkTest(unittest.TestCase):
    def test_a_scenario_is_its_settings(self) -> None:
        settings = parse("# a comment\n\n" + SCENARIO)
        self.assertEqual(settings["faults kill"], "1.5s")
        self.assertEqual(len(settings), 9)
        self.assertEqual(parse(text(settings)), settings)
        self.assertEqual(text(settings), SCENARIO)

    def test_only_what_is_needed_is_left(self) -> None:
        def fails(settings: Settings, seed: int) -> int | None:
            return seed if {"faults kill", "messages loss"} <= set(settings) else None

        case = shrink(Case(parse(SCENARIO), 42), fails)
        self.assertEqual(case.seed, 42)
        self.assertEqual(set(case.settings) - {"cluster turmoil"}, {"faults kill", "messages loss"})

    def test_runs_and_clusters_become_small(self) -> None:
        def fails(settings: Settings, seed: int) -> int | None:
            long_enough = milliseconds(settings.get("cluster turmoil", "20s")) >= 1000
            return seed if long_enough and settings.get("cluster members", "3") != "4" else None

        case = shrink(Case(parse(SCENARIO), 1), fails)
        self.assertEqual(case.settings, {"cluster turmoil": "1250ms"})

    def test_another_seed_may_show_it(self) -> None:
        def fails(settings: Settings, seed: int) -> int | None:
            return seed if "faults power" in settings else 3 if len(settings) >= 4 else None

        self.assertIn(shrink(Case(parse(SCENARIO), 9), fails).seed, (3, 9))

    def test_what_cannot_be_made_smaller_stays(self) -> None:
        whole = parse(SCENARIO)
        case = shrink(Case(whole, 1), lambda settings, seed: seed if settings == whole else None)
        self.assertEqual(case, Case(whole, 1))

    def test_ends_in_time(self) -> None:
        asked: list[Settings] = []

        def fails(settings: Settings, seed: int) -> int | None:
            asked.append(settings)
            return seed

        whole = Case(parse(SCENARIO), 1)
        self.assertEqual(shrink(whole, fails, seconds=-1), whole)
        self.assertEqual(asked, [])

    def test_durations_as_go_writes_them(self) -> None:
        for value, expected in (("20s", 20_000), ("1.5s", 1500), ("250ms", 250), ("1m30s", 90_000)):
            self.assertEqual(milliseconds(value), expected)


if __name__ == "__main__":
    unittest.main()
