#!/usr/bin/env python3
"""Dense work: a linear layer in float32 against torch.nn.Linear, and products of matrices in float64 against torch.

Forward without a graph; training is forward and the gradients to input, weight and bias. A product of ours is the contraction
ab,bc->ac of two tensors by `tn`, prepared once. The difference beside a time is that of the peer's result from ours, relative.
"""
from side_by_side import Sides

sides = Sides(__doc__, ["torch"])

import numpy as np
import torch

torch.set_num_threads(1)
RANDOM = np.random.default_rng(1)

# As bench/tn/dense_bench.cpp: inputs, outputs, batch.
LAYERS = ((784, 512, 100), (1024, 1024, 128), (1024, 1024, 1024), (4096, 4096, 256))
PRODUCTS = ((256, 256, 256), (1024, 1024, 1024), (64, 1024, 1024))


def draw(name, *shape, dtype=np.float32):
    array = RANDOM.standard_normal(shape).astype(dtype)
    sides.write(name, array)
    return torch.from_numpy(array)


def differs(result, name):
    def note(_, report):
        mine = sides.read(name)
        return None if report else f"differs by {np.linalg.norm(result - mine) / np.linalg.norm(mine):.1e}"
    return note


def compare_layer(ins, outs, batch):
    case = f"{ins}to{outs}_b{batch}"
    x, dy = draw(f"dense.{case}.x", batch, ins), draw(f"dense.{case}.dy", batch, outs)
    layer = torch.nn.Linear(ins, outs)
    with torch.no_grad():
        layer.weight.copy_(draw(f"dense.{case}.w", outs, ins))
        layer.bias.copy_(draw(f"dense.{case}.bias", outs))
        result = layer(x).numpy()
    watched = x.clone().requires_grad_()
    parameters = [watched, layer.weight, layer.bias]

    def forward():
        with torch.no_grad():
            layer(x)

    works = {"forward": forward, "training": lambda: torch.autograd.grad(layer(watched), parameters, dy)}
    for what, work in works.items():
        if sides.wanted(f"dense layer {case} {what}"):
            sides.compare(f"dense layer {case} {what}", {"dense": f"dense_layer/{case}/{what}"},
                          {"torch.nn.Linear": work}, differs(result, f"dense.{case}.y"))


def compare_product(inner, columns, rows):
    case = f"{inner}to{columns}_b{rows}"
    if not sides.wanted(f"product float64 {case}"):
        return
    a = draw(f"product.{case}.a", rows, inner, dtype=np.float64)
    b = draw(f"product.{case}.b", inner, columns, dtype=np.float64)
    sides.compare(f"product float64 {case}", {"tn": f"product_f64/{case}"}, {"torch.mm": lambda: torch.mm(a, b)},
                  differs(torch.mm(a, b).numpy(), f"product.{case}.c"))


for one in LAYERS:
    compare_layer(*one)
for one in PRODUCTS:
    compare_product(*one)
