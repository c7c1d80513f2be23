"""What the scripts of the families share: same inputs, one process environment, all sides in turn, medians.

A script is one family of work. It writes the inputs as .npy files into a folder; our benchmarks read them from there
(RANKLENS_BENCH_INPUTS, bench/tn/inputs.h) and write their results back, so that errors and values are compared, too.
Times are milliseconds of processor time a call, the median over the rounds; in each round every side runs once, for
at least `--seconds` or one call. A ratio is the other's time over ours, also the median over the rounds.
"""
import argparse
import importlib.metadata
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

HERE = pathlib.Path(__file__).resolve().parent


def environment(threads):
    """Both sides keep freed memory (what base::keep_freed_memory does in our programs) and use as many threads."""
    keep, count = str(1 << 30), str(threads)
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
    return {**os.environ, **dict.fromkeys(names, count), "MALLOC_MMAP_THRESHOLD_": keep, "MALLOC_TRIM_THRESHOLD_": keep}


def milliseconds(work, seconds):
    """Processor time of a call: of as many as fill `seconds`, at least one."""
    count, begin = 0, time.process_time()
    while count == 0 or time.process_time() - begin < seconds:
        work()
        count += 1
    return 1e3 * (time.process_time() - begin) / count


class Sides:
    """The command line of a script, its folder of inputs, and the table that it prints."""

    def __init__(self, description, packages):
        parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--bin", type=pathlib.Path, default=HERE.parent.parent / "build/release/bin")
        parser.add_argument("--rounds", type=int, default=5)
        parser.add_argument("--seconds", type=float, default=0.2, help="processor time a side and round, at least")
        parser.add_argument("--only", default="", help="cases whose name has this in it")
        self.options = parser.parse_args()
        if environment(1).items() - os.environ.items():  # read by allocators and libraries when they are loaded
            os.execve(sys.executable, [sys.executable, *sys.argv], environment(1))
        warnings.filterwarnings("ignore")  # of the packages
        self.temporary = tempfile.TemporaryDirectory(prefix="ranklens-peers-")
        self.folder = pathlib.Path(self.temporary.name)
        self.versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
        print(f"{pathlib.Path(sys.argv[0]).stem}: one thread, {self.versions}")

    def wanted(self, case):
        return self.options.only in case

    def write(self, name, array):
        import numpy
        numpy.save(self.folder / f"{name}.npy", numpy.ascontiguousarray(array))

    def read(self, name):
        import numpy
        return numpy.load(self.folder / f"{name}.npy")

    def ours(self, names):
        """Runs our benchmarks; what each reports, with its processor time as `ms`."""
        command = [self.options.bin / "bench_tn", f"--benchmark_filter=^({'|'.join(names)})$", "--benchmark_format=json",
                   f"--benchmark_min_time={self.options.seconds}"]
        run = subprocess.run(command, env={**environment(1), "RANKLENS_BENCH_INPUTS": str(self.folder)}, check=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        scale = {"ns": 1e-6, "us": 1e-3, "ms": 1, "s": 1e3}
        reports = json.loads(run.stdout)["benchmarks"] if run.stdout else []  # nothing where no name fits
        found = {b["name"]: {**b, "ms": b["cpu_time"] * scale[b["time_unit"]]} for b in reports}
        if missing := set(names) - set(found):
            sys.exit(f"bench_tn has no benchmark {', '.join(sorted(missing))}")
        return found

    def compare(self, case, ours, peers, note=None, rival=None, divide=1):
        """Prints a row for each of our modes and each peer.

        ours: {label: benchmark}; peers: {label: function of no arguments}. note(label, report or None) is a text such as
        an error, once a side has run. The ratio of a peer is held against the first of our modes; `rival` says which
        peers count for the summary: a set of labels, or None for all. `divide`: calls are so many units of work.
        """
        times = {label: [] for label in [*ours, *peers]}
        reports = {}
        for _ in range(self.options.rounds):
            for name, report in self.ours(list(ours.values())).items():
                label = next(key for key, value in ours.items() if value == name)
                times[label].append(report["ms"] / divide)
                reports[label] = report
            for label, work in peers.items():
                times[label].append(milliseconds(work, self.options.seconds) / divide)
        reference = next(iter(ours))
        print(f"  {case}")
        ratios = {}
        for label, values in times.items():
            ratio = [theirs / mine for theirs, mine in zip(values, times[reference])]
            ratios[label] = statistics.median(ratio)
            text = "" if label == reference else f"  {ratios[label]:6.2f} ({min(ratio):.2f} to {max(ratio):.2f})"
            extra = note(label, reports.get(label)) if note else None
            print(f"    {'ours, ' if label in ours else ''}{label:<{38 - 6 * (label in ours)}} "
                  f"{statistics.median(values):10.3f} ms{text}{'  ' + extra if extra else ''}")
        rivals = {label: ratio for label, ratio in ratios.items() if label in peers and (rival is None or label in rival)}
        if rivals:
            best = min(rivals, key=rivals.get)
            print(f"    best of the others: {best}, {rivals[best]:.2f} times our time", flush=True)
        return times
