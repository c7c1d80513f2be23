#!/usr/bin/env python3
"""Contraction of networks by the path that comes with them, float64: ours against opt_einsum and cotengra.

$RANKLENS_DATA/contraction/instances holds problems of tensor4all's tenferro-einsum-benchmark (*.json with format_string,
shapes and paths); their `opt_flops` path is taken by all. Each side prepares once and contracts many times: our Program, opt_einsum's
contract_expression, cotengra's tree. The difference beside a time is that of its result from ours, relative.
"""
import json
import os
import pathlib

from side_by_side import Sides

sides = Sides(__doc__, ["numpy", "torch", "opt_einsum", "cotengra"])

import cotengra
import numpy as np
import opt_einsum
import torch

torch.set_num_threads(1)
RANDOM = np.random.default_rng(1)


def operands_of(shapes):
    """Scaled so that an index that two tensors share sums to about one: results neither vanish nor overflow."""
    return [RANDOM.uniform(0.5, 1.5, shape) / np.sqrt(np.prod(shape)) for shape in shapes]


def compare(file):
    case = file.stem
    if not sides.wanted(case):
        return
    problem = json.loads(file.read_text())
    equation, shapes = problem["format_string"], [tuple(shape) for shape in problem["shapes"]]
    path = [tuple(step) for step in problem["paths"]["opt_flops"]["path"]]
    arrays = operands_of(shapes)
    for k, array in enumerate(arrays):
        sides.write(f"{case}.{k}", array)
    tensors = [torch.from_numpy(array) for array in arrays]
    prepared = opt_einsum.contract_expression(equation, *shapes, optimize=path)
    inputs, output = equation.split("->")
    inputs = inputs.split(",")
    sizes = {label: size for labels, shape in zip(inputs, shapes) for label, size in zip(labels, shape)}
    tree = cotengra.ContractionTree.from_path(inputs, output, sizes, path=path)
    peers = {
        "opt_einsum, torch": lambda: prepared(*tensors, backend="torch"),
        "cotengra, torch": lambda: tree.contract(tensors),
        "cotengra, NumPy": lambda: tree.contract(arrays),
    }
    results = {label: np.asarray(work()) for label, work in peers.items()}

    def note(label, report):
        mine = sides.read(f"{case}.result")
        if report:
            return f"workspace {report['workspace_MB']:.1f} MB"
        return f"differs by {np.linalg.norm(results[label] - mine) / np.linalg.norm(mine):.1e}"

    sides.compare(case, {"program": f"contraction/{case}"}, peers, note, {"opt_einsum, torch", "cotengra, torch"})


files = sorted(pathlib.Path(os.environ.get("RANKLENS_DATA", "")).glob("contraction/instances/*.json"))
if not files:
    print("    RANKLENS_DATA names no folder with contraction/instances in it: skipped")
for file in files:
    compare(file)
