#!/usr/bin/env python3
"""The same work here and in PyTorch, in one run: same machine, threads and allocator settings, in turn.

    bench/peers/run.py --bin build/release/bin [--threads 1,2] [--rounds 5] [--only NAME]

A case is one of our benchmarks (a Google Benchmark program and the name in it, which reports `rate`) and the scripts
of its peers (each prints one JSON object with `rate` and `version`). What is printed is the ratio of the rates, ours
over the peer's, as the median over the rounds; both sides run once in each round.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent

# name: (our program, our benchmark, {peer: (script, arguments)})
CASES = {
    "linear-1024": ("bench_base", "dense_chosen/1024/real_time", {"torch nn.Linear": ("linear.py", ["--size", "1024"])}),
}


def environment(threads):
    """Both sides keep freed memory (what base::keep_freed_memory does in our programs) and use as many threads."""
    keep = str(1 << 30)
    return {**os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads),
            "MALLOC_MMAP_THRESHOLD_": keep, "MALLOC_TRIM_THRESHOLD_": keep}


def ours(folder, program, name, threads):
    text = subprocess.run([folder / program, f"--benchmark_filter=^{name}$", "--benchmark_format=json"],
                          env=environment(threads), check=True, capture_output=True, text=True).stdout
    return json.loads(text)["benchmarks"][0]["rate"]


def peer(script, arguments, threads):
    text = subprocess.run([sys.executable, HERE / script, "--threads", str(threads), *arguments],
                          env=environment(threads), check=True, capture_output=True, text=True).stdout
    return json.loads(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--threads", default="1")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only")
    options = parser.parse_args()
    for threads in map(int, options.threads.split(",")):
        for name, (program, benchmark, peers) in CASES.items():
            if options.only and options.only != name:
                continue
            mine, theirs, versions = [], {label: [] for label in peers}, {}
            for _ in range(options.rounds):
                mine.append(ours(options.bin, program, benchmark, threads))
                for label, (script, arguments) in peers.items():
                    answer = peer(script, arguments, threads)
                    theirs[label].append(answer["rate"])
                    versions[label] = answer["version"]
            for label, rates in theirs.items():
                ratios = [a / b for a, b in zip(mine, rates)]
                print(f"{name}, {threads} threads: ours {statistics.median(mine):.4g}, {label} {versions[label]} "
                      f"{statistics.median(rates):.4g}; ratio {statistics.median(ratios):.2f} "
                      f"({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
