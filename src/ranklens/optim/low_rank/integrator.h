#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "ranklens/optim/low_rank/low_rank.h"
#include "ranklens/optim/low_rank/truncate.h"

namespace ranklens::optim {

/// A step of a matrix in work. Every integrator below moves W against its gradient by `size`;
/// integrating dW/dt = F(W) over a time h is the same with G = -F and size h.
struct Step {
  LowRank start;
  /// Where the next gradient is wanted; after the last stage: where the step has led, before
  /// anything is truncated.
  LowRank point;
  double size = 0;
  /// What a step on the core alone does: the core, its gradient, the size. Default: core - size *
  /// gradient.
  std::function<at::Tensor(const at::Tensor& core, const at::Tensor& gradient, double size)>
      move_core = {};
};

/// What is done with the gradient at step.point.
using Stage = std::function<void(Step& step, const Gradient& gradient)>;

/// One step as the list of its gradient evaluations: all matrices of a network go through the same
/// stage together.
struct Integrator {
  std::vector<Stage> stages;
  /// Whether the rank before truncation is larger than the one at the start.
  bool augments = true;
};

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

/// Runs one step on one matrix, truncation left to the caller. `gradient` gives G at a point.
LowRank run(const Integrator& integrator, const LowRank& start, double size,
            const std::function<Gradient(const LowRank& point)>& gradient);

}  // namespace ranklens::optim
