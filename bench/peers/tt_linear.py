#!/usr/bin/env python3
"""A linear layer whose weight is a TT matrix, float32: ours against torchTT, TensorLy-Torch, tntorch and a dense layer.

Forward without a graph; training is forward and the gradients to input and cores. All sides have the same cores and the
same input; the difference beside a time is that of its output from ours, relative. `dense` of ours is our dense layer.
torchTT's C++ extension (torchttcpp) would change nothing here: it holds solvers, which its layer does not call.
"""
from side_by_side import Sides

sides = Sides(__doc__, ["torch", "torchTT", "tensorly-torch", "tntorch", "opt_einsum"])

import numpy as np
import opt_einsum
import tensorly
import tltorch
import tntorch
import torch
import torchtt

tensorly.set_backend("pytorch")
tensorly.plugins.use_opt_einsum()
torch.set_num_threads(1)
RANDOM = np.random.default_rng(1)

# As bench/tn/tt_linear_bench.cpp: name, output modes, input modes, rank, batch.
CASES = (
    ("1024_r16_b128", (4, 8, 8, 4), (4, 8, 8, 4), 16, 128),
    ("4096_r16_b64", (8,) * 4, (8,) * 4, 16, 64),
    ("784to625_r8_b128", (5,) * 4, (4, 7, 7, 4), 8, 128),
    ("1024_r4_b128", (4, 8, 8, 4), (4, 8, 8, 4), 4, 128),
    ("4096_r8_b256", (8,) * 4, (8,) * 4, 8, 256),
    ("2048to13824_r16_b512", (24,) * 3, (16, 16, 8), 16, 512),
)


def layers(outs, ins, rank, cores):
    """{label: (function of x, its parameters)}, with cores [r, m, n, r']."""
    ranks = (1, *[rank] * (len(ins) - 1), 1)

    def copies(order=(0, 1, 2, 3)):
        return [core.permute(order).contiguous().clone().requires_grad_() for core in cores]

    found = {}
    ours = torchtt.nn.LinearLayerTT(list(ins), list(outs), list(ranks), dtype=torch.float32)
    with torch.no_grad():
        for parameter, core in zip(ours.cores, cores):
            parameter.copy_(core)
    found["torchTT"] = (lambda x: ours(x.reshape(-1, *ins)).reshape(x.shape[0], -1), list(ours.cores))
    for how in ("factorized", "reconstructed"):
        layer = tltorch.FactorizedLinear(ins, outs, bias=False, factorization="blocktt", rank=ranks, implementation=how)
        with torch.no_grad():
            for parameter, core in zip(layer.weight.factors, cores):
                parameter.copy_(core)
        found[f"TensorLy-Torch, {how}"] = (layer, list(layer.weight.factors))
    own = copies((0, 2, 1, 3))
    matrix = tntorch.TTMatrix(own, list(ranks[1:-1]), list(ins), list(outs))
    found["tntorch"] = (lambda x: tntorch.tt_multiply(matrix, x), own)
    return found


def compare(name, outs, ins, rank, batch):
    ranks = (1, *[rank] * (len(ins) - 1), 1)
    cores = [torch.from_numpy((RANDOM.standard_normal(shape) / np.sqrt(shape[0] * shape[2])).astype(np.float32))
             for shape in zip(ranks, outs, ins, ranks[1:])]
    x = torch.from_numpy(RANDOM.standard_normal((batch, np.prod(ins))).astype(np.float32))
    dy = torch.from_numpy(RANDOM.standard_normal((batch, np.prod(outs))).astype(np.float32))
    for k, core in enumerate(cores):
        sides.write(f"{name}.core{k}", core)
    sides.write(f"{name}.x", x)
    sides.write(f"{name}.dy", dy)
    dense = torch.nn.Linear(x.shape[1], dy.shape[1], bias=False)
    every = {**layers(outs, ins, rank, cores), "torch, dense": (dense, [dense.weight])}
    watched = x.clone().requires_grad_()
    outputs = {}
    with torch.no_grad():
        for label, (layer, _) in every.items():
            outputs[label] = layer(x).numpy()

    def training(layer, parameters):
        return lambda: torch.autograd.grad(layer(watched), [watched, *parameters], dy)

    def forward(layer):
        def run():
            with torch.no_grad():
                layer(x)
        return run

    def note(label, report):
        if report:
            return report.get("label")
        if label == "tntorch" or "dense" in label:  # tntorch orders its output by columns; dense has another weight
            return None
        mine = sides.read(f"{name}.y")
        return f"differs by {np.linalg.norm(outputs[label] - mine) / np.linalg.norm(mine):.1e}"

    rivals = {label for label in every if "dense" not in label}
    if sides.wanted(f"{name} forward"):
        sides.compare(f"{name} forward", {"fast": f"train_low_memory/{name}/forward", "dense": f"dense/{name}/forward"},
                      {label: forward(layer) for label, (layer, _) in every.items()}, note, rivals)
    if sides.wanted(f"{name} training"):
        modes = {"fast": "train_fast", "low memory": "train_low_memory", "dense": "dense"}
        sides.compare(f"{name} training", {label: f"{mode}/{name}/training" for label, mode in modes.items()},
                      {label: training(*both) for label, both in every.items()},
                      lambda label, report: report and report.get("label"), rivals)


for case in CASES:
    if any(sides.wanted(f"{case[0]} {what}") for what in ("forward", "training")):
        compare(*case)
