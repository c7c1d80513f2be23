#pragma once

#include "ranklens/optim/low_rank/step.h"
#include "ranklens/optim/low_rank/tucker_kernel.h"

namespace ranklens::optim {

using TuckerStep = StepOf<TuckerKernel>;
using TuckerIntegrator = IntegratorOf<TuckerKernel, TuckerGradient>;

/// The integrators of integrator.h for kernels in Tucker-2 form: both channel modes are treated
/// alike and at once, each as a matrix K times orthonormal rows that are held (Ceruti, Lubich 2022;
/// Zangrando, Schotthöfer, Ceruti, Kusch, Tudisco 2023, TDLRT).

/// Ranks kept: the start is projected onto the spans of both K after their steps, then the core
/// makes a step there, with a gradient of its own.
TuckerIntegrator tucker_fixed_rank_bug();

/// Both bases are augmented by the span of their K-gradient (old columns first), the core is
/// projected, which leaves the kernel, and makes a step with a gradient of its own.
TuckerIntegrator tucker_augmented_bug();

/// The same with `core_steps` steps of the core, the first from TuckerGradient::between in place of
/// a second evaluation.
TuckerIntegrator tucker_two_pass_bug(int core_steps);

/// All from one gradient (the matrix integrator of Ceruti, Kusch, Lubich 2024 in each mode; Ceruti,
/// Kusch, Lubich, Sulz 2024 do the same for trees). Before truncation it is W - size P(W) G
/// exactly.
TuckerIntegrator tucker_parallel_bug();

/// The core alone, with the bases held.
TuckerIntegrator tucker_core_alone();

}  // namespace ranklens::optim
