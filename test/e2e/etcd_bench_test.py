#!/usr/bin/python3
"""etcd-bench against a member: what each command does and reports, what is refused, and the commands
of docs/benchmarking.md. With E2E_FULL etcd's own benchmark, 3.7, is run beside it, whose reports
must have the same shape.

ETCD and ETCD_BENCH in the environment are our programs.
"""

import csv
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
import unittest
import urllib.request
import xml.etree.ElementTree
from pathlib import Path

import real_etcd
from authority import Authority
from cluster import Cluster
from member import Member, free_ports, scratch_folder
from progress_test import on_terminal
from protocol import Client

ROOT = Path(__file__).resolve().parents[2]
BINARIES = ROOT / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCD_BENCH = os.environ.get("ETCD_BENCH", str(BINARIES / "etcd-bench"))
TIMEOUT_SECONDS = 60
SUMMARY = re.compile(
    r"\nSummary:\n  Total:\t\d+\.\d{4} secs\.\n  Slowest:\t\d+\.\d{4} secs\.\n"
    r"  Fastest:\t\d+\.\d{4} secs\.\n  Average:\t\d+\.\d{4} secs\.\n  Stddev:\t\d+\.\d{4} secs\.\n"
    r"  Requests/sec:\t\d+\.\d{4}\n\nResponse time histogram:\n(?:  \d+\.\d{4} \[\d+\]\t\|∎*\n){11}"
    r"\nLatency distribution:\n(?:  [\d.]+% in \d+\.\d{4} secs\.\n)*")


