"""`./dev bench pieces`: the parts of an e-mail's way that have no server in them, by google-benchmark."""

import json
import subprocess

from mail_load import TOOLS
from rows import Row

GROUP = "the pieces of one e-mail of 1 KiB"
FULL = {"piece_ms": 500}
QUICK = {"piece_ms": 50}
YARDSTICK = "sha256_of_1_kib"


def measure(folder, sizes, tell):
    tell("pieces")
    program = TOOLS / "bench-pieces"
    if not program.exists():
        raise FileNotFoundError("google-benchmark (libbenchmark-dev) was not there when the benchmark's programs were built")
    done = subprocess.run([program, "--benchmark_format=json", f"--benchmark_min_time={sizes['piece_ms'] / 1000}"],
                          check=True, capture_output=True, text=True)
    found = {}
    for entry in json.loads(done.stdout)["benchmarks"]:
        if entry.get("error_occurred"):
            raise RuntimeError(f"{entry['name']}: {entry['error_message']}")
        found[entry["name"]] = entry["cpu_time"]  # In ns, as none of them says another unit.
    yardstick = found.pop(YARDSTICK)
    return [Row(GROUP, name.replace("_", " "), ns, "ns", "SHA-256 of 1 KiB", yardstick, ns / yardstick) for name, ns in found.items()]
