#!/usr/bin/env python3
"""The same work here and in PyTorch, in one run: same machine, threads and allocator settings, in turn.

    bench/peers/run.py --bin build/release/bin [--threads 1,2] [--rounds 5] [--only NAME]

A case is one of our benchmarks (a Google Benchmark program and the name in it, which reports `rate`) and what it is
held against: scripts of its peers (each prints one JSON object with `rate` and `version`), or another benchmark of
ours. What is printed is the ratio of the rates, ours over the other's, as the median over the rounds; all sides run
once in each round. Where both sides report `processor_rate` (work over processor time) and there is one thread, its
ratio follows: other programs on the machine disturb it little.

Tensor networks follow, a script a family (FAMILIES; each runs by itself, too), on one thread: processor time a call.
The last, path_quality, compares what searches find in ten seconds on two threads, and takes half an hour.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys

from side_by_side import HERE, environment


def train(name):
    return ("bench_train", f"training/{name}")


EAGER = {"torch eager NCHW": ("training.py", "--layout", "nchw"), "torch eager channels-last": ("training.py",)}
EAGER_BFLOAT16 = {"torch eager channels-last autocast bfloat16": ("training.py", "--bfloat16")}

# name: (our program and benchmark, {other side: the same, or a script and its arguments})
CASES = {
    "linear-1024": (("bench_base", "dense_chosen/1024"), {"torch nn.Linear": ("linear.py", "--size", "1024")}),
    "training-float32": (train("float32"), {
        **EAGER, "our direct convolutions": train("float32_direct"),
        "the bare convolutions of libtorch": ("bench_train", "bare_convolutions/float32")}),
    "training-float32-direct": (train("float32_direct"), {
        **EAGER, "our graph by libtorch's operators": train("float32_unfused"),
        "the bare convolutions of libtorch": ("bench_train", "bare_convolutions/float32")}),
    "training-bfloat16": (train("bfloat16"), {
        **EAGER_BFLOAT16, "our float32": train("float32"), "our float32, direct": train("float32_direct"),
        "our direct convolutions": train("bfloat16_direct")}),
    "training-bfloat16-direct": (train("bfloat16_direct"), {
        **EAGER_BFLOAT16, "our float32, direct": train("float32_direct"),
        "the bare convolutions of libtorch": ("bench_train", "bare_convolutions/bfloat16")}),
}

# Each is a script of its own that prints a table: tt_linear.py --help.
FAMILIES = ("dense", "tt_linear", "mps_classifier", "tt_svd", "rounding", "tucker_cp", "contraction",
            "path_quality")


def answer(command, threads):
    return json.loads(subprocess.run(command, env=environment(threads), check=True, stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL, text=True).stdout)


def measure(folder, side, threads):
    """What one run of a side reports: rate, perhaps processor_rate and version."""
    if side[0].endswith(".py"):
        return answer([sys.executable, HERE / side[0], "--threads", str(threads), *side[1:]], threads)
    program, name = side
    return answer([folder / program, f"--benchmark_filter=^{name}(/|$)", "--benchmark_format=json"], threads)["benchmarks"][0]


def compare(mine, theirs, key):
    ratios = [a[key] / b[key] for a, b in zip(mine, theirs)]
    return (f"{statistics.median(a[key] for a in mine):.4g} against {statistics.median(b[key] for b in theirs):.4g}, "
            f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


def run_case(name, folder, threads, rounds):
    ours, others = CASES[name]
    mine, theirs = [], {label: [] for label in others}
    for _ in range(rounds):
        mine.append(measure(folder, ours, threads))
        for label, side in others.items():
            theirs[label].append(measure(folder, side, threads))
    for label, reports in theirs.items():
        version = reports[0].get("version")
        print(f"{name}, {threads} threads, {label}{' ' + version if version else ''}: {compare(mine, reports, 'rate')}")
        if threads == 1 and "processor_rate" in mine[0] and "processor_rate" in reports[0]:
            print(f"    by processor time: {compare(mine, reports, 'processor_rate')}", flush=True)


def run_family(name, folder, rounds):
    subprocess.run([sys.executable, HERE / f"{name}.py", "--bin", folder, "--rounds", str(rounds)], check=True,
                   env=environment(1), stderr=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--threads", default="1")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=[*CASES, *FAMILIES])
    options = parser.parse_args()
    for threads in map(int, options.threads.split(",")):
        for name in CASES:
            if options.only in (None, name):
                run_case(name, options.bin, threads, options.rounds)
    for name in FAMILIES:
        if options.only in (None, name):
            run_family(name, options.bin, options.rounds)


if __name__ == "__main__":
    main()
