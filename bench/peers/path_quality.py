#!/usr/bin/env python3
"""How good the paths are that searches find in a given time: `ranklens path` against opt_einsum and cotengra.

$RANKLENS_DATA/contraction/paths holds public problems (inputs, output, size_dict). Each side gets `--seconds` of the
clock and `--threads`; peers that do not keep to their time are ended at 1.7 times as much, and what they had is lost.
What is printed is log2 of the multiply-adds of the path, counted here for all sides alike (one a combination of all
labels of a step), and the seconds that the search took. The difference is ours less the best of the others: each unit
above 0 is a path twice as dear, each below 0 one half as dear. One round; all searches draw at random.
"""
import argparse
import importlib.metadata
import importlib.util
import json
import math
import os
import pathlib
import signal
import subprocess
import sys
import time
import warnings

HERE = pathlib.Path(__file__).resolve().parent
OVERRUN = 1.7
MANY = 10**9  # trials: time ends the search


def read_problem(file):
    problem = json.loads(pathlib.Path(file).read_text())
    return [tuple(term) for term in problem["inputs"]], tuple(problem["output"]), problem["size_dict"]


def log2_flops(problem, path):
    """Of a path of positions; a step of more than two tensors is taken from left to right."""
    inputs, output, sizes = problem
    terms, total = [set(term) for term in inputs], 0
    while path or len(terms) > 1:
        step, *path = path if path else [range(len(terms))]
        merged = [terms.pop(k) for k in sorted(step, reverse=True)]
        for k in range(1, len(merged)):
            both = merged[0] | merged[k]
            total += math.prod(sizes[label] for label in both)
            others = set(output).union(*terms, *merged[k + 1:])
            merged[0] = both & others
        terms.append(merged[0])
    return math.log2(total) if total else 0.0


def opt_einsum_peers(seconds, threads):
    import opt_einsum

    def of(optimize):
        def search(problem):
            inputs, output, sizes = problem
            return optimize([frozenset(term) for term in inputs], frozenset(output), sizes)
        return search

    paths = opt_einsum.paths
    return {
        "greedy": of(paths.greedy),
        "auto-hq": of(paths.auto_hq),
        "dp": of(opt_einsum.DynamicProgramming(cost_cap=True)),
        "random-greedy": of(opt_einsum.RandomGreedy(max_repeats=MANY, max_time=seconds, parallel=threads)),
    }


def cotengra_peers(seconds, threads):
    import cotengra

    def hyper(**more):
        return cotengra.HyperOptimizer(max_repeats=MANY, max_time=seconds, parallel=threads, minimize="flops",
                                       progbar=False, **more)

    def of(make):
        def search(problem):
            inputs, output, sizes = problem
            return make().search(inputs, output, sizes).get_path()
        return search

    def by_function(function):
        def search(problem):
            inputs, output, sizes = problem
            return function(inputs, output, sizes)
        return search

    peers = {
        "greedy": by_function(cotengra.pathfinders.path_basic.optimize_greedy),
        "optimal": by_function(cotengra.pathfinders.path_basic.optimize_optimal),
        "random-greedy-128": of(lambda: cotengra.pathfinders.path_basic.RandomGreedyOptimizer(
            max_repeats=128, parallel=threads)),
        "auto-hq": of(lambda: cotengra.AutoHQOptimizer(max_repeats=MANY, max_time=seconds, parallel=threads)),
        "hyper greedy": of(lambda: hyper(methods=["greedy"], reconf_opts={})),
        "hyper labels": of(lambda: hyper(methods=["labels"], reconf_opts={})),
        "hyper annealing": of(lambda: hyper(methods=["greedy"], simulated_annealing_opts={})),
    }
    if importlib.util.find_spec("kahypar"):
        peers["hyper kahypar"] = of(lambda: hyper(methods=["kahypar"], reconf_opts={}))
        peers["hyper, all"] = of(lambda: hyper(methods=["greedy", "kahypar", "labels"], reconf_opts={}))
    return peers


LIBRARIES = {"opt_einsum": opt_einsum_peers, "cotengra": cotengra_peers}


