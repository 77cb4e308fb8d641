#!/usr/bin/python3
"""The samples in packaging/ are what members start with.

ETCD in the environment is the program.
"""

import os
import re
import shutil
import subprocess
import time
import unittest
import urllib.request
from pathlib import Path

from authority import Authority
from in_place import ETCD
from member import free_ports, scratch_folder

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
READY_SECONDS = 20
PORT = re.compile(r"(?<=:)\d{4,5}\b")


class SamplesTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(scratch_folder())
        self.addCleanup(shutil.rmtree, self.folder)
        self.ports = iter(free_ports(12))
        self.port_of: dict[str, int] = {}

    def with_free_ports(self, text: str) -> str:
        """Each port of the text is another one, the same wherever it stands."""
        def free(match: re.Match) -> str:
            if match[0] not in self.port_of:
                self.port_of[match[0]] = next(self.ports)
            return str(self.port_of[match[0]])
        return PORT.sub(free, text)

    def launch(self, *words: str) -> None:
        process = subprocess.Popen(words, cwd=self.folder, stderr=subprocess.DEVNULL,
                                   env=os.environ | {"PATH": f"{Path(ETCD).parent}:/usr/bin:/bin"})
        self.addCleanup(process.wait, timeout=READY_SECONDS)
        self.addCleanup(process.terminate)

    def wait_until_ready(self, port: str) -> None:
        end = time.monotonic() + READY_SECONDS
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port_of[port]}/readyz", timeout=2)
                return
            except OSError:
                self.assertLess(time.monotonic(), end, "it does not become ready")
                time.sleep(0.05)

    def test_the_configuration_file(self) -> None:
        text = (PACKAGING / "etcd.conf.yml.sample").read_text()
        (self.folder / "etcd.yml").write_text(self.with_free_ports(text))
        self.launch(ETCD, "--config-file", "etcd.yml")
        self.wait_until_ready("2379")
        self.assertTrue((self.folder / "m0.etcd/member").is_dir())

    def test_what_the_configuration_file_leaves_out_may_be_put_in(self) -> None:
        authority = Authority(self.folder, "ca")
        certificate, key = authority.issue("server", "localhost")
        text = self.with_free_ports((PACKAGING / "etcd.conf.yml.sample").read_text())
        text = re.sub(r"^# (?=\S+-security:|  )", "", text, flags=re.MULTILINE)
        text = re.sub(r"/etc/etcd/\S*ca\.crt", str(authority.certificate), text)
        text = re.sub(r"/etc/etcd/\S+\.crt", str(certificate), text)
        text = re.sub(r"/etc/etcd/\S+\.key", str(key), text)
        self.assertEqual(text.count("client-cert-auth: true"), 2)
        text = text.replace("wal-dir: /mnt/fast/m0.wal", "wal-dir: m0.wal").replace("http:", "https:")
        metrics = next(self.ports)
        self.port_of["metrics"] = metrics
        (self.folder / "etcd.yml").write_text(
            f"{text}\nlisten-metrics-urls: http://127.0.0.1:{metrics}\n")
        self.launch(ETCD, "--config-file", "etcd.yml")
        self.wait_until_ready("metrics")

    def test_the_procfile(self) -> None:
        text = self.with_free_ports((PACKAGING / "Procfile").read_text())
        commands = re.findall(r"^\w+: (.*)$", text, re.MULTILINE)
        self.assertEqual(len(commands), 3)
        for command in commands:
            self.launch("sh", "-c", f"exec {command}")
        for port in ("2379", "22379", "32379"):
            self.wait_until_ready(port)

    def test_the_static_pod(self) -> None:
        authority = Authority(self.folder, "ca")
        certificate, key = authority.issue("server", "localhost")
        text = (PACKAGING / "kubernetes.yaml").read_text()
        words = re.findall(r"^        - (\S+)$", text.partition("command:")[2]
                           .partition("resources:")[0], re.MULTILINE)
        self.assertEqual(words[0], "etcd")
        line = self.with_free_ports("\n".join(words))
        for pattern, file in ((r"/etc\S*ca\.crt", authority.certificate), (r"/etc\S*\.crt", certificate),
                              (r"/etc\S*\.key", key), ("/var/lib/etcd", "data")):
            line = re.sub(pattern, str(file), line)
        line = line.replace(",https://ADDRESS:%d" % self.port_of["2379"], "")  # the same port twice
        self.launch(*line.replace("ADDRESS", "127.0.0.1").split("\n"))
        self.wait_until_ready("2381")
        self.assertTrue((self.folder / "data/member").is_dir())


if __name__ == "__main__":
    unittest.main()
