#!/usr/bin/python3
"""The tester's dashboard as Chromium shows it, at a desk and on a phone, in light and in dark:
rounds are there, the chart has marks, nothing is wider than the window, and the console has no errors.

SCREENSHOTS in the environment is a folder where pictures are left.
"""

import contextlib
import importlib.util
import os
import shutil
import time
import unittest
from collections.abc import Iterator
from pathlib import Path

import e2e_path  # noqa: F401
from board import Board, Round
from dashboard import Dashboard

FULL = bool(os.environ.get("E2E_FULL"))
SCREENSHOTS = os.environ.get("SCREENSHOTS")
MISSING = [name for name, is_there in [
    ("chromium", shutil.which("chromium")), ("chromium-driver", shutil.which("chromedriver")),
    ("python3-selenium", importlib.util.find_spec("selenium"))] if not is_there]
WAIT_SECONDS = 30
DESK, PHONE = (1280, 900), (390, 844)
SECONDS = 90  # of the story below
# How many lines each curve of the charts has.
LINES = "return [...document.querySelectorAll('figure > svg path.curve')].map(" \
    "path => (path.getAttribute('d').match(/L/g) || []).length)"


class Story:
    """A board as after some rounds, at a clock of its own."""

    def __init__(self) -> None:
        self._now = time.time() - SECONDS
        self.board = Board(7, 3)
        self.board.series = type(self.board.series)(1, lambda: self._now)
        for second in range(SECONDS):
            if second % 15 == 2:
                self._begin(second // 15)
            if second % 15 == 12:
                self._end(second // 15)
            for number in range(3 + second % 7):
                self.board.series.answered(0.001 * (1 + number) * (1 + second % 5))
            if second % 15 in (3, 4):
                self.board.series.failed()
            self._now += 1
        self._begin(SECONDS // 15)
        self.board.set_members([
            {"name": f"m{number}", "address": "127.0.0.1:0", "state": state, "revision": 1234567,
             "term": 12, "database_bytes": 5 << 20, "memory_bytes": 40 << 20}
            for number, state in enumerate(["leads", "follows", "does not answer"])])
        self.board.set_counts({"counts under the lock": 4321, "leases granted": 99,
                               "leases that ran out": 88})

    def _begin(self, number: int) -> None:
        failure = ["kill the leader", "a slow network", "replace a member"][number % 3]
        self.board.begin(Round(number + 1, 7 + number, failure, "the failure acts", self._now,
                               replay=f"scripts/testing-cluster --rounds 1 --seed {7 + number}"))

    def _end(self, number: int) -> None:
        current = self.board.current
        current.progress_seconds, current.revision = 0.5 + number, 1000 * number
        current.hashes = {f"m{member}": "0badcafe" for member in range(3)}
        ended = self.board.end(["members differ: m0 has 00000001 at 5, compacted at 3"]
                               if number == 3 else [])
        ended.seconds = 10


@unittest.skipUnless(FULL, "only with --full")
@unittest.skipIf(MISSING, f"there is no {', '.join(MISSING)}")
class DashboardPageTest(unittest.TestCase):
    @contextlib.contextmanager
    def browser(self, size: tuple[int, int], dark: bool) -> Iterator:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            driver.set_page_load_timeout(WAIT_SECONDS)
            driver.set_script_timeout(WAIT_SECONDS)
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
                {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
            self.set_size(driver, *size)
            yield driver
        finally:
            driver.quit()

    def set_size(self, page, width: int, height: int) -> None:
        page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width == PHONE[0]})

    def wait_for(self, what: str, happens) -> None:
        end = time.monotonic() + WAIT_SECONDS
        while not happens():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.1)

    def look(self, name: str, size: tuple[int, int], dark: bool) -> None:
        story = Story()
        with Dashboard(story.board, "127.0.0.1", 0) as dashboard, self.browser(size, dark) as page:
            page.get(dashboard.url)
            rows = "return document.querySelectorAll('#rounds tr').length"
            self.wait_for("rounds are shown", lambda: page.execute_script(rows) == 6)
            if SCREENSHOTS:
                self._picture(page, size, name)
            text = page.find_element("tag name", "body").text
            for wanted in ("running, with failures", "Round 7, seed 13", "kill the leader",
                           "members differ: m0 has 00000001", "scripts/testing-cluster --rounds 1",
                           "4,321", "0badcafe"):
                self.assertIn(wanted, text)
            lines = page.execute_script(LINES)
            self.assertEqual(len(lines), 4)
            for count in lines:
                self.assertGreater(count, SECONDS // 2)
            self.assertEqual(page.execute_script(
                "return document.querySelectorAll('rect.band.fails[x]').length"), 2)
            wide, window = page.execute_script("const page = document.documentElement;"
                                               "return [page.scrollWidth, innerWidth]")
            self.assertEqual(window, size[0])
            self.assertLessEqual(wide, window)
            self.assertEqual(page.execute_script(
                "return document.querySelectorAll('#points tr').length"), 60)
            self.assertEqual([line["message"] for line in page.get_log("browser")], [])

    def _picture(self, page, size: tuple[int, int], name: str) -> None:
        """Of all of it."""
        self.set_size(page, size[0],
                      page.execute_script("return document.documentElement.scrollHeight"))
        page.save_screenshot(str(Path(SCREENSHOTS) / f"{name}.png"))
        self.set_size(page, *size)

    def test_at_a_desk(self) -> None:
        self.look("desk", DESK, dark=False)

    def test_at_a_desk_in_the_dark(self) -> None:
        self.look("desk-dark", DESK, dark=True)

    def test_on_a_phone(self) -> None:
        self.look("phone", PHONE, dark=False)

    def test_on_a_phone_in_the_dark(self) -> None:
        self.look("phone-dark", PHONE, dark=True)

    def test_that_the_tester_is_gone_is_said(self) -> None:
        with contextlib.ExitStack() as served, self.browser(DESK, False) as page:
            dashboard = served.enter_context(Dashboard(Story().board, "127.0.0.1", 0))
            page.get(dashboard.url)
            said = "return document.getElementById('silent').textContent"
            self.wait_for("data are shown", lambda: page.execute_script("return shown !== null"))
            self.assertEqual(page.execute_script(said), "")
            served.close()
            self.wait_for("it says so", lambda: "does not answer" in page.execute_script(said))


if __name__ == "__main__":
    unittest.main()
