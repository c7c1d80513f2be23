#!/usr/bin/env python3
"""TT-SVD of dense float64 tensors: ours against torchTT, TensorLy, tntorch, teneva and TensorKrowch.

The tensors are a train of the wanted ranks with noise of relative norm 1e-6, or a smooth function. The error beside
each time is relative to the tensor; TensorLy takes no eps and gets the ranks that torchTT finds. The summary counts
deterministic methods whose error is within a thousandth of the least, or keeps eps.
"""
import functools

from side_by_side import Sides

sides = Sides(__doc__, ["numpy", "torch", "torchTT", "tensorly", "tntorch", "teneva", "tensorkrowch"])

import numpy as np
import tensorkrowch
import tensorly
import teneva
import tntorch
import torch
import torchtt

torch.set_num_threads(1)
RANDOM = np.random.default_rng(1)


def full(cores):
    """The tensor of cores [r, n, r'], flat; the ends may lack their rank of 1."""
    cores = [np.asarray(core) for core in cores]
    whole = cores[0].reshape(-1, cores[0].shape[-1])
    for core in cores[1:]:
        whole = (whole @ core.reshape(whole.shape[-1], -1)).reshape(-1, core.shape[-1] if core.ndim == 3 else 1)
    return whole.reshape(-1)


def noisy(modes, rank):
    ranks, rest = [1], int(np.prod(modes))
    for n in modes[:-1]:
        rest //= n
        ranks.append(min(rank, ranks[-1] * n, rest))
    ranks.append(1)
    signal = full([RANDOM.standard_normal((r, n, s)) for r, n, s in zip(ranks, modes, ranks[1:])])
    noise = RANDOM.standard_normal(signal.shape)
    return (signal + noise * (1e-6 * np.linalg.norm(signal) / np.linalg.norm(noise))).reshape(modes)


def smooth(n, d):
    axes = np.meshgrid(*[np.arange(n) / (n - 1)] * d, indexing="ij", sparse=True)
    return 1 / (1 + sum(axis**2 for axis in axes))


def peers_of(tensor, rank, eps):
    """{label: a function that gives the cores}."""
    there = torch.from_numpy(tensor)
    bound = {"rmax": rank} if rank else {}
    found = {"torchTT": lambda: torchtt.TT(there, eps=eps or 1e-14, **bound).cores}
    ranks = [1, *[rank] * (tensor.ndim - 1), 1] if rank else [core.shape[0] for core in found["torchTT"]()] + [1]

    def by_tensorly(backend, given, **how):
        with tensorly.backend_context(backend, local_threadsafe=True):
            return tensorly.decomposition.tensor_train(given, ranks, **how).factors

    found["TensorLy, NumPy"] = functools.partial(by_tensorly, "numpy", tensor)
    found["TensorLy, torch"] = functools.partial(by_tensorly, "pytorch", there)
    found["TensorLy, NumPy, randomised"] = functools.partial(by_tensorly, "numpy", tensor, svd="randomized_svd", random_state=0)
    if rank:
        found["tntorch"] = lambda: tntorch.Tensor(there, ranks_tt=rank).cores
        found["teneva"] = lambda: teneva.svd(tensor, 1e-14, rank)
        found["TensorKrowch"] = lambda: tensorkrowch.decompositions.vec_to_mps(there, rank=rank)
    else:
        found["tntorch"] = lambda: tntorch.round_tt(tntorch.Tensor(there), eps=eps).cores
        # teneva's e is absolute and of one cut.
        found["teneva"] = lambda: teneva.svd(tensor, eps * np.linalg.norm(tensor) / np.sqrt(tensor.ndim - 1))
    return found


def compare(case, name, tensor, rank=None, eps=None):
    if not sides.wanted(case):
        return
    sides.write(name, tensor)
    peers = peers_of(tensor, rank, eps)
    size = np.linalg.norm(tensor)
    errors = {label: np.linalg.norm(full(work()) - tensor.reshape(-1)) / size for label, work in peers.items()}

    def note(label, report):
        return f"error {report['error'] if report else errors[label]:.4e}"

    most = eps or 1.001 * min(errors.values())
    sides.compare(case, {"decompose": name}, peers, note,
                  {label for label in peers if "randomised" not in label and errors[label] <= most})


compare("32^4, rank 16", "tt_svd_32_4", noisy([32] * 4, 16), rank=16)
compare("20^5, smooth, eps 1e-3", "tt_svd_smooth_20_5", smooth(20, 5), eps=1e-3)
compare("2^20, rank 32", "tt_svd_2_20", noisy([2] * 20, 32), rank=32)
