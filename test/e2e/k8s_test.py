#!/usr/bin/python3
"""Objects of Kubernetes as etcd has them, shown and made by `etcdutl k8s`: from standard input, a
database of ours, one of etcd's and a snapshot. With E2E_FULL, objects of every built-in kind that
Kubernetes' own code has filled, stored and shown.

ETCD, ETCDCTL and ETCDUTL in the environment are the programs; SEED is that of the objects.
"""

import base64
import json
import os
import random
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import real_etcd
from etcdutl_test import ETCDCTL, ETCDUTL, EtcdutlCase
from member import Member

ROOT = Path(__file__).resolve().parents[2]
OBJECTS = ROOT / "src/k8s/testdata"
SEED = int(os.environ.get("SEED") or random.randrange(2**31))
OBJECTS_OF_KIND = 5
POD_KEY, CUSTOM_KEY = "/registry/pods/default/p", "/registry/example.com/xs/default/x"
POD = ("apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  namespace: default\nspec:\n"
       "  containers:\n  - name: c\n    resources: {}\nstatus: {}\n")
CUSTOM = b'{"apiVersion":"example.com/v1","kind":"X","metadata":{"namespace":"other"}}\n'


def run(*words: object, stdin: bytes = b"") -> subprocess.CompletedProcess:
    return subprocess.run([ETCDUTL, "k8s", *map(str, words)], input=stdin, capture_output=True,
                          timeout=60)


class K8sCase(EtcdutlCase):
    def k8s(self, *words: object, stdin: bytes = b"") -> bytes:
        done = run(*words, stdin=stdin)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def refusal(self, *words: object, stdin: bytes = b"") -> str:
        done = run(*words, stdin=stdin)
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        return done.stderr.decode().splitlines()[-1]


class StandardInputTest(K8sCase):
    def test_an_object_is_decoded_and_encoded(self) -> None:
        stored = (OBJECTS / "core.v1.Pod.pb").read_bytes()
        yaml = (OBJECTS / "core.v1.Pod.yaml").read_bytes()
        self.assertEqual(self.k8s("decode", stdin=stored + b"\n"), yaml)
        self.assertEqual(self.k8s("decode", "--file", OBJECTS / "core.v1.Pod.pb"), yaml)
        self.assertEqual(self.k8s("encode", stdin=yaml), stored)
        shown = self.k8s("decode", "-o", "json", stdin=stored)
        self.assertEqual(json.loads(shown)["kind"], "Pod")
        self.assertEqual(self.k8s("encode", "-f", "json", stdin=shown), stored)
        self.assertIn(self.k8s("decode", "-o", "proto", stdin=stored), stored)
        self.assertEqual(self.k8s("decode", "--meta-only", stdin=stored),
                         b"TypeMeta.APIVersion: v1\nTypeMeta.Kind: Pod\n")

    def test_a_custom_resource_is_json(self) -> None:
        self.assertEqual(self.k8s("decode", "-o", "json", stdin=b"/key\n" + CUSTOM), CUSTOM)
        yaml = self.k8s("decode", stdin=CUSTOM)
        self.assertEqual(yaml, b"apiVersion: example.com/v1\nkind: X\nmetadata:\n"
                               b"  namespace: other\n")
        self.assertEqual(self.k8s("encode", stdin=yaml), CUSTOM)

    def test_a_batch_is_decoded_as_etcd_dump_logs_wants_it(self) -> None:
        secret = (OBJECTS / "core.v1.Secret.pb").read_bytes()
        batch = secret.hex() + "\n" + b"none".hex() + "\n" + CUSTOM.hex().upper() + "\n"
        lines = self.k8s("decode", "--batch-process", "-o", "json", stdin=batch.encode())
        first, empty, second, third, *_ = lines.decode().split("\n")
        self.assertTrue(first.startswith('OK|{"kind":"Secret"'), first)
        self.assertEqual(empty, "")
        self.assertEqual(second, "ERROR:error reading input, does not appear to contain valid JSON "
                                 "or binary data|")
        self.assertTrue(third.startswith('OK|{"apiVersion":"example.com/v1"'), third)

    def test_what_cannot_be_shown_or_stored_is_refused(self) -> None:
        self.assertEqual(self.refusal("decode"), "Error: no input data")
        self.assertEqual(self.refusal("decode", stdin=b"none"),
                         "Error: error reading input, does not appear to contain valid JSON or "
                         "binary data")
        self.assertEqual(self.refusal("decode", "-o", "xml", stdin=CUSTOM),
                         "Error: unrecognized 'out' flag value: xml")
        self.assertEqual(self.refusal("encode", stdin=POD.replace("spec", "spek").encode()),
                         "Error: spek: there is no such field")