class BenchCase(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(scratch_folder())
        self.addCleanup(shutil.rmtree, self.folder)

    def run_tool(self, *words: str, program: str | Path = ETCD_BENCH,
                 **options) -> subprocess.CompletedProcess:
        return subprocess.run([program, *words], capture_output=True, text=True,
                              timeout=TIMEOUT_SECONDS, cwd=self.folder, **options)

    def bench(self, *words: str) -> str:
        """What it prints, of a command that succeeds."""
        done = self.run_tool(*words, "--endpoints", self.address())
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return done.stdout

    def json(self, *words: str) -> dict:
        return json.loads(self.bench(*words, "--output", "json"))

    def address(self) -> str:
        return self.member.address


class EtcdBenchTest(BenchCase):
    def setUp(self) -> None:
        super().setUp()
        self.member = self.enterContext(Member(ETCD))
        self.client = Client(self.member.address)
        self.addCleanup(self.client.close)

    def handled(self, method: str) -> int:
        """Calls that the member says it has answered with OK."""
        with urllib.request.urlopen(self.member.url + "/metrics", timeout=10) as answer:
            page = answer.read().decode()
        return sum(int(float(line.rpartition(" ")[2])) for line in page.splitlines()
                   if line.startswith("grpc_server_handled_total")
                   and f'grpc_method="{method}"' in line and 'grpc_code="OK"' in line)

    def assert_reports(self, text: str, count: int) -> None:
        """It has so many reports of etcd's form."""
        self.assertEqual(len(SUMMARY.findall(text)), count, text)
        self.assertNotIn("Error distribution", text)

    # ---- The commands ----

    def test_put_writes_as_often_and_as_much_as_it_says(self) -> None:
        before = self.handled("Put")
        began = time.monotonic()
        report = self.json("put", "--total", "700", "--clients", "30", "--conns", "4", "--threads",
                           "2", "--key-space-size", "50", "--sequential-keys", "--prefix", "p/",
                           "--key-size", "9", "--val-size", "100")
        self.assertEqual(self.handled("Put") - before, 700)
        self.assertEqual(self.handled("HashKV"), 0)
        series, = report["series"]
        self.assertEqual((series["name"], series["requests"], series["failed"], series["errors"]),
                         ("put", 700, 0, []))
        self.assertEqual((report["endpoints"], report["conns"], report["clients"], report["rate"],
                          report["latency_from"]), ([self.member.address], 4, 30, 0, "sent"))
        self.assertEqual(sum(span["requests"] for span in series["timeline"]), 700)
        self.assertGreater(report["client_cpu_seconds"], 0)
        self.assertLessEqual(report["client_cpu_seconds"], (time.monotonic() - began) * os.cpu_count())
        latencies = series["latency_seconds"]
        ordered = [latencies["min"], *latencies["percentiles"].values(), latencies["max"]]
        self.assertEqual(ordered, sorted(ordered))
        found = self.client.range(key=b"p/", range_end=b"p0")
        self.assertEqual(len(found.kvs), 50)
        self.assertEqual({(len(pair.key), len(pair.value)) for pair in found.kvs}, {(11, 100)})
        self.assertEqual(found.header.revision, 701)

    def test_put_checks_the_hash_and_compacts(self) -> None:
        text = self.bench("put", "--total", "300", "--rate", "300", "--check-hashkv",
                          "--compact-interval", "200ms", "--compact-index-delta", "10")
        self.assert_reports(text, 1)
        self.assertRegex(text, r"\nHashKV Summary:\n\tHashKV: \d+\n\tEndpoint: "
                               + re.escape(self.member.address)
                               + r"\n\tTime taken to get hashkv: .*s\n\tDB size: .*B\n")
        self.assertGreater(self.handled("Compact"), 0)
        self.assertEqual(self.handled("HashKV"), 1)

    def test_range_in_all_its_forms(self) -> None:
        for number in range(20):
            self.client.put(b"k%02d" % number, b"v")
        for words, method in [(("k00",), "Range"), (("k", "l", "--limit", "3"), "Range"),
                              (("k", "--prefix", "--keys-only"), "Range"),
                              (("--prefix", "--count-only"), "Range"),
                              (("k", "--prefix", "--stream"), "RangeStream"),
                              (("k", "--prefix", "--paginate"), "Range")]:
            with self.subTest(words=words):
                before = self.handled(method)
                text = self.bench("range", *words, "--total", "50", "--clients", "5")
                self.assertTrue(text.startswith("bench with linearizable range\n"), text)
                self.assert_reports(text, 1)
                self.assertEqual(self.handled(method) - before, 50)
        text = self.bench("range", "k00", "--consistency", "s", "--total", "5")
        self.assertTrue(text.startswith("bench with serializable range\n"), text)

    def test_range_reads_page_by_page_all_keys(self) -> None:
        self.bench("put", "--total", "10001", "--clients", "100", "--key-space-size", "10001",
                   "--sequential-keys")
        before = self.handled("Range")
        self.assert_reports(self.bench("range", "--prefix", "--paginate", "--total", "3"), 1)
        self.assertEqual(self.handled("Range") - before, 3 * 2)

    def test_txn_put_puts_several_keys_at_once(self) -> None:
        before = self.handled("Txn")
        self.assert_reports(self.bench("txn-put", "--total", "60", "--txn-ops", "3",
                                       "--key-space-size", "6"), 1)
        self.assertEqual(self.handled("Txn") - before, 60)
        found = self.client.range(key=b"\0", range_end=b"\0")
        self.assertEqual(([pair.version for pair in found.kvs], found.header.revision),
                         ([30] * 6, 61))

    def test_txn_mixed_tells_reads_and_writes_apart(self) -> None:
        before = self.handled("Txn")
        report = self.json("txn-mixed", "--total", "400", "--clients", "4", "--rw-ratio", "3")
        reads, writes = report["series"]
        self.assertEqual((reads["name"], writes["name"]), ("txn-mixed-read", "txn-mixed-write"))
        self.assertEqual(reads["requests"] + writes["requests"], 400)
        self.assertGreater(reads["requests"], writes["requests"])
        self.assertEqual(self.client.range(key=b"x").header.revision, 1 + writes["requests"])
        self.assertEqual(self.handled("Txn") - before, 400)
        text = self.bench("txn-mixed", "--total", "100")
        self.assertRegex(text, r"^bench with linearizable range\nTotal Read Ops: \d+\nDetails:\nSumm")
        self.assertRegex(text, r"\nTotal Write Ops: \d+\nDetails:\nSummary")

    def test_lease_keepalive_renews(self) -> None:
        before = self.handled("LeaseGrant"), self.handled("LeaseKeepAlive")
        self.assert_reports(self.bench("lease-keepalive", "--total", "90", "--clients", "3"), 1)
        self.assertEqual((self.handled("LeaseGrant") - before[0],
                          self.handled("LeaseKeepAlive") - before[1]), (3, 90))

    def test_stm_with_each_locker_and_isolation(self) -> None:
        for words in [(), ("--isolation", "c"), ("--isolation", "s"), ("--isolation", "ss"),
                      ("--stm-locker", "lock-client"), ("--stm-locker", "lock-rpc")]:
            with self.subTest(words=words):
                report = self.json("stm", *words, "--total", "30", "--clients", "3", "--keys", "5",
                                   "--keys-per-txn", "2", "--txn-wr-percent", "100")
                self.assertEqual(report["series"][0]["requests"], 30, report)
        self.assertLessEqual(self.client.range(key=b"\0", range_end=b"\0", count_only=True).count, 5)

    def test_watch_receives_an_event_for_each_put_and_watcher(self) -> None:
        report = self.json("watch", "--streams", "4", "--watch-per-stream", "5",
                           "--watched-key-total", "2", "--key-space-size", "2",
                           "--sequential-keys", "--put-total", "30", "--clients", "3")
        made, received = report["series"]
        self.assertEqual((made["name"], made["requests"]), ("watch-make", 20))
        self.assertEqual((received["name"], received["requests"]), ("watch-put", 30 * 10))
        text = self.bench("watch", "--put-total", "10", "--watch-per-stream", "3")
        self.assertTrue(text.startswith("Watch creation summary:\n\nSummary:\n"), text)
        self.assertIn("\nWatch events received summary:\n\nSummary:\n", text)

    def test_watch_get_reads_while_watchers_catch_up(self) -> None:
        text = self.bench("watch-get", "--watchers", "200", "--streams", "3", "--events", "4")
        self.assertTrue(text.startswith("Get during watch summary:\n\nSummary:\n"), text)
        self.assert_reports(text, 1)

    def test_watch_latency(self) -> None:
        report = self.json("watch-latency", "--streams", "2", "--watchers-per-stream", "3",
                           "--put-total", "20", "--put-rate", "200", "--prevkv")
        self.assertEqual([(series["name"], series["requests"]) for series in report["series"]],
                         [("watch-latency-put", 20), ("watch-latency-watch", 120),
                          ("watch-latency-watch-since-put", 120)])

    # ---- What is reported, and how ----

    def test_a_rate_is_kept_and_told(self) -> None:
        report = self.json("put", "--rate", "200", "--total", "100", "--clients", "10")
        self.assertEqual((report["rate"], report["latency_from"]), (200, "due"))
        # The last is due after 495 ms.
        self.assertGreaterEqual(report["series"][0]["seconds"], 0.495)
        text = self.bench("put", "--rate", "1000", "--total", "10", "--from-send")
        self.assertTrue(text.endswith("\nLatencies count from when a request was sent.\n"), text)

    def test_a_terminal_shows_how_far_it_is(self) -> None:
        status, shown = on_terminal(ETCD_BENCH, "put", "--endpoints", self.member.address,
                                    "--total", "500", "--rate", "500")
        self.assertEqual(status, 0, shown)
        lines = re.findall(r"\r\x1b\[K(\d+) / 500  (\d+)%  \d+/s", shown)
        self.assertTrue(lines, shown)
        self.assertEqual([int(percent) for _, percent in lines],
                         [int(ended) * 100 // 500 for ended, _ in lines])
        self.assertTrue(shown.endswith("/s\r\x1b[K"), shown)

    def test_csv_and_a_plot(self) -> None:
        text = self.bench("txn-mixed", "--total", "50", "--output", "csv", "--plot", "plot.svg")
        rows = list(csv.DictReader(text.splitlines()))
        self.assertEqual([row["series"] for row in rows], ["txn-mixed-read", "txn-mixed-write"])
        self.assertEqual(sum(int(row["requests"]) for row in rows), 50)
        plot = xml.etree.ElementTree.parse(self.folder / "plot.svg").getroot()
        self.assertEqual(plot.tag, "{http://www.w3.org/2000/svg}svg")
        self.assertEqual(len(plot.findall("{*}polyline")), 2 * (1 + 3 + 1))

    def test_sample_and_perfdash(self) -> None:
        text = self.bench("put", "--total", "20", "--sample", "--report-perfdash")
        self.assertRegex(text, r"\nSample in one second \(unix latency throughput\):\n"
                               r"UNIX-SECOND,MIN-LATENCY-MS,AVG-LATENCY-MS,MAX-LATENCY-MS,"
                               r"AVG-THROUGHPUT\n(\d+,[\d.]+.?s,[\d.]+.?s,[\d.]+.?s,\d+\n)+\n")
        file, = (self.folder / "_artifacts").iterdir()
        item, = json.loads(file.read_text())["dataItems"]
        self.assertEqual((item["labels"], item["unit"]), ({"Operation": "PUT"}, "ms"))

    def test_compare_measures_both_in_turn(self) -> None:
        other = self.enterContext(Member(ETCD))
        before = self.handled("Put")
        text = self.bench("compare", "put", "--endpoints-b", other.address, "--rounds", "2",
                          "--total", "100")
        self.assertEqual(self.handled("Put") - before, 200)
        self.assertRegex(text, rf"^put, medians of 2 rounds\n  A: {self.member.address}\n"
                               rf"  B: {other.address}\n\nput .* A .* B .* B / A\n"
                               r"requests_per_second +\d+ +\d+ +\d+\.\d{3}\n")
        report = self.json("compare", "put", "--endpoints-b", other.address, "--rounds", "1",
                           "--total", "50")
        self.assertEqual([row["name"] for row in report["compared"]],
                         ["requests_per_second", "p50_seconds", "p99_seconds", "failed",
                          "server_cpu_seconds_per_request"])

    # ---- What goes wrong ----

    def test_what_fails_is_counted_by_text(self) -> None:
        words = ("put", "--endpoints", self.member.address, "--total", "3", "--val-size", "1800000")
        done = self.run_tool(*words)
        self.assertEqual((done.returncode, done.stdout), (
            0, "\nError distribution:\n  [3]\tetcdserver: request is too large\n\n"))
        self.assertEqual(self.run_tool(*words, "--fail-on-error").returncode, 1)

    def test_nobody_there_is_told_within_the_dial_timeout(self) -> None:
        address = f"127.0.0.1:{free_ports(1)[0]}"
        done = self.run_tool("put", "--endpoints", address, "--dial-timeout", "500ms")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(f"{address}: Connection refused", done.stderr)
        self.assertTrue(done.stderr.endswith("dial error: context deadline exceeded\n"), done.stderr)

    def test_a_member_that_goes_ends_the_run(self) -> None:
        process = self.start_endless("--dial-timeout", "1s")
        self.member.kill()
        output, error = process.communicate(timeout=TIMEOUT_SECONDS)
        self.assertEqual(process.returncode, 1, output)
        self.assertRegex(output, SUMMARY)
        self.assertIn("Connection refused", error)

    def test_a_signal_ends_the_run_with_a_report(self) -> None:
        process = self.start_endless("--clients", "5", "--output", "json")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
        self.assertEqual(process.returncode, 5)
        report = json.loads(output)
        self.assertTrue(report["interrupted"])
        self.assertGreater(report["series"][0]["requests"], 0)
        self.assertEqual(report["series"][0]["failed"], 0)

    def start_endless(self, *words: str) -> subprocess.Popen:
        """Puts that have begun and do not end by themselves."""
        process = subprocess.Popen(
            [ETCD_BENCH, "put", "--endpoints", self.member.address, "--total", "1000000000", *words],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        end = time.monotonic() + TIMEOUT_SECONDS
        while self.client.range(key=b"x").header.revision < 100:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)
        return process

    def test_what_is_refused(self) -> None:
        for words, error in [
                (("put", "--key-space-size", "0"), "expected positive --key-space-size, got (0)\n"),
                (("put", "--key-size", "1", "--key-space-size", "100"),
                 "--key-size of 1 is too small for a --key-space-size of 100\n"),
                (("put", "--conns", "0"), "expected positive --conns, got (0)\n"),
                (("put", "--total", "-1"), "expected --total of at least 0, got (-1)\n"),
                (("put", "--output", "xml"),
                 "unsupported --output (xml): it is text, json or csv\n"),
                (("range", "a", "--paginate", "--limit", "3"),
                 "--paginate and --limit are mutually exclusive\n"),
                (("range", "a", "--keys-only", "--count-only"),
                 "`--keys-only` and `--count-only` cannot be set at the same time\n"),
                (("txn-put", "--txn-ops", "2"),
                 "expected --txn-ops no larger than --key-space-size, got txn-ops(2) "
                 "key-space-size(1)\n"),
                (("stm", "--keys", "0"), "expected positive --keys, got (0)\n"),
                (("stm", "--txn-wr-percent", "101"),
                 "expected [0, 100] --txn-wr-percent, got (101)\n"),
                (("stm", "--keys-per-txn", "2"),
                 "expected --keys-per-txn between 0 and 1, got (2)\n"),
                (("stm", "--stm-locker", "none"), 'unexpected stm locker "none"\n'),
                (("compare", "put", "--plot", "x.svg"),
                 "--plot and --report-perfdash are of one cluster, not of two\n"),
                (("compare", "put"), "--endpoints-b is missing\n")]:
            with self.subTest(words=words):
                done = self.run_tool(*words, "--endpoints", self.member.address)
                self.assertEqual((done.returncode, done.stdout, done.stderr), (1, "", error))
        for words in [("range",), ("range", "a", "b", "c"), ("range", "a", "--consistency", "x"),
                      ("txn-mixed", "--consistency", "x"), ("stm", "--isolation", "x")]:
            with self.subTest(words=words):
                done = self.run_tool(*words, "--endpoints", self.member.address)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertTrue(done.stderr.startswith(f"Usage:\n  etcd-bench {words[0]}"))

    # ---- The manual ----

    def test_each_command_of_the_manual(self) -> None:
        manual = (ROOT / "docs/benchmarking.md").read_text()
        commands = [line for block in re.findall(r"```sh\n(.*?)```", manual, re.DOTALL)
                    for line in block.splitlines()]
        self.assertGreater(len(commands), 5)
        for command in commands:
            with self.subTest(command=command):
                program, *words = shlex.split(
                    command.replace("127.0.0.1:2379", self.member.address))
                self.assertEqual(program, "etcd-bench")
                self.bench(*words)


class SecuredTest(BenchCase):
    def setUp(self) -> None:
        super().setUp()
        self.authority = Authority(self.folder, "authority")
        server = self.authority.issue("server", "localhost")
        self.member = Member(ETCD, "--bcrypt-cost", "4", "--cert-file", str(server[0]),
                             "--key-file", str(server[1]))
        self.member.flags += ("--listen-client-urls",
                              f"http://{self.member.address},https://{self.member.address}")
        self.addCleanup(self.member.__exit__)
        self.member.start()

    def post(self, path: str, body: dict) -> None:
        request = urllib.request.Request(f"{self.member.url}/v3/auth/{path}",
                                         json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            self.assertEqual(answer.status, 200)

    def test_tls(self) -> None:
        trusted = "--cacert", str(self.authority.certificate)
        for words in [("put",), ("range", "x"), ("stm",), ("watch", "--put-total", "5"),
                      ("compare", "put", "--endpoints-b", self.member.address)]:
            with self.subTest(words=words):
                total = () if words[0] == "watch" else ("--total", "20")
                self.bench(*words, *total, *trusted)
        self.bench("put", "--total", "20", "--insecure-skip-tls-verify")
        done = self.run_tool("put", "--endpoints", "https://" + self.member.address,
                             "--dial-timeout", "1s")
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)

    def test_a_user(self) -> None:
        for user in ("root", "ann"):
            self.post("user/add", {"name": user, "password": user + "password"})
            self.post("role/add", {"name": user})
            self.post("user/grant", {"user": user, "role": user})
        self.post("enable", {})
        for words in [("put",), ("stm",), ("lease-keepalive",), ("watch-get", "--watchers", "10"),
                      ("watch-latency", "--put-total", "5")]:
            with self.subTest(words=words):
                total = () if words[0].startswith("watch") else ("--total", "20")
                text = self.bench(*words, *total, "--user", "root:rootpassword")
                self.assertNotIn("Error", text)
        self.assertEqual(self.bench("put", "--total", "7", "--user", "ann:annpassword"),
                         "\nError distribution:\n  [7]\tetcdserver: permission denied\n\n")
        self.assertEqual(self.bench("put", "--total", "7"),
                         "\nError distribution:\n  [7]\tetcdserver: user name is empty\n\n")
        done = self.run_tool("put", "--endpoints", self.member.address, "--user", "root",
                             input="rootpassword\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        done = self.run_tool("put", "--endpoints", self.member.address, "--user", "root:wrong")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("authentication failed, invalid user ID or password", done.stderr)


class LeaderTest(BenchCase):
    def test_only_the_leader_is_asked(self) -> None:
        with Cluster(ETCD, ETCD, ETCD) as cluster:
            leader = cluster.leader()
            done = self.run_tool("put", "--endpoints", cluster.endpoints, "--total", "30",
                                 "--target-leader", "--output", "json")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["endpoints"], [leader.url])


def shape(text: str) -> str:
    """Without numbers, the lengths of bars, and the lines of percentiles, which may be missing."""
    text = re.sub(r"  [\d.]+% in .*\n", "", text)
    return re.sub(r"∎+", "", re.sub(r"\d+(\.\d+)?", "N", text))


@real_etcd.needed
class BesideEtcdsTest(BenchCase):
    def setUp(self) -> None:
        super().setUp()
        self.member = self.enterContext(Member(ETCD))

    def test_reports_have_the_shape_of_etcds(self) -> None:
        for words in [("put", "--total", "500"), ("range", "x", "--total", "500"),
                      ("txn-put", "--total", "500"), ("txn-mixed", "--total", "500"),
                      ("lease-keepalive", "--total", "500"), ("stm", "--total", "100"),
                      ("watch", "--put-total", "20"),
                      ("watch-get", "--watchers", "100"),
                      ("put", "--total", "3", "--val-size", "1800000")]:
            with self.subTest(words=words):
                real = self.run_tool(*words, "--endpoints", self.member.address,
                                     program=real_etcd.build("benchmark"))
                self.assertEqual(real.returncode, 0, real.stderr)
                self.assertEqual(shape(self.bench(*words)), shape(real.stdout))

    def test_help_has_each_flag_of_etcds(self) -> None:
        for command in ["put", "range", "txn-put", "txn-mixed", "lease-keepalive", "stm", "watch",
                        "watch-get", "watch-latency"]:
            with self.subTest(command=command):
                real = self.run_tool(command, "--help", program=real_etcd.build("benchmark"))
                ours = self.run_tool(command, "--help").stdout
                for line in re.findall(r"^ +--.*", real.stdout, re.MULTILINE):
                    words = " ".join(line.split())
                    self.assertIn(words, re.sub(r" +", " ", ours))


if __name__ == "__main__":
    unittest.main()
