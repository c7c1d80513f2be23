#!/usr/bin/env python3
"""The table of the planner's methods: each on each problem within each budget, on one thread.

    bench/planning.py [--binary build/release/bin/ranklens] [--seconds 0.1,1,10] [--only NAME] [--out FOLDER]

Problems are generated, the same for a seed: square lattices, random regular graphs, quantum circuits, trees, hypergraphs,
trains. With $RANKLENS_DATA the public problems of its contraction/paths follow. A row gives log2 of the multiply-adds
that `ranklens path --method M --seconds S` found; the least is marked *. The end says how often each method was the
best, or the only best, of all: one that never is has no place in the portfolio. `--out` keeps the problems' files.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

METHODS = ("greedy", "exact", "elimination", "bisection", "dissection", "annealing")


def problem(inputs, output=(), size=2):
    labels = {label for tensor in inputs for label in tensor}
    return {"inputs": [list(tensor) for tensor in inputs], "output": list(output),
            "size_dict": {label: size for label in sorted(labels)}}


def of_graph(vertices, edges, size=2):
    inputs = [[] for _ in range(vertices)]
    for number, (a, b) in enumerate(edges):
        inputs[a].append(f"e{number}")
        inputs[b].append(f"e{number}")
    return problem(inputs, size=size)


def lattice(rows, columns, size=2):
    """Tensors at the sites of a square lattice, an index on each bond."""
    edges = [(r * columns + c, r * columns + c + 1) for r in range(rows) for c in range(columns - 1)]
    edges += [(r * columns + c, (r + 1) * columns + c) for r in range(rows - 1) for c in range(columns)]
    return of_graph(rows * columns, edges, size)


def regular(vertices, degree, seed):
    """A random regular graph without loops or repeated edges: stubs paired at random, bad pairs swapped away."""
    draw = random.Random(seed)
    stubs = [vertex for vertex in range(vertices) for _ in range(degree)]
    draw.shuffle(stubs)
    pairs = [(stubs[k], stubs[k + 1]) for k in range(0, len(stubs), 2)]
    for _ in range(1000):
        seen, bad = set(), []
        for k, (a, b) in enumerate(pairs):
            if a == b or (min(a, b), max(a, b)) in seen:
                bad.append(k)
            seen.add((min(a, b), max(a, b)))
        if not bad:
            return of_graph(vertices, pairs)
        for k in bad:
            other = draw.randrange(len(pairs))
            (a, b), (c, d) = pairs[k], pairs[other]
            pairs[k], pairs[other] = (a, d), (c, b)
    raise ValueError("no simple graph found")


def fourier(qubits):
    """All amplitudes of a Fourier transform of a product state: a controlled phase is a matrix on two hyperedges."""
    inputs = [[f"a{k}"] for k in range(qubits)]
    for k in range(qubits):
        inputs.append([f"a{k}", f"b{k}"])
        inputs += [[f"b{k}", f"a{j}"] for j in range(k + 1, qubits)]
    return problem(inputs, [f"b{k}" for k in range(qubits)])


def circuit(side, depth, seed):
    """An amplitude of random two-qubit gates on a square of qubits, in four layers in turn."""
    draw = random.Random(seed)
    now = {(r, c): f"q{r}.{c}.0" for r in range(side) for c in range(side)}
    inputs, used = [[label] for label in now.values()], 0
    for layer in range(depth):
        down, odd = layer % 2, layer // 2 % 2
        for r in range(side):
            for c in range(side):
                other = (r + 1, c) if down else (r, c + 1)
                if (r if down else c) % 2 != odd or other not in now or draw.random() < 0.05:
                    continue
                ends = []
                for place in ((r, c), other):
                    used += 1
                    ends += [now[place], f"q{place[0]}.{place[1]}.{used}"]
                    now[place] = ends[-1]
                inputs.append(ends)
    return problem(inputs + [[label] for label in now.values()])


def tree(vertices, seed, size=10):
    draw = random.Random(seed)
    return of_graph(vertices, [(draw.randrange(k), k) for k in range(1, vertices)], size)


def hypergraph(tensors, labels, seed):
    """Labels of size 2 to 4, each in two to four tensors."""
    draw = random.Random(seed)
    inputs = [[] for _ in range(tensors)]
    for label in range(labels):
        for tensor in draw.sample(range(tensors), draw.choice((2, 2, 2, 3, 4))):
            inputs[tensor].append(f"h{label}")
    made = problem([tensor for tensor in inputs if tensor])
    made["size_dict"] = {label: draw.choice((2, 3, 4)) for label in made["size_dict"]}
    return made


def sandwich(length, bond, operator):
    """A matrix product operator between two matrix product states."""
    inputs, sizes = [], {}
    for layer, size in (("x", bond), ("w", operator), ("y", bond)):
        for k in range(length):
            legs = [f"{layer}{k}"] * (k > 0) + [f"{layer}{k + 1}"] * (k + 1 < length)
            sizes.update({leg: size for leg in legs})
            physical = {"x": [f"u{k}"], "w": [f"u{k}", f"v{k}"], "y": [f"v{k}"]}[layer]
            sizes.update({leg: 2 for leg in physical})
            inputs.append(legs + physical)
    return {"inputs": inputs, "output": [], "size_dict": sizes}


PROBLEMS = {
    "lattice_8x8": lambda: lattice(8, 8, 4),
    "lattice_40x40": lambda: lattice(40, 40),
    "regular3_100": lambda: regular(100, 3, 1),
    "regular3_1000": lambda: regular(1000, 3, 1),
    "regular3_70000": lambda: regular(70000, 3, 1),
    "regular5_60": lambda: regular(60, 5, 1),
    "regular6_1000": lambda: regular(1000, 6, 1),
    "fourier_27": lambda: fourier(27),
    "circuit_6x6_depth_16": lambda: circuit(6, 16, 1),
    "tree_200": lambda: tree(200, 1),
    "hypergraph_60_90": lambda: hypergraph(60, 90, 1),
    "mps_mpo_mps_60": lambda: sandwich(60, 32, 5),
}


def found_by(binary, file, method, seconds):
    """log2 of the multiply-adds and the seconds taken, or why there are none."""
    run = subprocess.run([binary, "path", file, "--method", method, "--seconds", str(seconds), "--seed", "1",
                          "--threads", "1", "--json", "--quiet"], capture_output=True, text=True)
    if run.returncode != 0:
        return None
    report = json.loads(run.stdout)
    return report["log2_flops"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=pathlib.Path, default=pathlib.Path("build/release/bin/ranklens"))
    parser.add_argument("--seconds", default="0.1,1,10")
    parser.add_argument("--only", default="", help="problems whose name has this in it")
    parser.add_argument("--out", type=pathlib.Path, help="keep the generated problems here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.out or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        files = []
        for name, make in PROBLEMS.items():
            if options.only in name:
                files.append(folder / f"{name}.json")
                files[-1].write_text(json.dumps(make()))
        files += [file for file in sorted(pathlib.Path(os.environ.get("RANKLENS_DATA", "")).glob("contraction/paths/*.json"))
                  if options.only in file.stem]
        best, alone = dict.fromkeys(METHODS, 0), dict.fromkeys(METHODS, 0)
        print("| problem | seconds | " + " | ".join(METHODS) + " |\n" + "| --- " * (len(METHODS) + 2) + "|")
        for file in files:
            for seconds in options.seconds.split(","):
                values = {method: found_by(options.binary, file, method, seconds) for method in METHODS}
                least = min((value for value in values.values() if value is not None), default=None)
                winners = [m for m, value in values.items() if value is not None and value <= least + 5e-3]
                for method in winners:
                    best[method] += 1
                    alone[method] += len(winners) == 1
                cells = ("–" if value is None else f"{value:.2f}{'*' if m in winners else ''}" for m, value in values.items())
                print(f"| {file.stem} | {seconds} | " + " | ".join(cells) + " |", flush=True)
        print("\nbest, and alone the best: " + ", ".join(f"{m} {best[m]} ({alone[m]})" for m in METHODS))
        never = [method for method in METHODS if best[method] == 0]
        if never:
            print(f"never: {', '.join(never)}", file=sys.stderr)


if __name__ == "__main__":
    main()
