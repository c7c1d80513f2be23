#include "ranklens/tn/linear/mps_passes.h"

#include <algorithm>
#include <map>
#include <mutex>

#include <ATen/TensorOperators.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros_like.h>

#include "ranklens/base/error.h"
#include "ranklens/base/parallel.h"
#include "ranklens/tn/linear/site_products.h"

namespace ranklens::tn {
namespace {

/// The samples begin .. end - 1 of a batch.
struct Tile {
  std::int64_t begin, end;

  std::int64_t width() const { return end - begin; }
  at::Tensor features(const at::Tensor& all) const {
    return all.narrow(0, begin, width()).permute({1, 2, 0}).contiguous();
  }
  at::Tensor states(const HalfChain& half, const at::Tensor& all) const {
    return all.narrow(0, half.numbers() * begin, half.numbers() * width());
  }
  at::Tensor factors(const at::Tensor& all) const { return all.narrow(1, begin, width()); }
};

/// Calls work(tile, the first sample of its thread).
template <class Work>
void over_batch(const at::Tensor& features, const Work& work) {
  const auto batch = features.size(0);
  const auto [tile, grain] = batch_shares(features.device(), batch);
  base::parallel_over(batch, grain, [&, tile = tile](std::int64_t begin, std::int64_t end) {
    const at::NoGradGuard no_gradients;
    const at::AutoDispatchBelowADInplaceOrView nothing_is_recorded;
    for (auto row = begin; row < end; row += tile)
      work(Tile{row, std::min(row + tile, end)}, begin);
  });
}

/// The core of the label times the right state: [(r classes), width].
at::Tensor label_product(const Sides& sides, const at::Tensor& right) {
  return at::mm(sides.label.view({-1, sides.label.size(2)}), right);
}

void add_to(SidesGradients& sums, const SidesGradients& other) {
  for (std::size_t k = 0; k < sums.left.size(); ++k) sums.left[k].add_(other.left[k]);
  for (std::size_t k = 0; k < sums.right.size(); ++k) sums.right[k].add_(other.right[k]);
  sums.label.add_(other.label);
}

SidesGradients room_for_gradients(const WayBack& way) {
  SidesGradients room;
  for (const auto& core : way.to_left.left.cores) room.left.push_back(at::empty_like(core));
  for (const auto& core : way.to_right.right.cores) room.right.push_back(at::empty_like(core));
  room.label = at::zeros_like(way.to_left.label);
  return room;
}

/// The last state of a side as the forward pass left it.
at::Tensor last_state(const HalfChain& half, const at::Tensor& states, std::int64_t width) {
  if (half.size() == 0) return at::ones({1, width}, states.options());
  const auto rank = half.rank(half.size());
  return states.narrow(0, (half.numbers() - rank) * width, rank * width).view({rank, width});
}

void tile_backward(const WayBack& way, const Tile& tile, const at::Tensor& features,
                   const KeptSides& kept, const at::Tensor& gradient, SidesGradients& sums,
                   bool first) {
  const auto width = tile.width();
  const auto &left_half = way.to_left.left, &right_half = way.to_right.right;
  const auto phi = tile.features(features);
  const auto of_phi = sums.features.defined() ? at::empty_like(phi) : at::Tensor();
  const auto dy = gradient.narrow(0, tile.begin, width).t().contiguous();  // [classes, width]
  const auto left_states = tile.states(left_half, kept.left_states),
             right_states = tile.states(right_half, kept.right_states);
  const auto left = last_state(left_half, left_states, width),
             right = last_state(right_half, right_states, width);
  const auto of_left = at::empty_like(left);
  sum_features(label_product(way.to_left, right), dy, true, of_left);
  const auto joint = at::empty({left.size(0) * dy.size(0), width}, phi.options());
  multiply_in(left, dy, true, joint);
  const auto matrix = way.to_right.label.view({-1, right.size(0)});
  sums.label.view(matrix.sizes()).addmm_(joint, right.t());
  sweep_backward(left_half, phi, left_states, tile.factors(kept.left_factors), of_left, sums.left,
                 first, of_phi);
  sweep_backward(right_half, phi, right_states, tile.factors(kept.right_factors),
                 at::mm(matrix.t(), joint), sums.right, first, of_phi);
  if (of_phi.defined()) sums.features.narrow(0, tile.begin, width).copy_(of_phi.permute({2, 0, 1}));
}

}  // namespace

BatchShares batch_shares(at::Device device, std::int64_t batch) {
  // As many as leave states and a core in a core's own cache.
  if (device.is_cpu()) return {.tile = 256, .grain = 64};
  const auto all = std::max<std::int64_t>(1, batch);
  return {.tile = all, .grain = all};
}

Sides sides_of(at::TensorList cores, std::size_t label) {
  Sides sides{.left = {.cores = {}, .sites = {}, .from_left = true}, .right = {}, .label = {}};
  for (std::size_t k = 0; k < label; ++k) {
    sides.left.cores.push_back(cores[k].contiguous());
    sides.left.sites.push_back(k);
  }
  for (auto k = cores.size(); k-- > label + 1;) {
    sides.right.cores.push_back(cores[k].contiguous());
    sides.right.sites.push_back(k - 1);
  }
  sides.label = cores[label].contiguous();
  return sides;
}

KeptSides room_for_sides(const Sides& sides, std::int64_t batch, const at::TensorOptions& options) {
  const auto factors = [&](const HalfChain& half) {
    return at::empty({static_cast<std::int64_t>(half.rescalings()), batch}, options);
  };
  return {at::empty({sides.left.numbers() * batch}, options), factors(sides.left),
          at::empty({sides.right.numbers() * batch}, options), factors(sides.right)};
}

SidesResult sides_forward(const Sides& sides, const at::Tensor& features, const KeptSides* kept) {
  const auto batch = features.size(0), classes = sides.label.size(1);
  SidesResult found{at::empty({batch, classes}, features.options()),
                    at::empty({batch}, features.options())};
  over_batch(features, [&](const Tile& tile, std::int64_t) {
    const auto phi = tile.features(features);
    const auto run = [&](const HalfChain& half, at::Tensor KeptSides::* states,
                         at::Tensor KeptSides::* factors) {
      if (kept == nullptr) return sweep(half, phi, {}, {});
      return sweep(half, phi, tile.states(half, kept->*states), tile.factors(kept->*factors));
    };
    const auto left = run(sides.left, &KeptSides::left_states, &KeptSides::left_factors);
    const auto right = run(sides.right, &KeptSides::right_states, &KeptSides::right_factors);
    const auto values = at::empty({classes, tile.width()}, features.options());
    sum_bond(label_product(sides, right.state), left.state, true, values);
    found.value.narrow(0, tile.begin, tile.width()).copy_(values.t());
    found.exponent.narrow(0, tile.begin, tile.width()).copy_(left.exponent + right.exponent);
  });
  return found;
}

SidesGradients sides_backward(const WayBack& way, const at::Tensor& features, const KeptSides& kept,
                              const at::Tensor& gradient, bool features_wanted) {
  base::require(!features_wanted || &way.to_left == &way.to_right,
                "features of a classifier have a gradient along one way back alone");
  const auto of_features = features_wanted ? at::empty_like(features) : at::Tensor();
  std::map<std::int64_t, SidesGradients>
      parts;  // by a thread's first sample: added up in that order
  std::mutex mutex;
  over_batch(features, [&](const Tile& tile, std::int64_t begin) {
    SidesGradients* mine = nullptr;
    {
      const std::lock_guard lock(mutex);
      mine = &parts.try_emplace(begin).first->second;
    }
    if (tile.begin == begin) *mine = room_for_gradients(way);
    mine->features = of_features;
    tile_backward(way, tile, features, kept, gradient, *mine, tile.begin == begin);
  });
  auto sum = std::move(parts.begin()->second);
  for (auto other = std::next(parts.begin()); other != parts.end(); ++other)
    add_to(sum, other->second);
  return sum;
}

}  // namespace ranklens::tn
