#pragma once

#include <functional>

#include "ranklens/optim/low_rank/low_rank.h"
#include "ranklens/optim/low_rank/step.h"
#include "ranklens/optim/low_rank/truncate.h"

namespace ranklens::optim {

using Step = StepOf<LowRank>;
using Integrator = IntegratorOf<LowRank, Gradient>;
using Stage = StageOf<LowRank, Gradient>;

/// Which gradient the core's step takes.
enum class CoreGradient {
  fresh,  ///< evaluated anew at the point that was projected onto the new bases
  held    ///< the gradient of the step's start, for increments A(t + h) - A(t): one evaluation
};

/// Basis update and Galerkin, rank kept (Ceruti and Lubich 2022, section 3.1; DLRT with fixed
/// rank). Its projected point is not the start: the loss may rise in between.
Integrator fixed_rank_bug(CoreGradient gradient = CoreGradient::fresh);

/// Rank-adaptive basis update and Galerkin (Ceruti, Kusch, Lubich 2022, section 2), with the old
/// basis first: the projected point is the start exactly.
Integrator augmented_bug(CoreGradient gradient = CoreGradient::fresh);

/// The bases are augmented by the span of the gradient, whatever its length, and then the core
/// makes `core_steps` steps (the form of Schotthöfer and Laiu 2024, FeDLRT). The first of them
/// takes Gradient::between in place of a second evaluation: the augmented point is the start.
Integrator two_pass_bug(int core_steps);

/// All from one gradient (Ceruti, Kusch, Lubich 2024; Schotthöfer et al. 2025, GeoLoRA). Before
/// truncation it is W - size P(W) G exactly.
Integrator parallel_bug();

/// Projector-splitting K, S, L (Lubich and Oseledets 2014), the S step going backward in time.
Integrator projector_splitting(CoreGradient gradient = CoreGradient::fresh);

/// Augmented backward-corrected projector-splitting (Kusch, Schotthöfer, Walter 2025): the step
/// back is replaced by a projection onto augmented bases.
Integrator abc_projector_splitting();

/// The core alone, with the bases held ("S-only" fine-tuning).
Integrator core_alone();

/// The midpoint rule with augmented bases (Ceruti, Einkemmer, Kusch, Lubich 2024): second order.
/// Up to four times the rank before truncation.
Integrator midpoint_bug();

}  // namespace ranklens::optim
