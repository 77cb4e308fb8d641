#!/usr/bin/python3
"""The program etcd-discovery before Debian's etcd, which serves API v2, as browsers, operators and
members ask it.

ETCD and DISCOVERY_SERVICE in the environment are the programs.
"""

import os
import re
import shutil
import signal
import subprocess
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from authority import Authority
from cluster import Cluster, wait_until_ready
from member import Member, free_ports, scratch_folder

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
DISCOVERY = os.environ.get("DISCOVERY_SERVICE", str(BINARIES / "etcd-discovery"))
DEBIANS = "/usr/bin/etcd"
WAIT_SECONDS = 20
REGISTRY = "/v2/keys/_etcd/registry/"


def fields(answer) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def ask(url: str, method: str = "GET", form: str | None = None) -> tuple[int, str, dict]:
    request = urllib.request.Request(url, form.encode() if form is not None else None,
                                     method=method)
    try:
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
            return answer.status, answer.read().decode(), fields(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), fields(error)


@unittest.skipUnless(shutil.which("etcd", path="/usr/bin"), "there is no /usr/bin/etcd")
class DiscoveryServiceTest(unittest.TestCase):
    def setUp(self) -> None:
        self.store = self.enterContext(Member(DEBIANS, "--enable-v2", name="store"))

    def serve(self, *flags: str, scheme: str = "http") -> str:
        port, nobody = free_ports(2)
        self.url = f"{scheme}://127.0.0.1:{port}"
        self.folder = Path(scratch_folder())
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.log = self.folder / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [DISCOVERY, "--addr", f"127.0.0.1:{port}", "--host", self.url + "/",
                 "--etcd", f"http://127.0.0.1:{nobody},{self.store.url}", *flags],
                stdout=log, stderr=subprocess.STDOUT)
        self.addCleanup(self.end)
        end = time.monotonic() + WAIT_SECONDS
        while "serving discovery" not in self.log.read_text():
            self.assertIsNone(self.process.poll(), self.log.read_text())
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)
        return self.url

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(timeout=WAIT_SECONDS), 0, self.log.read_text())

    def new_token(self, url: str, size: str) -> str:
        # The first endpoint is not there; what may have arrived is not asked twice.
        for _ in range(3):
            status, text, _ = ask(f"{url}/new?size={size}")
            if status == 200:
                self.assertRegex(text, rf"^{re.escape(url)}/[0-9a-f]{{32}}$")
                return text
        raise AssertionError(text)

    def test_members_find_each_other(self) -> None:
        token = self.new_token(self.serve(), "3")
        cluster = Cluster(ETCD, ETCD, ETCD)
        for member in cluster:
            member.discovery = ["--discovery", token]
        with cluster:
            for member in cluster:
                wait_until_ready(member)
        status, page, headers = ask(token.replace(self.url, self.url + "/status"))
        self.assertEqual((status, headers["content-type"]), (200, "text/html; charset=utf-8"))
        self.assertIn("3 of 3 members have registered", page)
        for member in cluster:
            self.assertIn(f"{member.name}={member.peer_url}", page)

    def test_a_token_is_a_directory_that_expires(self) -> None:
        token = self.new_token(self.serve("--token-ttl", "2h"), "5")
        self.assertEqual(ask(token + "/_config/size")[1],
                         ask(self.store.url + REGISTRY + token[-32:] + "/_config/size")[1])
        status, body, headers = ask(token)
        self.assertEqual(status, 200)
        self.assertIn('"ttl":7', body)
        self.assertIn("x-etcd-index", headers)
        self.assertEqual(ask(token + "/cafe?prevExist=false", "PUT", "value=m=http://h:1")[0], 201)
        self.assertEqual(ask(token + "/cafe?prevExist=false", "PUT", "value=m=http://h:1")[0], 412)
        self.assertEqual(ask(token + "/cafe", "DELETE")[0], 200)

    def test_who_waits_is_told(self) -> None:
        token = self.new_token(self.serve(), "2")
        index = int(ask(token)[2]["x-etcd-index"]) + 1
        waiting = subprocess.Popen(
            ["curl", "-s", f"{token}?wait=true&recursive=true&waitIndex={index}"],
            stdout=subprocess.PIPE, text=True)
        ask(token + "/cafe", "PUT", "value=m=http://h:1")
        self.assertIn('"value":"m=http://h:1"', waiting.communicate(timeout=WAIT_SECONDS)[0])

    def test_one_address_leaves_places_to_others(self) -> None:
        token = self.new_token(self.serve("--requests-per-minute", "0"), "2")
        index = int(ask(token)[2]["x-etcd-index"]) + 1
        waiting = [subprocess.Popen(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
                                     f"{token}?wait=true&recursive=true&waitIndex={index}"],
                                    stdout=subprocess.PIPE, text=True) for _ in range(51)]
        for process in waiting:
            self.addCleanup(process.wait)
            self.addCleanup(process.stdout.close)
            self.addCleanup(process.kill)
        end = time.monotonic() + WAIT_SECONDS
        while all(process.poll() is None for process in waiting):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)
        self.assertEqual(ask(token + "?wait=true&waitIndex=1&recursive=true")[0], 429)
        # What they waited for makes room.
        ask(token + "/cafe", "PUT", "value=m=http://h:1")
        answers = [process.communicate(timeout=WAIT_SECONDS)[0] for process in waiting]
        self.assertEqual(sorted(answers), ["200"] * 50 + ["429"])
        self.assertNotEqual(ask(token + "?wait=true&waitIndex=1&recursive=true")[0], 429)

    def test_nothing_else_of_the_store_can_be_reached(self) -> None:
        url = self.serve()
        token = self.new_token(url, "1")
        for path in ("/v2/keys/", "/" + "0" * 31, token[len(url):] + "/..",
                     token[len(url):] + "/%2e%2e/x", token[len(url):] + "/a/b", "/status/x"):
            self.assertEqual(ask(url + path)[0], 404, path)
        self.assertEqual(ask(token + "/_config/size", "PUT", "value=9")[0], 405)
        self.assertEqual(ask(token, "DELETE")[0], 405)
        # It would never expire.
        self.assertEqual(ask(token + "?dir=true&prevExist=true", "PUT")[0], 405)
        self.assertEqual(ask(f"{url}/{'0' * 32}")[0], 404)
        self.assertEqual(ask(f"{url}/status/{'0' * 32}")[0], 404)
        self.assertEqual(ask(token + "/cafe", "PUT", "value=" + "x" * 100_000)[0], 413)

    def test_a_token_takes_few_more_members_than_its_size(self) -> None:
        token = self.new_token(self.serve("--requests-per-minute", "0"), "1")
        answers = [ask(f"{token}/m{number}", "PUT", "value=m=http://h:1")[0]
                   for number in range(19)]
        self.assertEqual(answers, [201] * 17 + [403] * 2)
        self.assertEqual(ask(token + "/m3", "PUT", "value=n=http://h:2")[0], 200)
        self.assertEqual(ask(token + "/m3", "DELETE")[0], 200)
        self.assertEqual(ask(token + "/m18", "PUT", "value=m=http://h:1")[0], 201)

    def test_what_cannot_be_a_size_is_refused(self) -> None:
        url = self.serve()
        self.assertEqual(ask(url + "/new?size=x")[:2],
                         (400, 'strconv.Atoi: parsing "x": invalid syntax\n'))
        for size in ("0", "-1", "1001"):
            self.assertEqual(ask(f"{url}/new?size={size}")[:2],
                             (400, "size must be between 1 and 1000\n"))

    def test_one_address_gets_so_many_tokens_a_minute(self) -> None:
        url = self.serve("--new-tokens-per-minute", "3", "--requests-per-minute", "2")
        answers = [ask(url + "/new?size=x") for _ in range(4)]
        self.assertEqual([status for status, _, _ in answers], [400, 400, 400, 429])
        self.assertGreater(int(answers[3][2]["retry-after"]), 0)
        self.assertEqual([ask(f"{url}/{'0' * 32}")[0] for _ in range(3)][2], 429)

    def test_what_it_does_is_counted(self) -> None:
        url = self.serve()
        self.new_token(url, "1")
        for _ in range(2):
            health = ask(url + "/health")
        self.assertEqual(health[:2], (200, "OK"))
        metrics = ask(url + "/metrics")[1]
        self.assertIn('endpoint_new_requests_total{code="200",method="get"} 1\n', metrics)
        self.assertRegex(metrics, r'endpoint_health_requests_total\{code="200",method="get"\} \d')
        self.assertEqual(ask(url + "/robots.txt")[1], "User-agent: *\nDisallow: /")

    def test_a_store_that_is_away_is_told_without_its_name(self) -> None:
        url = self.serve()
        self.store.kill()
        self.assertEqual(ask(url + "/new")[:2], (400, "Unable to generate token\n"))
        self.assertEqual(ask(f"{url}/{'0' * 32}")[:2], (500, "the store does not answer\n"))
        self.store.start()

    def test_tls(self) -> None:
        folder = Path(scratch_folder())
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        authority = Authority(folder, "ca")
        cert, key = authority.issue("service", "localhost")
        url = self.serve("--cert-file", str(cert), "--key-file", str(key), scheme="https")
        done = subprocess.run(["curl", "-s", "--cacert", str(authority.certificate), url + "/"],
                              capture_output=True, text=True, timeout=WAIT_SECONDS)
        self.assertIn("/new?size=3", done.stdout, done.stderr)

    def test_flags_that_cannot_be_are_refused(self) -> None:
        for flags, why in ((["--addr", "x"], '--addr: "x" is no host:port'),
                           (["--etcd", "x"], "--etcd: "), (["--cert-file", "x"], "go together")):
            done = subprocess.run([DISCOVERY, *flags], capture_output=True, text=True,
                                  timeout=WAIT_SECONDS)
            self.assertEqual(done.returncode, 1)
            self.assertIn(why, done.stderr)


if __name__ == "__main__":
    unittest.main()
