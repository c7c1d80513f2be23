#include "ranklens/tn/linear/half_chain.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "ranklens/tn/linear/site_products.h"

namespace ranklens::tn {
namespace {

/// How many cores may multiply a state before it is brought back to size: factors of up to 1e9 each
/// are taken in float32.
constexpr std::size_t kUnscaled = 4;

/// The core as the matrix [r', (r d)] from the left, [r, (d r')] from the right.
at::Tensor matrix_of(const HalfChain& half, std::size_t k) {
  const auto& core = half.cores[k];
  return half.from_left ? core.view({-1, core.size(2)}).t() : core.view({core.size(0), -1});
}

/// [rows, width] of what lies in memory, from its offset-th number on.
at::Tensor part(const at::Tensor& memory, std::int64_t offset, std::int64_t rows,
                std::int64_t width) {
  return memory.as_strided({rows, width}, {width, 1}, memory.storage_offset() + offset);
}

/// The places of the states of a half: all side by side, or two by turns.
class States {
 public:
  States(const HalfChain& half, std::int64_t width, at::Tensor memory, const at::TensorOptions& o)
      : half_(half), width_(width), memory_(std::move(memory)), all_(memory_.defined()) {
    std::int64_t sum = 0;
    for (std::size_t k = 0; k <= half.size(); ++k) {
      widest_ = std::max(widest_, half.rank(k));
      offsets_.push_back(sum);
      if (k > 0) sum += half.rank(k);
    }
    if (!all_) memory_ = at::empty({2 * widest_ * width}, o);
    ones_ = at::ones({1, width}, o);
  }

  /// After `count` cores.
  at::Tensor after(std::size_t count) const {
    if (count == 0) return ones_;
    const auto place = all_ ? offsets_[count] : static_cast<std::int64_t>(count % 2) * widest_;
    return part(memory_, place * width_, half_.rank(count), width_);
  }

  std::int64_t widest() const { return widest_; }

 private:
  const HalfChain& half_;
  std::int64_t width_;
  at::Tensor memory_, ones_;
  bool all_;
  std::int64_t widest_ = 1;
  std::vector<std::int64_t> offsets_;
};

/// Memory for the largest joint index.
at::Tensor joint_memory(const HalfChain& half, const at::Tensor& features) {
  std::int64_t most = 1;
  for (std::size_t k = 0; k < half.size(); ++k) most = std::max(most, half.rank(k));
  return at::empty({most * features.size(1) * features.size(2)}, features.options());
}

}  // namespace

std::int64_t HalfChain::rank(std::size_t count) const {
  if (count == 0) return 1;
  return cores[count - 1].size(from_left ? 2 : 0);
}

std::int64_t HalfChain::numbers() const {
  std::int64_t sum = 0;
  for (std::size_t k = 1; k <= size(); ++k) sum += rank(k);
  return sum;
}

std::size_t HalfChain::rescalings() const { return (size() + kUnscaled - 1) / kUnscaled; }

bool rescaled_after(std::size_t core, std::size_t size) {
  return core % kUnscaled == kUnscaled - 1 || core + 1 == size;
}

HalfResult sweep(const HalfChain& half, const at::Tensor& features, at::Tensor states,
                 at::Tensor factors) {
  const auto d = features.size(1), width = features.size(2);
  const States places(half, width, std::move(states), features.options());
  const auto memory = joint_memory(half, features);
  const auto scratch = factors.defined() ? at::Tensor() : at::empty({width}, features.options());
  const auto exponent = at::zeros({width}, features.options());
  auto state = places.after(0);
  std::int64_t rescaling = 0;
  for (std::size_t k = 0; k < half.size(); ++k) {
    const auto site = features.select(0, static_cast<std::int64_t>(half.sites[k]));
    const auto joint = part(memory, 0, half.rank(k) * d, width);
    multiply_in(state, site, half.from_left, joint);
    state = places.after(k + 1);
    at::mm_out(state, matrix_of(half, k), joint);
    if (rescaled_after(k, half.size()))
      rescale(state, factors.defined() ? factors.select(0, rescaling++) : scratch, exponent);
  }
  return {state, exponent};
}

void sweep_backward(const HalfChain& half, const at::Tensor& features, const at::Tensor& states,
                    const at::Tensor& factors, at::Tensor gradient,
                    std::vector<at::Tensor>& core_gradients, bool first_time,
                    at::Tensor feature_gradients) {
  const auto d = features.size(1), width = features.size(2);
  const States places(half, width, states, features.options());
  const auto memory = joint_memory(half, features), of_joint = joint_memory(half, features);
  const auto next = at::empty({2 * places.widest() * width}, features.options());
  auto rescaling = static_cast<std::int64_t>(half.rescalings());
  for (auto k = half.size(); k-- > 0;) {
    if (rescaled_after(k, half.size())) gradient.mul_(factors.select(0, --rescaling));
    const auto place = static_cast<std::int64_t>(half.sites[k]);
    const auto site = features.select(0, place);
    const auto before = places.after(k);
    const auto joint = part(memory, 0, half.rank(k) * d, width),
               joint_gradient = part(of_joint, 0, half.rank(k) * d, width);
    multiply_in(before, site, half.from_left, joint);
    const auto matrix = matrix_of(half, k);
    // [(r d), r'] from the left, [r, (d r')] from the right: the core's own order.
    auto of_core = core_gradients[k].view(half.from_left ? matrix.t().sizes() : matrix.sizes());
    const auto& first = half.from_left ? joint : gradient;
    const auto second = half.from_left ? gradient.t() : joint.t();
    if (first_time) {
      at::mm_out(of_core, first, second);
    } else {
      of_core.addmm_(first, second);
    }
    if (k == 0 && !feature_gradients.defined()) return;
    auto out = joint_gradient;
    at::mm_out(out, matrix.t(), gradient);
    if (feature_gradients.defined())
      sum_bond(joint_gradient, before, half.from_left, feature_gradients.select(0, place));
    if (k == 0) return;
    gradient =
        part(next, static_cast<std::int64_t>(k % 2) * places.widest() * width, half.rank(k), width);
    sum_features(joint_gradient, site, half.from_left, gradient);
  }
}

}  // namespace ranklens::tn
