#include "ranklens/optim/low_rank/optimiser.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/stack.h>
#include <ATen/record_function.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/parallel.h"
#include "ranklens/base/scopes.h"
#include "ranklens/optim/adam.h"
#include "ranklens/optim/low_rank/budget.h"
#include "ranklens/optim/low_rank/methods.h"
#include "ranklens/optim/sgd.h"

namespace ranklens::optim {
namespace {

using Method = LowRankOptions::Method;

std::unique_ptr<GradientOptimiser> dense_rule(const LowRankOptions& options) {
  const auto& rule = options.rule;
  if (rule.kind == CoreRule::Kind::sgd) {
    return std::make_unique<Sgd>(
        SgdOptions{.lr = options.lr, .momentum = rule.momentum, .weight_decay = rule.weight_decay});
  }
  return std::make_unique<Adam>(AdamOptions{.lr = options.lr,
                                            .beta1 = rule.beta1,
                                            .beta2 = rule.beta2,
                                            .eps = rule.eps,
                                            .weight_decay = rule.weight_decay,
                                            .decoupled = true});
}

bool wants_again(const std::vector<std::unique_ptr<Work>>& works) {
  return std::any_of(works.begin(), works.end(), [](const auto& one) { return one->again(); });
}

// Asked of all together: a device is waited for once.
bool are_finite(const std::vector<std::unique_ptr<Work>>& works,
                const std::vector<at::Tensor>& others) {
  const at::NoGradGuard no_gradients;
  std::vector<at::Tensor> finite;
  for (const auto& one : works) finite.push_back(one->finite());
  for (const auto& one : others) {
    if (one.defined()) finite.push_back(at::isfinite(one).all());
  }
  return at::stack(finite).all().item<bool>();
}

// Singular values of small cores, which no library spreads over threads: side by side.
std::vector<Budgeted> ranks_of(const std::vector<std::unique_ptr<Work>>& works) {
  RECORD_USER_SCOPE(base::factorisation_scope);
  std::vector<Budgeted> ranks(works.size());
  base::parallel_over(static_cast<std::int64_t>(works.size()), 1,
                      [&](std::int64_t begin, std::int64_t end) {
                        const at::NoGradGuard no_gradients;  // of this thread
                        for (auto k = static_cast<std::size_t>(begin); std::cmp_less(k, end); ++k) {
                          ranks[k] = works[k]->ranks();
                        }
                      });
  return ranks;
}

void multiply(std::vector<at::Tensor>& gradients, double factor) {
  for (auto& one : gradients) {
    if (one.defined()) one = one * factor;
  }
}

// Parts of one step that are clipped by factors of their own would not add up to a step along one
// field, as projections that are taken apart have to. Returns what the gradients of other tensors
// are to be multiplied by, so that they are never longer than clipping made them.
double clip_as_the_first(Gradients& found, std::optional<double>& scale) {
  if (!scale) scale = found.scale;
  // What has been multiplied by nothing, as of a norm that overflows, stays nothing.
  if (found.scale == 0 || found.scale == *scale) return 1;
  const double more = *scale / std::exchange(found.scale, *scale);
  for (auto& one : found.gradients) {
    if (one.tensor.defined()) one.tensor = one.tensor * more;
  }
  return more > 1 ? 1 / more : 1;
}

std::map<std::string, at::Tensor> cloned(std::map<std::string, at::Tensor> tensors) {
  for (auto& [name, tensor] : tensors) tensor = tensor.clone();
  return tensors;
}

std::map<std::string, at::Tensor> by_name(std::vector<nn::NamedTensor>&& tensors) {
  std::map<std::string, at::Tensor> found;
  for (auto& one : tensors) found[one.name] = std::move(one.tensor);
  return found;
}

}  // namespace

LowRankOptimiser::LowRankOptimiser(LowRankOptions options)
    : options_(std::move(options)),
      stages_(integrator_for(options_).stages.size()),
      dense_(dense_rule(options_)) {
  base::require(options_.reject == 0 || options_.method == Method::parallel_bug,
                "steps are rejected by parallel_bug alone, not by {}", to_string(options_.method));
  base::require(options_.budget == 0 || !keeps_rank(options_.method),
                "{} keeps its ranks: no budget bounds them", to_string(options_.method));
}

bool LowRankOptimiser::moves_dense(std::size_t which) const {
  return options_.method == Method::bug || which + 1 == stages_;
}

std::int64_t LowRankOptimiser::budget_after(const Works& works, std::int64_t step) const {
  std::int64_t dense = 0;
  for (const auto& one : works) dense += one->dense_numbers();
  return budget_for(options_.budget, options_.schedule, dense, step);
}

LowRankOptimiser::Works LowRankOptimiser::begin(const nn::State& state, double size) {
  auto works = works_of(state, options_, remembered_, {.size = size, .number = steps_ + 1});
  if (options_.budget > 0) {
    auto left = budget_after(works, steps_ + 1);
    for (const auto& one : works) left -= one->numbers();
    for (const auto& one : works) one->allow(left + one->numbers());
  }
  if (steps_ == 0) {
    std::vector<std::string> names;
    for (const auto& one : works) names.push_back(one->name());
    require_matched(options_.schedule.layers, std::move(names));
    if (options_.budget > 0) {  // wherever the bound begins, and before anything moves
      std::vector<Budgeted> least;
      for (const auto& one : works) least.push_back(one->least());
      require_attainable(least, options_.budget);
    }
  }
  return works;
}

LowRankOptimiser::Evaluated LowRankOptimiser::stage(std::size_t which, Works& works,
                                                    const nn::State& state, Objective& objective,
                                                    std::optional<double>& scale) {
  // Clipped by the norm of all gradients together, the parts of one field must all see it. Where a
  // weight has no momentum but its core's, a stage may find a span alone, which has no length.
  const bool with_others =
      moves_dense(which) || !moves_core(options_.method) || !has_core_moments(options_);
  nn::State probed = state;
  for (const auto& name : state.names()) {
    nn::Entry entry = state.at(name);
    if (entry.buffer || !entry.trainable) continue;
    entry.trainable = with_others;
    probed.set(name, entry);
  }
  for (auto& one : works) probed.set(one->name(), {.weight = one->probe(which)});
  Gradients found = objective.loss_and_gradients(probed, {"factors"});
  if (!std::isfinite(found.loss)) return {found.loss};
  const at::NoGradGuard no_gradients;
  const double back = with_others ? clip_as_the_first(found, scale) : 1;
  const auto gradients = by_name(std::move(found.gradients));
  for (auto& one : works) one->stage(which, gradients, found.scale);
  if (!moves_dense(which)) return {found.loss};
  auto others = other_tensors(state, gradients);
  if (back != 1) multiply(others.gradients, back);
  return {found.loss, std::move(others)};
}

LowRankOptimiser::Evaluated LowRankOptimiser::stages(Works& works, nn::State& state,
                                                     Objective& objective, double rate) {
  std::optional<double> first, scale;
  Evaluated last;
  for (std::size_t which = 0; which < stages_; ++which) {
    if (which > 0 && moves_dense(which - 1)) {
      dense_->update(last.others.tensors, last.others.gradients, rate);
      scale.reset();  // what follows is a step of its own
    }
    do {  // a stage that is made again is made at the same weights
      last = stage(which, works, state, objective, scale);
      if (!std::isfinite(last.loss)) return last;
      if (!first) first = last.loss;
    } while (wants_again(works));
  }
  last.loss = first.value_or(0);
  return last;
}

void LowRankOptimiser::end(Works& works, nn::State& state) {
  const at::NoGradGuard no_gradients;
  auto ranks = ranks_of(works);
  if (options_.budget > 0) fit_budget(ranks, budget_after(works, steps_));
  const bool again =
      options_.orthonormalise_every > 0 && steps_ % options_.orthonormalise_every == 0;
  for (std::size_t k = 0; k < works.size(); ++k) {
    state.replace(works[k]->name(), works[k]->finish(ranks[k], again, observed_));
  }
}

double LowRankOptimiser::step(nn::State& state, Objective& objective, double rate) {
  // What moves before the last evaluation must come back should that one fail; the rule of the
  // other tensors moves them and its memory in place.
  const auto remembered = remembered_;
  const bool several = stages_ > 1 && moves_dense(0);
  const nn::State before = several ? state.clone() : state;
  const auto memory = several ? cloned(dense_->save()) : std::map<std::string, at::Tensor>{};
  auto works = begin(state, options_.lr * rate);
  auto [loss, others] = stages(works, state, objective, rate);
  // Gradients may be no numbers where the loss still is one.
  if (std::isfinite(loss) && !are_finite(works, others.gradients))
    loss = std::numeric_limits<double>::quiet_NaN();
  if (!std::isfinite(loss)) {
    state = before;
    remembered_ = remembered;
    if (several) dense_->load(memory);
    return loss;
  }
  dense_->update(others.tensors, others.gradients, rate);
  ++steps_;
  end(works, state);
  return loss;
}

std::map<std::string, at::Tensor> LowRankOptimiser::save() const {
  auto saved = dense_->save();
  for (const auto& [name, memory] : remembered_) {
    for (const auto& [quantity, tensor] : memory.core.save()) {
      saved[fmt::format("core:{}/{}", name, quantity)] = tensor;
    }
    for (const auto& [quantity, tensor] : memory.tangent.save()) {
      saved[fmt::format("tangent:{}/{}", name, quantity)] = tensor;
    }
    for (const auto& [quantity, tensor] : memory.tucker_tangent.save()) {
      saved[fmt::format("tucker_tangent:{}/{}", name, quantity)] = tensor;
    }
  }
  saved["low_rank/steps"] = at::scalar_tensor(steps_, at::kLong);
  return saved;
}

void LowRankOptimiser::load(const std::map<std::string, at::Tensor>& saved) {
  using Quantities = std::map<std::string, at::Tensor>;
  Quantities dense;
  std::map<std::string, std::map<std::string, Quantities>> weights;  // by what is kept of them
  for (const auto& [full, tensor] : saved) {
    const auto slash = full.rfind('/'), colon = full.find(':');
    base::require(slash != std::string::npos, "'{}' is no quantity of an optimiser", full);
    if (full == "low_rank/steps") {
      steps_ = tensor.item<std::int64_t>();
    } else if (const auto kept = full.substr(0, colon);
               colon < slash && (kept == "core" || kept == "tangent" || kept == "tucker_tangent")) {
      const auto name = full.substr(colon + 1, slash - colon - 1);
      weights[kept][name][full.substr(slash + 1)] = tensor;
    } else {
      dense[full] = tensor;
    }
  }
  dense_->load(dense);
  remembered_.clear();
  for (const auto& [name, one] : weights["core"]) remembered_[name].core.load(one);
  for (const auto& [name, one] : weights["tangent"]) remembered_[name].tangent.load(one);
  for (const auto& [name, one] : weights["tucker_tangent"]) {
    remembered_[name].tucker_tangent.load(one);
  }
}

}  // namespace ranklens::optim