class DatabaseTest(K8sCase):
    def put(self, member: Member, key: str, value: bytes) -> None:
        subprocess.run([ETCDCTL, "--endpoints", member.address, "put", key], input=value,
                       check=True, capture_output=True, timeout=60)

    def check(self, file: Path) -> None:
        self.assertEqual(self.k8s("extract", "-f", file).decode().split(),
                         [CUSTOM_KEY, POD_KEY])
        self.assertEqual(self.k8s("extract", "-f", file, "-k", POD_KEY).decode(), POD)
        before = self.k8s("extract", "-f", file, "-k", POD_KEY, "-v", "1").decode()
        self.assertEqual(before, POD.replace("name: c", "name: before"))
        self.assertEqual(self.k8s("extract", "-f", file, "-k", POD_KEY, "--list-versions"),
                         b"1\n2\n")
        self.assertEqual(self.k8s("extract", "-f", file, "-k", CUSTOM_KEY, "--raw"),
                         CUSTOM + b"\n")
        fields = "key,value-size,all-versions-value-size,version-count"
        size = len(self.k8s("encode", stdin=POD.encode()))
        self.assertEqual(self.k8s("extract", "-f", file, "--keys-by-prefix", "/registry/pods",
                                  "--fields", fields).decode(),
                         f"{POD_KEY} {size} {2 * size + len('before') - len('c')} 2\n")
        template = "--template={{.Value.kind}} {{.Value.metadata.name}}"
        self.assertEqual(self.k8s("extract", "-f", file, template), b"X <no value>\nPod p\n")
        self.assertEqual(self.k8s("extract", "-f", file, template,
                                  "--filter", ".Value.metadata.namespace=default"), b"Pod p\n")
        self.assertEqual(self.k8s("extract", "-f", file, "-r", "2"), f"{POD_KEY}\n".encode())
        self.assertEqual(self.refusal("extract", "-f", file, "-k", "/none"),
                         "Error: no versions found for key: /none")
        self.assertEqual(self.refusal("extract", "-f", file, "--list-versions"),
                         "Error: --list-versions may only be used with --key")

    def test_objects_of_a_member_a_snapshot_and_a_directory_of_etcd(self) -> None:
        member = self.member()
        member.start()
        before = POD.replace("name: c", "name: before")
        self.put(member, POD_KEY, self.k8s("encode", stdin=before.encode()))
        self.put(member, POD_KEY, self.k8s("encode", stdin=POD.encode()))
        self.put(member, CUSTOM_KEY, CUSTOM)
        self.put(member, "/registry/gone", CUSTOM)
        subprocess.run([ETCDCTL, "--endpoints", member.address, "del", "/registry/gone"],
                       check=True, capture_output=True, timeout=60)
        self.save(member)
        live = subprocess.run([ETCDCTL, "--endpoints", member.address, "get", POD_KEY],
                              check=True, capture_output=True, timeout=60).stdout
        self.assertEqual(self.k8s("decode", stdin=live).decode(), POD)
        member.stop()
        self.check(self.snapshot)
        self.check(member.folder / "data/member/snap/db.mdb")
        exported = self.folder / "exported"
        self.utl("export", "--data-dir", member.folder / "data", "--output-dir", exported)
        self.check(exported / "member/snap/db")


@real_etcd.needed
class BesideKubernetesTest(K8sCase):
    def test_random_objects_of_every_kind_are_what_kubernetes_shows_and_stores(self) -> None:
        lines = subprocess.run(["go", "run", ".", "random", str(SEED), str(OBJECTS_OF_KIND)],
                               cwd=ROOT / "scripts/kubernetes", check=True,
                               stdout=subprocess.PIPE).stdout.splitlines()
        self.assertGreater(len(lines), 170 * OBJECTS_OF_KIND)
        with ThreadPoolExecutor(2) as pool:
            for wrong in pool.map(self.compare, map(json.loads, lines)):
                self.assertEqual(wrong, [], f"SEED={SEED}")

    def compare(self, example: dict) -> list[str]:
        stored, of_json, of_yaml = (base64.b64decode(example[name])
                                    for name in ("Stored", "OfJSON", "OfYAML"))
        shown, yaml = example["JSON"].encode(), example["YAML"].encode()
        cases = {"yaml": (run("decode", stdin=stored), yaml),
                 "json": (run("decode", "-o", "json", stdin=stored), shown),
                 "stored of json": (run("encode", "-f", "json", stdin=shown), of_json),
                 "stored of yaml": (run("encode", stdin=yaml), of_yaml)}
        return [f"{example['Kind']}, {name}: {done.stderr.decode()}"
                for name, (done, expected) in cases.items() if done.stdout != expected]


if __name__ == "__main__":
    unittest.main()
