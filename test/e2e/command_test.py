#!/usr/bin/python3
"""The command line of the process, its log and its end.

ETCD in the environment is the program.
"""

import gzip
import json
import os
import re
import signal
import socket
import subprocess
import time
import unittest
import urllib.request
from pathlib import Path

from member import STOP_TIMEOUT_SECONDS, Member

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))


class CommandTest(unittest.TestCase):
    def run_once(self, *flags: str, environment: dict | None = None
                 ) -> subprocess.CompletedProcess:
        return subprocess.run([ETCD, *flags], capture_output=True, text=True,
                              timeout=STOP_TIMEOUT_SECONDS, env=os.environ | (environment or {}))

    def member(self, *flags: str) -> Member:
        member = Member(ETCD, *flags)
        self.addCleanup(member.__exit__)
        return member

    def lines(self, member: Member) -> list[dict]:
        return [json.loads(line) for line in member.log.read_text().splitlines()]

    def line(self, member: Member, message: str) -> dict:
        [line] = member.wait_for_log(f'"msg":"{message}"')
        return json.loads(line)

    def test_what_is_asked_for_is_printed(self) -> None:
        done = self.run_once("--version")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^etcd Version: 3\.7\.1\n")
        done = self.run_once("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("--listen-client-urls", done.stdout)

    def test_a_flag_that_is_not_there_is_misuse(self) -> None:
        done = self.run_once("--nope")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("flag provided but not defined: -nope\n", done.stderr)

    def test_values_that_cannot_be_are_refused(self) -> None:
        for flags, error in (
                (("--heartbeat-interval=1000", "--election-timeout=1000"),
                 "--election-timeout[1000ms] should be at least as 5 times as "
                 "--heartbeat-interval[1000ms]"),
                (("--config-file=/nowhere/c",), "open /nowhere/c: no such file or directory"),
                (("--log-outputs=/nowhere/x",),
                 'open sink "/nowhere/x": open /nowhere/x: no such file or directory'),
                (("stray",), '"stray" is not a valid flag')):
            done = self.run_once(*flags)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            line = json.loads(done.stderr.splitlines()[-1])
            self.assertEqual((line["level"], line["msg"], line["error"]),
                             ("warn", "failed to verify flags", error))
        for flag, error in (
                ("--cipher-suites=foo", 'unexpected TLS cipher suite "foo"'),
                ("--max-learners=-1", "membership: too many learner members in cluster"),
                ("--auto-compaction-retention=foo",
                 'error parsing CompactionRetention: time: invalid duration "foo"')):
            done = self.run_once(flag)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            line = json.loads(done.stderr.splitlines()[-1])
            self.assertEqual((line["level"], line["msg"], line["error"]),
                             ("fatal", "failed to start etcd", error))
        self.assertFalse(Path("/nowhere").exists())
        done = self.run_once("--enable-log-rotation", "--log-outputs=/dev/null",
                             "--log-rotation-config-json={")
        self.assertEqual(done.returncode, 1)
        self.assertIn("log rotation config", done.stderr)

    def test_a_log_that_cannot_be_written_ends_the_start(self) -> None:
        done = self.run_once("--log-outputs=/proc/nowhere/log")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("/proc/nowhere/log", done.stderr)

    def test_a_start_that_fails_is_told(self) -> None:
        member = self.member()
        member.flags = ("--data-dir", "/proc/nowhere")
        member.launch()
        self.assertEqual(member.process.wait(timeout=STOP_TIMEOUT_SECONDS), 1)
        member.process = None
        line = self.line(member, "failed to start etcd")
        self.assertEqual(line["level"], "fatal")
        self.assertIn("/proc/nowhere", line["error"])
        self.assertNotIn("received signal; shutting down",
                         [each["msg"] for each in self.lines(member)])

    def test_who_advertises_another_place_than_its_cluster_knows_does_not_start(self) -> None:
        member = self.member()
        member.flags = ("--initial-cluster", "m=http://10.1.1.1:2380")
        member.launch()
        self.assertEqual(member.process.wait(timeout=STOP_TIMEOUT_SECONDS), 1)
        member.process = None
        self.assertEqual(
            self.line(member, "failed to start etcd")["error"],
            "--initial-cluster has m=http://10.1.1.1:2380 but missing from "
            f"--initial-advertise-peer-urls={member.peer_url} (resolved urls: "
            f'"{member.peer_url}" != "http://10.1.1.1:2380")')

    def test_the_log_tells_how_it_started_and_what_ended_it(self) -> None:
        member = self.member("--quota-backend-bytes=123456789")
        member.start()
        process = member.process
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=STOP_TIMEOUT_SECONDS), -signal.SIGTERM)
        member.process = None
        started = self.line(member, "starting an etcd server")
        self.assertEqual(started["etcd-version"], "3.7.1")
        self.assertEqual(started["name"], "m")
        self.assertEqual(started["listen-client-urls"], [member.url])
        self.assertEqual(started["quota-backend-bytes"], 123456789)
        self.assertFalse(started["member-initialized"])
        self.assertEqual(started["max-cpu-available"], len(os.sched_getaffinity(0)))
        self.line(member, "ready to serve client requests")
        serving = self.line(
            member, "serving client traffic insecurely; this is strongly discouraged!")
        self.assertEqual(serving["address"], member.address)
        self.assertEqual(self.line(member, "received signal; shutting down")["signal"],
                         "Terminated")
        for message in ("closing etcd server", "closed etcd server"):
            line = self.line(member, message)
            self.assertEqual((line["name"], line["data-dir"]), ("m", f"{member.folder}/data"))
        self.assertNotIn("closing connections whose requests have not ended in time",
                         [each["msg"] for each in self.lines(member)])

    def test_what_is_printed_goes_nowhere_if_nothing_was_open_for_it(self) -> None:
        member = self.member()
        member.prefix = ["/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"]
        member.start()
        streams = [os.readlink(f"/proc/{member.process.pid}/fd/{number}") for number in range(3)]
        self.assertEqual(streams, ["/dev/null"] * 3)

    def test_directories_that_others_may_look_into_are_warned_of(self) -> None:
        member = self.member()
        snap = member.folder / "data/member/snap"
        snap.mkdir(parents=True)
        directories = [snap.parent.parent, snap.parent, snap]
        for directory in directories:
            directory.chmod(0o755)
        member.start()
        member.stop()
        warnings = [json.loads(line)["error"]
                    for line in member.wait_for_log("check file permission")]
        self.assertEqual([warning.split('"')[1] for warning in warnings], list(map(str, directories)))

    def test_the_log_has_the_level_and_the_form_that_are_asked_for(self) -> None:
        quiet = self.member("--log-level=error")
        quiet.start()
        self.assertEqual(quiet.log.read_text(), "")
        console = self.member("--log-format=console")
        console.start()
        [line] = console.wait_for_log("starting an etcd server")
        self.assertRegex(line, r"^\S+\tinfo\t\S*\t?starting an etcd server")

    def test_the_log_goes_where_it_is_to_go(self) -> None:
        member = self.member()
        path = member.folder / "elsewhere"
        member.flags = ("--log-outputs", str(path), "--enable-log-rotation",
                        "--log-rotation-config-json", '{"maxsize": 1, "maxbackups": 2}')
        member.start()
        member.stop()
        self.assertIn("starting an etcd server", path.read_text())
        self.assertEqual(member.log.read_text(), "")

    @unittest.skipUnless(os.geteuid() == 0, "only root may mount")
    def test_the_log_goes_to_the_journal(self) -> None:
        member = self.member("--log-outputs", "systemd/journal")
        path = member.folder / "journal"
        journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(journal.close)
        journal.bind(str(path))
        journal.settimeout(STOP_TIMEOUT_SECONDS)
        # A /run of its own.
        member.prefix = ["unshare", "--mount", "sh", "-ec",
                         "mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal\n"
                         f"ln -s {path} /run/systemd/journal/socket\n"
                         'exec "$@"', "sh"]
        member.launch()
        while True:
            fields = dict(line.split("=", 1) for line in journal.recv(1 << 16).decode().splitlines())
            line = json.loads(fields["MESSAGE"])
            self.assertEqual(fields["PRIORITY"], {"info": "6", "warn": "4"}[line["level"]])
            if line["msg"] == "ready to serve client requests":
                break
        self.assertEqual((fields["SYSLOG_IDENTIFIER"], fields["PACKAGE"]),
                         ("etcd", line["caller"].rpartition("/")[0]))
        # What the journal does not take is not lost.
        journal.close()
        path.unlink()
        self.assertEqual(member.stop(), -signal.SIGTERM)
        member.wait_for_log("received signal; shutting down")

    def test_full_log_files_are_kept_as_many_as_are_wanted(self) -> None:
        member = self.member()
        path = member.folder / "the.log"
        member.flags = ("--log-outputs", str(path), "--enable-log-rotation",
                        "--log-rotation-config-json",
                        '{"maxsize": 1, "maxbackups": 1, "compress": true}')
        for contents in ("a", "b"):
            path.write_text(contents * (1 << 20))  # the next line is too much
            member.start()
            end = time.monotonic() + STOP_TIMEOUT_SECONDS
            while True:
                kept = [file for file in member.folder.glob("the*") if file != path]
                if len(kept) == 1 and kept[0].suffix == ".gz" and (
                        gzip.decompress(kept[0].read_bytes()) == contents.encode() * (1 << 20)):
                    break
                self.assertLess(time.monotonic(), end, kept)
                time.sleep(0.02)
            self.assertRegex(kept[0].name,
                             r"^the-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}\.log\.gz$")
            member.stop()
        self.assertIn("starting an etcd server", path.read_text())

    def test_the_environment_is_told(self) -> None:
        member = self.member()
        os.environ["ETCD_MAX_TXN_OPS"] = "7"
        try:
            member.start()
        finally:
            del os.environ["ETCD_MAX_TXN_OPS"]
        self.assertEqual(len(member.wait_for_log("ETCD_MAX_TXN_OPS")), 1)

    def test_features_are_told_with_their_stage(self) -> None:
        member = self.member("--feature-gates=StopGRPCServiceOnDefrag=false")
        member.start()
        with urllib.request.urlopen(member.url + "/metrics", timeout=10) as answer:
            text = answer.read().decode()
        gauges = dict(re.findall(r'^etcd_server_feature_enabled\{(.*)\} (\d)$', text, re.MULTILINE))
        self.assertEqual(gauges['name="StopGRPCServiceOnDefrag",stage="ALPHA"'], "0")
        self.assertTrue(any('stage="BETA"' in labels for labels in gauges), gauges)

    def test_who_stops_with_nobody_connected_does_not_wait(self) -> None:
        member = self.member()
        member.start()
        started = os.times().elapsed
        self.assertEqual(member.stop(), -signal.SIGTERM)
        self.assertLess(os.times().elapsed - started, 4)


if __name__ == "__main__":
    unittest.main()
