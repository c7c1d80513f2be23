#!/usr/bin/env python3
"""Rounding of trains, float64: ours against torchTT, tntorch, teneva and quimb.

d cores of n, ranks r: a train of ranks r' with one of ranks r - r' as noise of relative norm 1e-6, rounded to ranks r'.
The error beside each time is relative to the train; the best possible one is about 1e-6. The summary counts those whose
error is at most 1.01 times the least.
"""
from side_by_side import Sides

sides = Sides(__doc__, ["numpy", "torch", "torchTT", "tntorch", "teneva", "quimb"])

import numpy as np
import quimb.tensor as qtn
import tntorch
import teneva
import torch
import torchtt
from quimb.tensor.tn1d.compress import tensor_network_1d_compress

torch.set_num_threads(1)
RANDOM = np.random.default_rng(1)


def random_train(d, n, rank):
    ranks = [1, *[rank] * (d - 1), 1]
    return [RANDOM.standard_normal((r, n, s)) / np.sqrt(r * n) for r, s in zip(ranks, ranks[1:])]


def added(a, b, factor):
    """a + factor b, by block-diagonal cores."""
    cores = []
    for k, (x, y) in enumerate(zip(a, b)):
        if k == 0:
            cores.append(np.concatenate([x, y * factor], axis=2))
        elif k == len(a) - 1:
            cores.append(np.concatenate([x, y], axis=0))
        else:
            core = np.zeros((x.shape[0] + y.shape[0], x.shape[1], x.shape[2] + y.shape[2]))
            core[: x.shape[0], :, : x.shape[2]], core[x.shape[0] :, :, x.shape[2] :] = x, y
            cores.append(core)
    return cores


def norm(cores):
    """By QR from the left: nothing cancels."""
    rest = np.ones((1, 1))
    for core in cores:
        matrix = np.tensordot(rest, core, 1).reshape(-1, core.shape[2])
        rest = np.linalg.qr(matrix, mode="r")
    return np.linalg.norm(rest)


def quimb_cores(network):
    network.permute_arrays("lpr")
    arrays = [np.asarray(array) for array in network.arrays]
    return [arrays[0][None], *arrays[1:-1], arrays[-1][..., None]]


def peers_of(cores, rank):
    """{label: (work, cores of what it gives)}."""
    there = [torch.from_numpy(core) for core in cores]
    train = torchtt.TT(there)
    ends = [cores[0][0], *cores[1:-1], cores[-1][..., 0]]
    in_numpy = qtn.MatrixProductState(ends, shape="lpr")
    in_torch = qtn.MatrixProductState([torch.from_numpy(core) for core in ends], shape="lpr")

    def of_quimb(network, method):
        return lambda: tensor_network_1d_compress(network, max_bond=rank, cutoff=0.0, method=method)

    plain = lambda found: [np.asarray(core) for core in found]
    result = {
        "torchTT": (lambda: train.round(eps=1e-14, rmax=rank), lambda found: plain(found.cores)),
        "tntorch, svd": (lambda: tntorch.round_tt(tntorch.Tensor(there), rmax=rank), lambda found: plain(found.cores)),
        "tntorch, eig": (lambda: tntorch.round_tt(tntorch.Tensor(there), rmax=rank, algorithm="eig"),
                         lambda found: plain(found.cores)),
        "teneva": (lambda: teneva.truncate(cores, 1e-14, rank), plain),
    }
    for method in ("direct", "dm", "zipup", "src", "src-oversample"):
        result[f"quimb {method}, NumPy"] = (of_quimb(in_numpy, method), quimb_cores)
    for method in ("direct", "zipup"):
        result[f"quimb {method}, torch"] = (of_quimb(in_torch, method), quimb_cores)
    return result


def compare(number, d, n, wide, rank):
    case = f"{d} cores of {n}, ranks {wide} to {rank}"
    if not sides.wanted(case):
        return
    signal, noise = random_train(d, n, rank), random_train(d, n, wide - rank)
    cores = added(signal, noise, 1e-6 * norm(signal) / norm(noise))
    for k, core in enumerate(cores):
        sides.write(f"rounding_{number}.{k}", core)
    size = norm(cores)
    errors, peers = {}, {}
    for label, (work, give) in peers_of(cores, rank).items():
        try:
            errors[label] = norm(added(cores, give(work()), -1)) / size
            peers[label] = work
        except Exception as problem:  # a method of a peer that does not run here
            print(f"    {label} fails: {type(problem).__name__}: {str(problem)[:80]}")
    modes = ("randomised_narrow", "randomised", "gram", "qr")
    ours = {mode: f"rounding/{mode}/{number}" for mode in modes}
    least = min(errors.values())
    sides.compare(case, ours, peers, lambda label, report: f"error {report['error'] if report else errors[label]:.4e}",
                  {label for label in peers if errors[label] <= 1.01 * least})


compare(0, 10, 10, 100, 10)
compare(1, 30, 2, 128, 64)
compare(2, 8, 16, 64, 32)
