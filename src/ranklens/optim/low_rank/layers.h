#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ranklens/nn/state.h"
#include "ranklens/optim/low_rank/low_rank.h"
#include "ranklens/optim/low_rank/tucker_kernel.h"

namespace ranklens::optim {

/// A weight U S V^T of a state.
struct LowRankLayer {
  std::string name;
  nn::Shape shape;  ///< of the tensor it stands for
  LowRank point;
  bool tucker = false;  ///< whether it is stored in the format "tucker", as a kernel of one pixel
};

/// A convolution's kernel in Tucker-2 form.
struct TuckerLayer {
  std::string name;
  nn::Shape shape;
  TuckerKernel point;
};

/// Whether a weight is a convolution's kernel in Tucker form that is no matrix.
bool is_tucker_kernel(const nn::Weight& weight);

/// Float32 products of a basis of n columns differ from the identity by some 1e-7; bases further
/// off are made orthonormal again.
inline constexpr double kOrthonormal = 1e-5;

using KnownBases =
    std::function<bool(const std::string& name, const at::Tensor& u, const at::Tensor& v)>;

/// The trainable weights of the format "low_rank", in order, and those of the format "tucker" that
/// have no window (linear maps, kernels of 1x1): they are matrices, too. Those stored as two
/// factors, or whose factors have no orthonormal columns or another number of them on each side,
/// come out as the same matrix with orthonormal bases. `known`: whether the bases of a weight, by
/// its name, are known to be orthonormal.
std::vector<LowRankLayer> low_rank_layers(const nn::State& state, const KnownBases& known = {});

/// The trainable kernels of the format "tucker" with a window, in order, with orthonormal bases and
/// attainable ranks, as the same kernels.
std::vector<TuckerLayer> tucker_layers(const nn::State& state);

/// The layer's weight at a point, with its core.
nn::Weight weight_of(const LowRankLayer& layer, const LowRank& matrix);
nn::Weight weight_of(const TuckerLayer& layer, const TuckerKernel& kernel);

/// A state whose weights of the format "low_rank" have their core absorbed: two factors U S and V,
/// r (m + n) numbers. Kernels in Tucker form keep theirs.
nn::State absorbed(const nn::State& state);

}  // namespace ranklens::optim