def be_peer(library, name, file, seconds, threads):
    """Runs in a process of its own, which the alarm ends."""
    warnings.filterwarnings("ignore")
    search = LIBRARIES[library](seconds, threads)[name]
    problem = read_problem(file)
    signal.alarm(math.ceil(OVERRUN * seconds))
    begin = time.monotonic()
    path = search(problem)
    taken = time.monotonic() - begin
    signal.alarm(0)
    print(json.dumps({"log2_flops": log2_flops(problem, [tuple(step) for step in path]), "seconds": taken}), flush=True)
    os._exit(0)  # whatever its pools still do


def peer(library, name, file, options):
    command = [sys.executable, __file__, "--peer", library, name, file, "--seconds", str(options.seconds), "--threads",
               str(options.threads)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True)
    try:
        child.wait(OVERRUN * options.seconds + 30)  # which the alarm ends; longer only if imports take long
    except subprocess.TimeoutExpired:
        pass
    try:
        os.killpg(child.pid, signal.SIGKILL)  # pools outlive it, and hold its output open
    except ProcessLookupError:
        pass
    line = child.stdout.readline()
    child.wait()
    return json.loads(line) if line else None


def ours(file, options):
    run = subprocess.run([options.bin / "ranklens", "path", file, "--seconds", str(options.seconds), "--threads",
                          str(options.threads), "--seed", str(options.seed), "--json"], check=True, capture_output=True, text=True)
    report = json.loads(run.stdout)
    return {"log2_flops": log2_flops(read_problem(file), report["linear_path"]), "seconds": report["seconds"],
            "method": report["method"]}


def compare(file, options):
    print(f"  {file.stem}", flush=True)

    def line(label, found):
        if found is None:
            print(f"    {label:<32} no path in {OVERRUN * options.seconds:.0f} s", flush=True)
        else:
            print(f"    {label:<32} 2^{found['log2_flops']:.2f} in {found['seconds']:.1f} s"
                  f"{'  by ' + found['method'] if 'method' in found else ''}", flush=True)

    mine = ours(file, options)
    line("ours", mine)
    best = {}
    for library, make in LIBRARIES.items():
        if options.library not in library:
            continue
        for name in make(options.seconds, options.threads):
            if options.optimiser not in name:
                continue
            found = peer(library, name, file, options)
            line(f"{library}, {name}", found)
            if found and (library not in best or found["log2_flops"] < best[library][0]):
                best[library] = (found["log2_flops"], name)
    if best:
        library = min(best, key=lambda key: best[key][0])
        difference = mine["log2_flops"] - best[library][0]
        print(f"    best of the others: {library}, {best[library][1]}; ours is 2^{difference:.2f} times as dear", flush=True)
    return file.stem, mine["log2_flops"], best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=HERE.parent.parent / "build/release/bin")
    parser.add_argument("--rounds", type=int, default=1, help="taken as all families take it; there is one round")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="problems whose name has this in it")
    parser.add_argument("--library", default="", help="libraries whose name has this in it; 'none' for ours alone")
    parser.add_argument("--optimiser", default="", help="their searches whose name has this in it")
    parser.add_argument("--peer", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        return be_peer(*options.peer, options.seconds, options.threads)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in
                         ("opt_einsum", "cotengra", "cotengrust", "kahypar", "optuna") if importlib.util.find_spec(name))
    print(f"path_quality: {options.seconds:g} s on {options.threads} threads, {versions}")
    files = sorted(pathlib.Path(os.environ.get("RANKLENS_DATA", "")).glob("contraction/paths/*.json"))
    if not files:
        print("    RANKLENS_DATA names no folder with contraction/paths in it: skipped")
    rows = [compare(file, options) for file in files if options.only in file.stem]
    print("\n| problem | ours | opt_einsum | cotengra | difference |\n| --- | --- | --- | --- | --- |")
    for name, mine, best in rows:
        cells = [f"{best[library][0]:.2f} ({best[library][1]})" if library in best else "–" for library in LIBRARIES]
        difference = f"{mine - min(value for value, _ in best.values()):+.2f}" if best else "–"
        print(f"| {name} | {mine:.2f} | {' | '.join(cells)} | {difference} |")


if __name__ == "__main__":
    main()
