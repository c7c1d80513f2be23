#include "ranklens/tn/linear/mps_classifier.h"

#include <algorithm>
#include <map>
#include <mutex>

#include <ATen/TensorOperators.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/exp2.h>
#include <ATen/ops/floor.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ranklens/base/by_graph.h"
#include "ranklens/base/error.h"
#include "ranklens/base/parallel.h"
#include "ranklens/tn/linear/half_chain.h"
#include "ranklens/tn/linear/site_products.h"

namespace ranklens::tn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

/// Samples that are worked on at once: as many as leave states and a core in a core's own cache.
constexpr std::int64_t kTile = 256;

/// The train, cut at its label.
struct Sides {
  HalfChain left, right;
  at::Tensor label;  ///< [r, classes, r']
};

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

/// What the backward pass needs beside features and cores: of each side the states of every tile
/// one after the other, and the factors [rescalings, batch].
struct Kept {
  at::Tensor left_states, left_factors, right_states, right_factors;
};

Kept room_for(const Sides& sides, std::int64_t batch, const at::TensorOptions& o) {
  const auto factors = [&](const HalfChain& half) {
    return at::empty({static_cast<std::int64_t>(half.rescalings()), batch}, o);
  };
  return {at::empty({sides.left.numbers() * batch}, o), factors(sides.left),
          at::empty({sides.right.numbers() * batch}, o), factors(sides.right)};
}

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

