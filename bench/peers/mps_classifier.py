#!/usr/bin/env python3
"""A matrix product state as a classifier, float32: ours against TensorKrowch's MPSLayer in each of its modes.

196 sites of two numbers each, bond 32, 10 classes, batch 100; training is forward and the gradients to all cores and to
the features.
"""
from side_by_side import Sides

sides = Sides(__doc__, ["torch", "tensorkrowch", "opt_einsum"])

import tensorkrowch
import torch

torch.set_num_threads(1)
torch.manual_seed(1)
SITES, BOND, BATCH, CLASSES = 196, 32, 100, 10


def layer(inline_input, inline_mats, stacked):
    mps = tensorkrowch.models.MPSLayer(n_features=SITES + 1, in_dim=2, out_dim=CLASSES, bond_dim=BOND,
                                       init_method="randn_eye", std=1e-3)
    mps.auto_stack, mps.auto_unbind = stacked, False
    mps.trace(torch.zeros(1, SITES, 2), inline_input=inline_input, inline_mats=inline_mats)
    return lambda x: mps(x, inline_input=inline_input, inline_mats=inline_mats), list(mps.parameters())


pixels = torch.rand(BATCH, SITES)
x = torch.stack([pixels, 1 - pixels], 2)
watched = x.clone().requires_grad_()
dy = torch.randn(BATCH, CLASSES)
modes = {}
for inline_input in (True, False):
    for inline_mats in (True, False):
        for stacked in (True, False):
            label = ", ".join(word for on, word in ((inline_input, "inline input"), (inline_mats, "inline matrices"),
                                                    (stacked, "stacked")) if on)
            modes[f"TensorKrowch, {label or 'plain'}"] = layer(inline_input, inline_mats, stacked)


def forward(run):
    def work():
        with torch.no_grad():
            run(x)
    return work


def training(run, parameters):
    return lambda: torch.autograd.grad(run(watched), [watched, *parameters], dy)


case = f"{SITES} sites, bond {BOND}, batch {BATCH}"
name = f"mps_classifier/{SITES}_D{BOND}_b{BATCH}"
if sides.wanted(f"{case}, forward"):
    sides.compare(f"{case}, forward", {"classifier": f"{name}/forward"},
                  {label: forward(run) for label, (run, _) in modes.items()})
if sides.wanted(f"{case}, training"):
    sides.compare(f"{case}, training", {"classifier": f"{name}/training"},
                  {label: training(*both) for label, both in modes.items()})
