"""What scripts/sim takes for an order, before anything is built."""

import contextlib
import io
import unittest
from pathlib import Path
from unittest import mock

from suites import sim_command
from suites.sim_command import Order, parse


class SimCommandTest(unittest.TestCase):
    def test_orders(self) -> None:
        for words, order in {
                "": Order("smoke"),
                "seed 42": Order("seed", [42]),
                "seeds 1000 50": Order("seeds", [1000, 50]),
                "long": Order("long"),
                "long 1000 50": Order("long", [1000, 50]),
                "mutants": Order("mutants"),
                "mutants 10 3": Order("mutants", [10, 3]),
                "plan 7": Order("plan", [7]),
                "scenario a.scenario": Order("scenario", [], "a.scenario"),
                "scenario - 7": Order("scenario", [7], "-"),
                "scenario - 7 --plant 3": Order("scenario", [7], "-", "3"),
        }.items():
            self.assertEqual(parse(words.split()), order, words)

    def test_what_is_no_order(self) -> None:
        for words in ("see 42", "seed", "seed x", "seed 1 2", "seeds 1", "long 1", "plan", "scenario",
                      "scenario f x", "scenario f 1 2", "scenario f --plant", "scenario f --plant x",
                      "smoke 1", "seed 42 --plant 3"):
            self.assertIsNone(parse(words.split()), words)

    def test_the_program_that_is_needed(self) -> None:
        for words in ("mutants", "shrink 1 2", "scenario - --plant 3"):
            self.assertEqual(parse(words.split()).program, "etcd-sim-planted", words)
        for words in ("smoke", "shrink 1", "scenario - 3", "plan 3"):
            self.assertEqual(parse(words.split()).program, "etcd-sim", words)

    def test_nothing_is_built_for_what_is_no_order(self) -> None:
        for words, status in ((["sed", "42"], 2), (["--help"], 0)):
            with mock.patch.object(sim_command, "build") as build, \
                 mock.patch("sys.argv", ["sim", str(Path("/nowhere")), *words]), \
                 contextlib.redirect_stdout(io.StringIO()), \
                 contextlib.redirect_stderr(io.StringIO()):
                self.assertEqual(sim_command.main(), status)
            build.assert_not_called()


if __name__ == "__main__":
    unittest.main()