/// Calls work(tile, whether it is the first of its thread's, that thread's first sample).
template <class Work>
void over_batch(const at::Tensor& features, const Work& work) {
  const auto batch = features.size(0);
  const auto tile = features.is_cpu() ? kTile : std::max<std::int64_t>(1, batch);
  base::parallel_over(batch, std::min<std::int64_t>(tile, 64),
                      [&](std::int64_t begin, std::int64_t end) {
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

ScaledValues forward_of(const Sides& sides, const at::Tensor& features, const Kept* kept) {
  const auto batch = features.size(0), classes = sides.label.size(1);
  ScaledValues found{at::empty({batch, classes}, features.options()),
                     at::empty({batch}, features.options())};
  over_batch(features, [&](const Tile& tile, std::int64_t) {
    const auto phi = tile.features(features);
    const auto run = [&](const HalfChain& half, at::Tensor Kept::* states,
                         at::Tensor Kept::* factors) {
      if (kept == nullptr) return sweep(half, phi, {}, {});
      return sweep(half, phi, tile.states(half, kept->*states), tile.factors(kept->*factors));
    };
    const auto left = run(sides.left, &Kept::left_states, &Kept::left_factors);
    const auto right = run(sides.right, &Kept::right_states, &Kept::right_factors);
    const auto values = at::empty({classes, tile.width()}, features.options());
    sum_bond(label_product(sides, right.state), left.state, true, values);
    found.value.narrow(0, tile.begin, tile.width()).copy_(values.t());
    found.exponent.narrow(0, tile.begin, tile.width()).copy_(left.exponent + right.exponent);
  });
  return found;
}

struct Gradients {
  at::Tensor features;
  std::vector<at::Tensor> left, right;  ///< of the sides' cores, in their order
  at::Tensor label;

  void add(const Gradients& other) {
    for (std::size_t k = 0; k < left.size(); ++k) left[k].add_(other.left[k]);
    for (std::size_t k = 0; k < right.size(); ++k) right[k].add_(other.right[k]);
    label.add_(other.label);
  }
};

Gradients room_for_gradients(const Sides& sides) {
  Gradients room;
  for (const auto& core : sides.left.cores) room.left.push_back(at::empty_like(core));
  for (const auto& core : sides.right.cores) room.right.push_back(at::empty_like(core));
  room.label = at::zeros_like(sides.label);
  return room;
}

/// The last state of a side as the forward pass left it.
at::Tensor last_state(const HalfChain& half, const at::Tensor& states, std::int64_t width) {
  if (half.size() == 0) return at::ones({1, width}, states.options());
  const auto rank = half.rank(half.size());
  return states.narrow(0, (half.numbers() - rank) * width, rank * width).view({rank, width});
}

void tile_backward(const Sides& sides, const Tile& tile, const at::Tensor& features,
                   const Kept& kept, const at::Tensor& gradient, Gradients& sums, bool first) {
  const auto width = tile.width();
  const auto phi = tile.features(features);
  const auto of_phi = sums.features.defined() ? at::empty_like(phi) : at::Tensor();
  const auto dy = gradient.narrow(0, tile.begin, width).t().contiguous();  // [classes, width]
  const auto left_states = tile.states(sides.left, kept.left_states),
             right_states = tile.states(sides.right, kept.right_states);
  const auto left = last_state(sides.left, left_states, width),
             right = last_state(sides.right, right_states, width);
  const auto of_left = at::empty_like(left);
  sum_features(label_product(sides, right), dy, true, of_left);
  const auto joint = at::empty({left.size(0) * dy.size(0), width}, phi.options());
  multiply_in(left, dy, true, joint);
  const auto matrix = sides.label.view({-1, sides.label.size(2)});
  sums.label.view(matrix.sizes()).addmm_(joint, right.t());
  sweep_backward(sides.left, phi, left_states, tile.factors(kept.left_factors), of_left, sums.left,
                 first, of_phi);
  sweep_backward(sides.right, phi, right_states, tile.factors(kept.right_factors),
                 at::mm(matrix.t(), joint), sums.right, first, of_phi);
  if (of_phi.defined()) sums.features.narrow(0, tile.begin, width).copy_(of_phi.permute({2, 0, 1}));
}

Gradients backward_of(const Sides& sides, const at::Tensor& features, const Kept& kept,
                      const at::Tensor& gradient, bool features_wanted) {
  const auto of_features = features_wanted ? at::empty_like(features) : at::Tensor();
  std::map<std::int64_t, Gradients> parts;  // by a thread's first sample: added up in that order
  std::mutex mutex;
  over_batch(features, [&](const Tile& tile, std::int64_t begin) {
    Gradients* mine = nullptr;
    {
      const std::lock_guard lock(mutex);
      mine = &parts.try_emplace(begin).first->second;
    }
    if (tile.begin == begin) *mine = room_for_gradients(sides);
    mine->features = of_features;
    tile_backward(sides, tile, features, kept, gradient, *mine, tile.begin == begin);
  });
  auto sum = std::move(parts.begin()->second);
  for (auto other = std::next(parts.begin()); other != parts.end(); ++other) sum.add(other->second);
  return sum;
}

/// A side by libtorch's operators, with the factors that the sweep took: [batch, r].
at::Tensor side_by_operators(const HalfChain& half, const std::vector<at::Tensor>& sites,
                             const at::Tensor& factors) {
  auto state = at::ones({sites.front().size(0), 1}, sites.front().options());
  std::int64_t rescaling = 0;
  for (std::size_t k = 0; k < half.size(); ++k) {
    const auto& phi = sites[half.sites[k]];  // [batch, d]
    const auto& core = half.cores[k];
    const auto joint = half.from_left ? state.unsqueeze(2) * phi.unsqueeze(1)
                                      : phi.unsqueeze(2) * state.unsqueeze(1);
    const auto matrix =
        half.from_left ? core.reshape({-1, core.size(2)}) : core.reshape({core.size(0), -1}).t();
    state = at::matmul(joint.flatten(1), matrix);
    if (rescaled_after(k, half.size())) state = state * factors.select(0, rescaling++).unsqueeze(1);
  }
  return state;
}

/// The values once more, as something that can be differentiated any number of times.
at::Tensor values_by_operators(const Sides& sides, const at::Tensor& features, const Kept& kept) {
  const auto sites = features.unbind(1);
  const auto left = side_by_operators(sides.left, sites, kept.left_factors),
             right = side_by_operators(sides.right, sites, kept.right_factors);
  const auto r = sides.label.size(0), classes = sides.label.size(1);
  const auto joint = at::matmul(left, sides.label.reshape({r, -1}));
  return at::matmul(joint.reshape({-1, classes, sides.label.size(2)}), right.unsqueeze(2))
      .squeeze(2);
}

struct DifferentiableClassifier : torch::autograd::Function<DifferentiableClassifier> {
  static tensor_list forward(AutogradContext* context, std::int64_t label,
                             const at::Tensor& features, at::TensorList cores) {
    const auto sides = sides_of(cores, static_cast<std::size_t>(label));
    const auto kept = room_for(sides, features.size(0), features.options());
    const auto found = forward_of(sides, features, &kept);
    tensor_list saved{features, kept.left_states, kept.left_factors, kept.right_states,
                      kept.right_factors};
    saved.insert(saved.end(), cores.begin(), cores.end());
    context->save_for_backward(saved);
    context->saved_data["label"] = label;
    context->mark_non_differentiable({found.exponent});
    return {found.value, found.exponent};
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto label = static_cast<std::size_t>(context->saved_data["label"].toInt());
    const auto& features = saved[0];
    const Kept kept{saved[1], saved[2], saved[3], saved[4]};
    const at::TensorList cores(saved.data() + 5, saved.size() - 5);
    const auto sides = sides_of(cores, label);
    tensor_list found{at::Tensor()};  // the label's place
    if (at::GradMode::is_enabled()) {
      tensor_list inputs{features};
      inputs.insert(inputs.end(), cores.begin(), cores.end());
      const auto reached = base::gradients_by_graph(values_by_operators(sides, features, kept),
                                                    inputs, gradients[0]);
      found.insert(found.end(), reached.begin(), reached.end());
      return found;
    }
    auto sums = backward_of(sides, features, kept, gradients[0], features.requires_grad());
    found.push_back(sums.features);
    found.insert(found.end(), sums.left.begin(), sums.left.end());
    found.push_back(sums.label);
    found.insert(found.end(), sums.right.rbegin(), sums.right.rend());
    return found;
  }
};

void check_train(const at::Tensor& features, const std::vector<at::Tensor>& cores,
                 std::size_t label) {
  base::require(features.dim() == 3 && features.is_floating_point(),
                "the features of an MPS are [batch, sites, d], floating-point");
  base::require(
      label < cores.size() && cores.size() == static_cast<std::size_t>(features.size(1)) + 1,
      "an MPS classifier of {} sites has {} cores, the label's among them, not {}",
      features.size(1), features.size(1) + 1, cores.size());
  std::int64_t left = 1;
  for (std::size_t k = 0; k < cores.size(); ++k) {
    base::require(cores[k].dim() == 3 && cores[k].size(0) == left &&
                      (k == label || cores[k].size(1) == features.size(2)),
                  "core {} of an MPS classifier must be [{}, {}, r']", k, left,
                  k == label ? std::string("classes") : std::to_string(features.size(2)));
    left = cores[k].size(2);
  }
  base::require(left == 1, "the last core of an MPS classifier must end with rank 1");
}

bool gradient_wanted(const at::Tensor& features, const std::vector<at::Tensor>& cores) {
  return at::GradMode::is_enabled() &&
         (features.requires_grad() ||
          std::any_of(cores.begin(), cores.end(), [](const auto& c) { return c.requires_grad(); }));
}

}  // namespace

ScaledValues mps_classifier(const at::Tensor& features, const std::vector<at::Tensor>& cores,
                            std::size_t label) {
  check_train(features, cores, label);
  const auto type = cores.front().scalar_type();
  const auto inner = type == at::kDouble ? at::kDouble : at::kFloat;
  const auto phi = features.to(inner).contiguous();
  std::vector<at::Tensor> own;
  for (const auto& core : cores) own.push_back(core.to(inner));
  ScaledValues found;
  if (phi.size(0) == 0) {
    found = {at::matmul(phi.sum({1, 2}).unsqueeze(1), own[label].sum({0, 2}).unsqueeze(0)),
             phi.sum({1, 2})};
  } else if (gradient_wanted(phi, own)) {
    const auto both =
        DifferentiableClassifier::apply(static_cast<std::int64_t>(label), phi, at::TensorList(own));
    found = {both[0], both[1]};
  } else {
    found = forward_of(sides_of(own, label), phi, nullptr);
  }
  // The exponents are whole numbers of up to thousands, which bfloat16 cannot hold.
  return {found.value.to(type), found.exponent};
}

at::Tensor unscaled(const ScaledValues& values) {
  // In two steps: half of the exponent alone is within the range where the result is.
  const auto type = values.exponent.scalar_type();
  const auto half = at::floor(values.exponent / 2);
  const auto first = at::exp2(half).unsqueeze(1),
             rest = at::exp2(values.exponent - half).unsqueeze(1);
  return (values.value.to(type) * first * rest).to(values.value.scalar_type());
}

}  // namespace ranklens::tn
