#!/usr/bin/env python3
"""Tucker by HOOI and CP by alternating least squares, float64: ours against TensorLy on NumPy and on torch.

HOOI: 200^3 of multilinear rank 20 with noise of a hundredth, 10 sweeps. CP: random entries, where convergence is
slowest, 50 sweeps from random factors, time a sweep.
"""
import functools

from side_by_side import Sides

sides = Sides(__doc__, ["numpy", "torch", "tensorly", "tntorch"])

import numpy as np
import tensorly
import tntorch
import torch
from tensorly.decomposition import parafac, tucker

torch.set_num_threads(1)
RANDOM = np.random.default_rng(1)
SWEEPS = 50


def in_tensorly(backend, tensor, work):
    given = torch.from_numpy(tensor) if backend == "pytorch" else tensor

    def run():
        with tensorly.backend_context(backend, local_threadsafe=True):
            return work(given)
    return run


def compare_hooi():
    case = "HOOI 200^3, rank 20, 10 sweeps"
    if not sides.wanted(case):
        return
    tensor = RANDOM.standard_normal((20, 20, 20))
    for _ in range(3):
        tensor = np.tensordot(tensor, RANDOM.standard_normal((200, 20)), axes=(0, 1))
    tensor = tensor + RANDOM.standard_normal(tensor.shape) * (0.01 * tensor.std())
    sides.write("tucker_200", tensor)
    size, peers, errors = np.linalg.norm(tensor), {}, {}
    for backend, name in (("numpy", "NumPy"), ("pytorch", "torch")):
        for svd in ("truncated_svd", "randomized_svd"):
            label = f"TensorLy, {name}, {svd.replace('_', ' ')}"
            peers[label] = in_tensorly(backend, tensor, lambda given, svd=svd: tucker(
                given, [20] * 3, n_iter_max=10, init="svd", tol=0, svd=svd, random_state=0))
            core = np.asarray(peers[label]().core)
            errors[label] = np.sqrt(max(size**2 - np.linalg.norm(core) ** 2, 0)) / size  # factors are orthonormal
    sides.compare(case, {"hooi": "hooi_200_r20_10_sweeps"}, peers,
                  lambda label, report: f"error {report['error'] if report else errors[label]:.5e}",
                  {label for label in peers if "randomized" not in label})
    tensor_there = torch.from_numpy(tensor)
    sides.compare("HOSVD 200^3, rank 20", {"st_hosvd": "st_hosvd_200_r20"},
                  {"tntorch": lambda: tntorch.Tensor(tensor_there, ranks_tucker=20)},
                  lambda label, report: f"error {report['error']:.5e}" if report else None)


def compare_cp(sizes):
    name = "x".join(map(str, sizes))
    case = f"CP-ALS {name}, rank 10, a sweep"
    if not sides.wanted(case):
        return
    tensor = RANDOM.standard_normal(sizes)
    sides.write(f"cp_{name}", tensor)
    peers, fits = {}, {}
    for backend, title in (("numpy", "NumPy"), ("pytorch", "torch")):
        run = in_tensorly(backend, tensor, lambda given: parafac(given, 10, n_iter_max=SWEEPS, init="random", tol=1e-30,
                                                                 random_state=0, return_errors=True))
        fits[f"TensorLy, {title}"] = 1 - float(run()[1][-1])
        peers[f"TensorLy, {title}"] = run
    sides.compare(case, {"cp_als": f"cp_als_50_sweeps/{name}_r10"}, peers,
                  lambda label, report: f"fit {report['fit'] if report else fits[label]:.5f}", divide=SWEEPS)


compare_hooi()
compare_cp((100, 100, 100))
compare_cp((20, 30, 40, 50))
