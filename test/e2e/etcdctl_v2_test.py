#!/usr/bin/python3
"""etcdctl with ETCDCTL_API=2 beside that of Debian (3.4.23), at members of ours and of Debian.

The same commands, one after the other, are run by both programs at one member of each kind, which are
new: what they write and how they end is the same four times, but for what is listed here. ETCD and
ETCDCTL in the environment are the programs.
"""

import http.server
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

from member import Member
from v2_client import Ask, Connection

ROOT = Path(__file__).resolve().parents[2]
ETCD = os.environ.get("ETCD", str(ROOT / "build/dev/bin/etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(ROOT / "build/dev/bin/etcdctl"))
DEBIANS = "/usr/bin/etcd"
DEBIANS_CTL = "/usr/bin/etcdctl"
TIMEOUT_SECONDS = 30
SLOW_SECONDS = 0.5

DATE = re.compile(r'("expiration":")[^"]+(")')


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ETCDCTL_")}
    return {**kept, "ETCDCTL_API": "2", **more}


class Place:
    """A program at a member."""

    def __init__(self, program: str, member: Member) -> None:
        self.program = program
        self.member = member
        peer = re.search(r"peerURLs=(\S+)", self.run("member", "list")[1])
        self.peer = peer.group(1)
        self.identifier = self.run("member", "list")[1].split(":")[0]

    def run(self, *words: str, read: str = "", **variables: str) -> tuple[int, str, str]:
        flags = [] if "ETCDCTL_ENDPOINTS" in variables else ["--endpoints", self.member.url]
        words = [word.replace("URL", self.member.url) for word in words]
        done = subprocess.run([self.program, *flags, *words], input=read, text=True,
                              capture_output=True, timeout=TIMEOUT_SECONDS,
                              env=environment(**variables))
        return done.returncode, done.stdout, done.stderr

    def normal(self, *words: str, **more: str) -> tuple[int, str, str]:
        code, out, err = self.run(*words, **more)
        return code, self._normal(out), self._normal(err)

    def _normal(self, text: str) -> str:
        text = text.replace(self.member.url, "URL").replace(self.member.address, "ADDRESS")
        text = text.replace(self.peer, "PEER").replace(self.identifier, "ID")
        return DATE.sub(r"\1\2", text)


class VersionTest(unittest.TestCase):
    def test_it_is_told_with_its_api(self) -> None:
        for words in (["--version"], ["-v"], ["--version", "ls"]):
            told = [subprocess.run([program, *words], text=True, capture_output=True,
                                   timeout=TIMEOUT_SECONDS, env=environment())
                    for program in (ETCDCTL, DEBIANS_CTL)]
            ours, theirs = [(done.returncode, re.sub(r"3\.\d+\.\d+", "VERSION", done.stdout))
                            for done in told]
            self.assertEqual(ours, theirs)


class EtcdctlV2Test(unittest.TestCase):
    maxDiff = None

    def setUp(self) -> None:
        self.places = []
        for server in (ETCD, DEBIANS):
            for program in (ETCDCTL, DEBIANS_CTL):
                member = self.enterContext(Member(server, "--enable-v2"))
                self.places.append(Place(program, member))

    def compare(self, *words: str, **more: str) -> tuple[int, str, str]:
        """Runs it everywhere. Returns what it says."""
        answers = [place.normal(*words, **more) for place in self.places]
        for i, answer in enumerate(answers[1:], 1):
            self.assertEqual(answers[0], answer, f"{words} at {i}")
        return answers[0]

    def compare_usage(self, *words: str) -> None:
        """The help that is shown is its own; the rest is the same."""
        answers = []
        for place in self.places:
            code, out, err = place.run(*words)
            first = out.split("\n")[0] if out.startswith("Incorrect Usage") else bool(out)
            answers.append((code, first, err))
        for answer in answers[1:]:
            self.assertEqual(answers[0], answer, words)

    def test_keys(self) -> None:
        for words in (
                ("set", "/a", "b"), ("set", "a", "-x", "b"), ("set", "a", "--", "-x"),
                ("set", "--", "a", "-y"), ("get", "/a"), ("get", "a"), ("set", "/d/e", "f", "--ttl", "100"),
                ("-o", "json", "get", "/d/e"), ("-o", "extended", "get", "/d/e"),
                ("-o", "bogus", "get", "/d/e"), ("get", "/d"), ("rm", "/d"), ("rm", "/none"),
                ("-o", "json", "rm", "/none"), ("ls", "--sort"), ("ls", "--sort", "-r", "-p", "/"),
                ("ls", "/a"), ("rm", "/a", "-r", "/b"), ("update", "/none", "x"), ("mk", "/a", "1"),
                ("mk", "/new", "<1> & \u00e9\u2028"), ("-o", "json", "get", "/new"),
                ("mk", "--in-order", "/q", "1"), ("mk", "/q", "--in-order", "2", "--ttl=50"),
                ("-o", "extended", "ls", "/"), ("--output=json", "ls", "--sort", "/"),
                ("--output=json", "ls", "--sort", "-r", "/"), ("ls", "/none"),
                ("-o", "extended", "mkdir", "/dd"), ("mkdir", "/dd"), ("setdir", "/dd", "--ttl", "70"),
                ("setdir", "/dd"), ("updatedir", "/dd", "--ttl", "60"), ("updatedir", "/none"),
                ("-o", "json", "rmdir", "/dd"), ("rmdir", "/d"), ("rmdir", "/a"), ("rmdir", "/a"),
                ("set", "/a", "1"), ("update", "/a", "2", "--ttl", "30"), ("set", "/a", "3"),
                ("set", "/a", "4", "--swap-with-value", "wrong"),
                ("set", "/a", "4", "--swap-with-value", "3"),
                ("set", "/a", "5", "--swap-with-index", "3"), ("set", "/a", "5", "--ttl", "-5"),
                ("rm", "/a", "--with-value", "9"), ("rm", "/a", "--with-index", "-1"),
                ("rm", "--with-value", "5", "/a"), ("rm", "-r", "/d"), ("set", "/_hidden/x", "1"),
                ("ls", "-r", "--sort"), ("ls", "-r", "/_hidden"), ("set", "/x y/%2F?&=#", "1&2 +"),
                ("ls", "-r", "--sort", "/x y"), ("get", "/x y//%2F?&=#"), ("get", "-q", "/x y/../none"),
                ("set", "/a/", "1"), ("get", "/a/"), ("set", "/", "1"), ("rm", "/"), ("ls", "--sort", ""),
                ("set", "/a", "b", "c", "d"), ("get", "/a", "/b"), ("watch", "/a", "--after-index", "3"),
                ("watch", "--after-index", "3", "-r", "/d"), ("-o", "extended", "watch", "--after-index", "3", "-r", "/x y")):
            self.compare(*words)
        self.assertEqual(self.compare("set", "/in", read="from standard input\n")[1],
                         "from standard input\n\n")
        self.compare("set", "/in", "-", read="x")
        self.compare("set", "/in")
        self.compare("set", "/in", "x", "--swap-with-index", "5000")

    def test_requests_are_shown(self) -> None:
        for words in (
                ("--debug", "set", "/x y", "1&2"), ("--debug", "--no-sync", "get", "/x"),
                ("--debug", "ls", "-r", "/"), ("--debug", "mk", "--in-order", "/q", "\u00e9"),
                ("--debug", "mkdir", "/d"), ("--debug", "setdir", "/d", "--ttl", "5"),
                ("--debug", "rm", "/d", "--dir", "-r", "--with-value", "a b"),
                ("--debug", "member", "list"), ("--debug", "user", "list"),
                ("--debug", "user", "add", "u:p"), ("--debug", "user", "grant", "--roles", "a,b", "u"),
                ("--debug", "role", "add", "r"), ("--debug", "role", "grant", "r", "--path", "/a*", "--rw"),
                ("--debug", "auth", "disable"), ("--debug", "cluster-health")):
            self.compare(*words)

    def test_accounts(self) -> None:
        for words in (
                ("user", "add", "u:p"), ("user", "add", "u:p"), ("user", "get", "u"), ("user", "list"),
                ("role", "list"), ("role", "add", "r1"), ("role", "add", "r1"),
                ("role", "grant", "r1", "--path", "/a*", "--read"),
                ("role", "grant", "r1", "--path", "/a*", "--read"),
                ("role", "grant", "r1", "--path", "/a*", "-rw"), ("role", "get", "r1"),
                ("role", "grant", "--path", "/b", "--write", "r1"), ("role", "get", "r1"),
                ("role", "revoke", "r1", "--path", "/a*", "--read"), ("role", "get", "r1"),
                ("role", "revoke", "r1", "--path", "/a*", "--rw"), ("role", "get", "none"),
                ("user", "grant", "--roles", "r1", "u"), ("user", "get", "u"),
                ("user", "grant", "--roles", "r1", "u"), ("user", "revoke", "--roles", "zz", "u"),
                ("user", "grant", "u", "--roles", "root", "--roles", "guest"), ("user", "get", "u"),
                ("user", "revoke", "--roles", "r1", "u"), ("user", "get", "u"), ("user", "get", "none"),
                ("auth", "enable"), ("user", "add", "root:p"), ("auth", "enable"), ("auth", "enable"),
                ("set", "/a", "b"), ("user", "list"), ("-u", "root:x", "user", "list"),
                ("-u", "root:x", "set", "/a", "b"), ("-u", "root:x", "get", "/a"),
                ("-u", "root:p", "user", "list"), ("member", "list"),
                ("member", "add", "x", "http://127.0.0.1:9"), ("role", "list"),
                ("-u", "root:p", "user", "remove", "root"), ("-u", "root:p", "auth", "disable"),
                ("auth", "disable"), ("user", "remove", "u"), ("user", "remove", "u"),
                ("role", "remove", "r1"), ("role", "remove", "r1"), ("role", "remove", "root"),
                ("user", "add"), ("user", "add", "a", "b"), ("user", "get"), ("user", "list", "x"),
                ("user", "grant", "x"), ("role", "grant", "x"), ("role", "grant", "x", "--path", "a"),
                ("role", "grant", "x", "--path", "/a//b", "--read"),
                ("role", "grant", "x", "--path", "/a"), ("role", "grant", "x", "--path", "/a", "--read",
                                                         "--write"),
                ("role", "add"), ("role", "list", "x"), ("auth", "enable", "x")):
            self.compare(*words)
        self.compare("user", "list", ETCDCTL_USERNAME="root:p")

    def test_members(self) -> None:
        for words in (
                ("member", "list"), ("cluster-health",), ("member", "list", "x"), ("member", "add"),
                ("member", "remove"), ("member", "update"), ("member", "update", "zz", "http://127.0.0.1:9"),
                ("member", "update", "1", "zz"), ("member", "update", "1", "http://127.0.0.1:9"),
                ("member", "add", "a", "b"), ("member", "add", "a", "http://1.1.1.1"),
                ("member", "remove", "11"), ("member", "remove", "m")):
            self.compare(*words)
        for place in self.places:
            code, out, err = place.run("member", "add", "n1", "http://127.0.0.1:9")
            self.assertEqual((code, err), (0, ""))
            self.assertRegex(out, r"^Added member named n1 with ID [0-9a-f]+ to cluster\n\n"
                                  r'ETCD_NAME="n1"\nETCD_INITIAL_CLUSTER="[^"]+"\n'
                                  r'ETCD_INITIAL_CLUSTER_STATE="existing"\n$')
            self.assertIn("[unstarted]: peerURLs=http://127.0.0.1:9\n", place.run("member", "list")[1])

    def test_usage(self) -> None:
        for words in ((), ("help",), ("member",), ("get", "-h"), ("help", "get"), ("h", "set"),
                      ("member", "list", "--help"), ("--bad", "set"), ("set", "--bad"), ("set", "a", "b", "--ttl", "x"),
                      ("set", "a", "b", "--ttl"), ("set", "a", "--ttl", "99999999999999999999"),
                      ("--timeout", "zz", "get", "a"), ("-oextended", "get", "/a"), ("member", "--bad"),
                      ("foo",), ("member", "foo"), ("import",), ("help", "foo"), ("get",), ("set",),
                      ("rm",), ("mk",), ("mkdir",), ("update",), ("watch",), ("exec-watch",),
                      ("exec-watch", "k")):
            self.compare_usage(*words)

    def test_endpoints(self) -> None:
        ours, theirs = self.places[:2]
        port = ours.member.address.split(":")[1]
        for words in (
                ("--endpoints", "127.0.0.1:" + port, "get", "/x"),
                ("--endpoints", "localhost:" + port, "get", "/x"),
                ("--endpoints", "http://127.0.0.1:1", "get", "/x"),
                ("--no-sync", "--endpoints", "http://127.0.0.1:1", "get", "/x"),
                ("--no-sync", "--endpoints", "http://127.0.0.1:1", "mk", "/x", "1"),
                ("--endpoints", "http://127.0.0.1:1", "member", "list"),
                ("--endpoints", "http://127.0.0.1:1", "cluster-health"),
                ("--endpoints", "http://127.0.0.1:1", "user", "list"),
                ("--endpoints", ours.member.url + "/p", "get", "/x"),
                ("--endpoints", ours.member.url + "/", "get", "/x"),
                ("--endpoint", ours.member.url, "get", "/x"), ("-C", ours.member.url, "get", "/x"),
                ("--endpoints", f"http://127.0.0.1:1,{ours.member.url}", "get", "/x"),
                ("--no-sync", "--endpoints", f"http://127.0.0.1:1,{ours.member.url}", "get", "/x"),
                ("--endpoints", ours.member.url, "--ca-file", "/none", "get", "/x"),
                ("--endpoints", ours.member.url, "--cert-file", "/none", "get", "/x"),
                ("--endpoints", ours.member.url, "--total-timeout", "1ns", "get", "/x")):
            done = [subprocess.run([program, *words], capture_output=True, text=True, check=False,
                                   timeout=TIMEOUT_SECONDS, env=environment())
                    for program in (ours.program, theirs.program)]
            self.assertEqual(*[(each.returncode, each.stdout, each.stderr) for each in done], words)

    def test_an_answer_has_time_once_it_has_begun(self) -> None:
        body = b'{"action":"get","node":{"key":"/k","value":"late","modifiedIndex":7,"createdIndex":7}}'

        class Slow(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if "silent" in self.path:
                    time.sleep(4 * SLOW_SECONDS)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.flush()
                time.sleep(2 * SLOW_SECONDS)
                self.wfile.write(body)

            def log_message(self, *_) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
        self.addCleanup(server.server_close)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        url = f"http://127.0.0.1:{server.server_port}"
        for key, code in (("/k", 0), ("/silent", 4)):
            done = [subprocess.run([program, "--no-sync", "--timeout", f"{SLOW_SECONDS}s", "--endpoints",
                                    url, "get", key], capture_output=True, text=True,
                                   timeout=TIMEOUT_SECONDS, env=environment())
                    for program in (ETCDCTL, DEBIANS_CTL)]
            self.assertEqual(*[(each.returncode, each.stdout, each.stderr) for each in done])
            self.assertEqual(done[0].returncode, code)

    def test_a_watch_tells_each_change(self) -> None:
        for place in self.places:
            watch = subprocess.Popen(
                [place.program, "--endpoints", place.member.url, "watch", "-f", "-r", "/"],
                stdout=subprocess.PIPE, text=True, env=environment())
            self.addCleanup(watch.stdout.close)
            self.addCleanup(watch.kill)
            self.wait_for_watch(place.member)
            for words in (("set", "/a", "1"), ("mkdir", "/d"), ("set", "/d/x", "2"), ("rm", "-r", "/d"),
                          ("set", "/a", "3")):
                self.assertEqual(place.run(*words)[0], 0)
            lines = [watch.stdout.readline() for _ in range(6)]
            self.assertEqual(lines, ["[set] /a\n", "1\n", "[set] /d/x\n", "2\n", "[set] /a\n", "3\n"])
            watch.send_signal(signal.SIGINT)
            self.assertEqual(watch.wait(TIMEOUT_SECONDS), 0)

    def test_a_program_is_run_at_each_change(self) -> None:
        for place in self.places:
            folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
            watch = subprocess.Popen(
                [place.program, "--endpoints", place.member.url, "exec-watch", "--after-index", "1", "-r", "/k",
                 "--", "sh", "-c", f'env | grep ETCD_WATCH_ | sort > {folder}/$ETCD_WATCH_MODIFIED_INDEX.new;'
                 f"mv {folder}/$ETCD_WATCH_MODIFIED_INDEX.new {folder}/$ETCD_WATCH_MODIFIED_INDEX"],
                text=True, env=environment())
            self.addCleanup(watch.wait)
            self.addCleanup(watch.kill)
            for i in range(3):
                self.assertEqual(place.run("set", f"/k/{i}", f"v{i}")[0], 0)
            deadline = time.monotonic() + TIMEOUT_SECONDS
            names = []
            while len(names) < 3 and time.monotonic() < deadline:
                names = sorted((name for name in os.listdir(folder) if name.isdigit()), key=int)
                time.sleep(0.05)
            texts = [(folder / name).read_text() for name in names]
            self.assertEqual(texts, [
                f"ETCD_WATCH_ACTION=set\nETCD_WATCH_KEY=/k/{i}\nETCD_WATCH_MODIFIED_INDEX={name}\n"
                f"ETCD_WATCH_VALUE=v{i}\n" for i, name in enumerate(names)])

    def wait_for_watch(self, member: Member) -> None:
        connection = Connection(member.address)
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while b'"watchers":0' in connection.ask(Ask("GET", "/v2/stats/store")).read().body:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        connection.close()


if __name__ == "__main__":
    unittest.main()
