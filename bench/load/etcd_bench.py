#!/usr/bin/env python3
"""etcd-bench beside h2load, alternating on the same unary calls in one run, and the CPU that it takes
for a request beside etcd's own benchmark (3.7), where there is a go to build that with.

Usage: scripts/bench etcd_bench, or etcd_bench.py BIN_DIRECTORY [--tmpfs] with the programs of a
release build.

The server is on the first core, whoever sends on the last. Throughput and latency should be within
10 percent of h2load's, and the CPU at most a quarter of etcd's benchmark's.
"""

import json
import os
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

from etcd import KEY, PUT, RANGE, Member, grpc

RUNS = 5
REQUESTS = 100_000
SHAPES = ((1, 10), (10, 10), (100, 10))  # connections, requests under way on each
TIMEOUT_SECONDS = 300
E2E = pathlib.Path(__file__).resolve().parents[2] / "test/e2e"

# name, path, body, words of etcd-bench
LOADS = (
    ("put", "/etcdserverpb.KV/Put", PUT,
     ("put", "--key-size", str(len(KEY)), "--val-size", "256")),
    ("range", "/etcdserverpb.KV/Range", RANGE, ("range", KEY.decode())),
)


def run(command: list[str]) -> tuple[str, float]:
    """What it prints, and the seconds of CPU that it took; on the last core."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(["taskset", "-c", str(os.cpu_count() - 1), *command],
                          capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def h2load(member: Member, path: str, body: bytes, shape: tuple[int, int]) -> dict[str, float]:
    connections, streams = shape
    with tempfile.TemporaryDirectory() as folder:
        log, data = pathlib.Path(folder) / "log", pathlib.Path(folder) / "body"
        data.write_bytes(grpc(body))
        text, cpu = run(["h2load", "-n", str(REQUESTS), "-c", str(connections), "-m", str(streams),
                         "-d", str(data), f"--log-file={log}", "-H",
                         "content-type: application/grpc", "-H", "te: trailers", member.url + path])
        micros = sorted(int(line.split()[2]) for line in log.open())
    if not re.search(rf"\b{REQUESTS} succeeded", text):
        raise SystemExit(f"h2load: not all requests succeeded\n{text}")
    return {"requests/s": float(re.search(r"finished in .*?, ([\d.]+) req/s", text)[1]),
            "p50": micros[len(micros) // 2], "p99": micros[len(micros) * 99 // 100],
            "cpu": cpu / REQUESTS * 1e6}


def words_of(member: Member, words: tuple[str, ...], shape: tuple[int, int]) -> list[str]:
    connections, streams = shape
    return [*words, "--endpoints", member.url.removeprefix("http://"), "--conns", str(connections),
            "--clients", str(connections * streams), "--total", str(REQUESTS)]


def etcd_bench(program: str, member: Member, words: tuple[str, ...],
               shape: tuple[int, int]) -> dict[str, float]:
    text, cpu = run([program, *words_of(member, words, shape), "--output", "json"])
    series, = json.loads(text)["series"]
    if series["requests"] != REQUESTS:
        raise SystemExit(f"etcd-bench: not all requests succeeded\n{series['errors']}")
    percentiles = series["latency_seconds"]["percentiles"]
    return {"requests/s": series["requests_per_second"], "p50": percentiles["50"] * 1e6,
            "p99": percentiles["99"] * 1e6, "cpu": cpu / REQUESTS * 1e6}


def gos_benchmark(program: str, member: Member, words: tuple[str, ...],
                  shape: tuple[int, int]) -> dict[str, float]:
    text, cpu = run([program, *words_of(member, words, shape)])
    return {"requests/s": float(re.search(r"Requests/sec:\t([\d.]+)", text)[1]),
            "cpu": cpu / REQUESTS * 1e6}


def build_gos_benchmark() -> str | None:
    if shutil.which("go") is None:
        return None
    sys.path.append(str(E2E))
    import real_etcd
    return str(real_etcd.build("benchmark"))


def report(name: str, results: dict[str, list[dict[str, float]]]) -> None:
    """Medians, and the ratios to those of etcd-bench."""
    median = {program: {what: statistics.median(each[what] for each in runs) for what in runs[0]}
              for program, runs in results.items()}
    ours, h2 = median["etcd-bench"], median["h2load"]
    line = f"{name:14}"
    for what, unit in (("requests/s", ""), ("p50", " us"), ("p99", " us"), ("cpu", " us")):
        line += f" | {what} {ours[what]:.6g}{unit}, h2load {h2[what]:.6g}: {ours[what] / h2[what]:.2f}x"
    if real := median.get("benchmark"):
        line += (f" | cpu of etcd's {real['cpu']:.1f} us: {ours['cpu'] / real['cpu']:.2f}x, "
                 f"its requests/s {real['requests/s']:.0f}")
    print(line, flush=True)


def main() -> None:
    arguments = sys.argv[1:]
    if not arguments:
        raise SystemExit(__doc__)
    binaries = pathlib.Path(arguments.pop(0))
    root = pathlib.Path(tempfile.mkdtemp(dir="/dev/shm" if "--tmpfs" in arguments else "/var/tmp"))
    member = Member("ours", str(binaries / "etcd"), 24520, root)
    benchmark = build_gos_benchmark()
    try:
        member.start(tls=False)
        member.fill()
        for name, path, body, words in LOADS:
            for shape in SHAPES:
                programs = {"h2load": lambda: h2load(member, path, body, shape),
                            "etcd-bench": lambda: etcd_bench(str(binaries / "etcd-bench"), member,
                                                             words, shape)}
                if benchmark is not None:
                    programs["benchmark"] = lambda: gos_benchmark(benchmark, member, words, shape)
                results = {program: [] for program in programs}
                for _ in range(RUNS):
                    for program, load in programs.items():
                        results[program].append(load())
                report(f"{name} {shape[0]}x{shape[1]}", results)
    finally:
        member.stop()
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
