#!/usr/bin/python3
"""What the dashboard has to show: figures, in no more memory for days than for minutes."""

import json
import unittest
import urllib.error
import urllib.request

from board import COMPLAINTS_KEPT, ROUNDS_KEPT, Board, Round
from dashboard import Dashboard
from series import POINTS_MAX, Series

FIELDS = {"seed", "members", "began", "now", "ended", "passed", "failed", "current", "rounds",
          "failures", "load", "cluster", "counts"}


class SeriesTest(unittest.TestCase):
    def setUp(self) -> None:
        self.now = 1000.0
        self.series = Series(now=lambda: self.now)

    def test_figures_of_a_second(self) -> None:
        for milliseconds in range(1, 101):
            self.series.answered(milliseconds / 1000)
        self.series.failed()
        self.assertEqual(self.series.points(), [])  # it is not over
        self.now += 2
        first, second = self.series.points()
        self.assertEqual((first["at"], first["answered_per_second"], first["failed_per_second"]),
                         (1000, 100, 1))
        self.assertTrue(50 <= first["p50_ms"] <= 55, first)
        self.assertTrue(99 <= first["p99_ms"] <= 109, first)
        self.assertEqual((second["answered_per_second"], second["p50_ms"]), (0, None))

    def test_a_day_has_as_many_points_as_minutes_have(self) -> None:
        seconds = 86_400
        for _ in range(seconds):
            self.series.answered(0.01)
            self.now += 1
        points = self.series.points()
        self.assertTrue(POINTS_MAX / 2 <= len(points) <= POINTS_MAX, len(points))
        self.assertEqual(points[0]["at"], 1000)
        self.assertEqual(points[-1]["answered_per_second"], 1)
        told = sum(point["answered_per_second"] for point in points) * self.series.seconds
        self.assertTrue(seconds - self.series.seconds <= told <= seconds, told)


class BoardTest(unittest.TestCase):
    def setUp(self) -> None:
        self.board = Board(7, 3)

    def end(self, number: int, failure: str, wrong: list[str], progress: float | None) -> None:
        self.board.begin(Round(number, number, failure))
        self.board.current.progress_seconds = progress
        self.board.end(wrong)

    def test_rounds_and_kinds(self) -> None:
        self.end(1, "kill all", [], 2.0)
        self.end(2, "kill all", ["members differ"], None)
        self.end(3, "nothing", [], 0.5)
        self.board.begin(Round(4, 4, "nothing"))
        self.board.phase("the failure acts")
        data = self.board.data()
        self.assertEqual(set(data), FIELDS)
        self.assertEqual((data["passed"], data["failed"]), (2, 1))
        self.assertEqual(data["current"]["phase"], "the failure acts")
        self.assertEqual([one["passed"] for one in data["rounds"]], [True, False, True])
        self.assertEqual(data["rounds"][1]["wrong"], ["members differ"])
        self.assertEqual(data["failures"][0], {
            "failure": "kill all", "passed": 1, "failed": 1, "progress_seconds_median": 2.0,
            "progress_seconds_longest": 2.0})

    def test_what_is_kept_is_bounded(self) -> None:
        for number in range(3 * ROUNDS_KEPT):
            self.end(number, "kill all", ["x" * 10_000] * 1000, 1.0)
        data = self.board.data()
        self.assertEqual(len(data["rounds"]), ROUNDS_KEPT)
        self.assertEqual(len(data["rounds"][0]["wrong"]), COMPLAINTS_KEPT)
        self.assertEqual(data["failed"], 3 * ROUNDS_KEPT)
        self.assertLess(len(json.dumps(data["rounds"][0])), 20_000)

    def test_it_is_served(self) -> None:
        with Dashboard(self.board, "127.0.0.1", 0) as dashboard:
            with urllib.request.urlopen(dashboard.url + "data", timeout=10) as answer:
                self.assertEqual(answer.headers["Content-Type"], "application/json")
                self.assertEqual(set(json.load(answer)), FIELDS)
            with urllib.request.urlopen(dashboard.url, timeout=10) as answer:
                self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
                page = answer.read().decode()
            for name in ("other", "../board.py", "data/"):
                with self.assertRaisesRegex(urllib.error.HTTPError, "404"):
                    urllib.request.urlopen(dashboard.url + name, timeout=10)
        self.assertNotRegex(page, r"(src|href)=\"(?!data)|url\(|@import|innerHTML")


if __name__ == "__main__":
    unittest.main()
