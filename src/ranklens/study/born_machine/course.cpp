#include "ranklens/study/born_machine/course.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/base/random.h"
#include "ranklens/optim/adam.h"
#include "ranklens/optim/born/tsgo.h"
#include "ranklens/study/born_machine/likelihood.h"
#include "ranklens/tn/born/born.h"
#include "ranklens/tn/train/sweep.h"

namespace ranklens::study::born_machine {
namespace {

void tell(const Watched& watched, double done, std::int64_t total, const char* unit) {
  base::report(
      watched.progress,
      {.stage = watched.stage, .done = done, .total = static_cast<double>(total), .unit = unit});
}

/// Adam on the cores of a train, which it changes in place.
class AdamOnCores {
 public:
  AdamOnCores(const tn::TensorTrain& start, double lr) : adam_({.lr = lr}) {
    for (std::size_t k = 0; k < start.cores.size(); ++k) {
      tensors_.push_back({fmt::format("core.{}", k), start.cores[k].clone()});
    }
  }

  void step(const at::Tensor& features) {
    std::vector<at::Tensor> leaves;
    for (const auto& one : tensors_) leaves.push_back(one.tensor.detach().requires_grad_(true));
    const auto gradients = torch::autograd::grad({likelihood_loss(leaves, features)}, leaves);
    const at::NoGradGuard no_gradients;
    adam_.update(tensors_, gradients);
  }

  tn::TensorTrain state() const {
    tn::TensorTrain train;
    for (const auto& one : tensors_) train.cores.push_back(one.tensor.clone());
    return train;
  }

 private:
  optim::Adam adam_;
  std::vector<nn::NamedTensor> tensors_;
};

/// Of all images; nothing where it, or an entry of the state, is not finite.
std::optional<double> finite_likelihood(const tn::TensorTrain& state, const at::Tensor& features) {
  for (const auto& core : state.cores) {
    if (!core.isfinite().all().item<bool>()) return {};
  }
  const double nll = tn::negative_log_likelihood(state, features);
  return std::isfinite(nll) ? std::optional(nll) : std::nullopt;
}

/// One pass over the images in batches of a new order; false where it was interrupted.
bool pass(AdamOnCores& adam, const at::Tensor& features, std::int64_t batch, base::Stream order) {
  const auto count = features.size(0), size = std::min(batch, count);
  const auto mixed = order.permutation(count);
  for (std::int64_t from = 0; from + size <= count; from += size) {
    adam.step(features.index_select(0, mixed.narrow(0, from, size)));
    if (base::interrupted()) return false;
  }
  return true;
}

}  // namespace

void turn_cores(Course& course, const at::Tensor& features, double degrees, std::int64_t sweeps,
                const Watched& watched) {
  optim::Tsgo trainer(course.state, features, {.angle = degrees * M_PI / 180});
  for (std::int64_t sweep = 0; sweep < sweeps && !course.diverged; ++sweep) {
    tell(watched, static_cast<double>(sweep), sweeps, "sweeps");
    const double begin = base::processor_seconds();
    const double nll = trainer.sweep();
    const double taken = base::processor_seconds() - begin;
    course.interrupted = base::interrupted();
    if (course.interrupted) return;
    course.diverged = !std::isfinite(nll);
    if (course.diverged) return;
    course.nll.push_back(nll);
    course.seconds.push_back(taken);
    course.state = trainer.state();
  }
}

void train_by_adam(Course& course, const at::Tensor& features, const AdamBudget& budget,
                   std::uint64_t seed, const Watched& watched) {
  AdamOnCores adam(course.state, budget.lr);
  for (; course.passes < budget.passes && !course.flat; ++course.passes) {
    tell(watched, static_cast<double>(course.passes), budget.passes, "passes");
    const double begin = base::processor_seconds();
    course.interrupted =
        !pass(adam, features, budget.batch,
              base::Stream(seed, "order", "born", static_cast<std::uint64_t>(course.passes)));
    if (course.interrupted) return;
    const double taken = base::processor_seconds() - begin;
    const at::NoGradGuard no_gradients;
    auto state = adam.state();
    const auto nll = finite_likelihood(state, features);
    course.diverged = !nll;
    if (!nll) break;
    course.state = std::move(state);
    course.nll.push_back(*nll);
    course.seconds.push_back(taken);
    course.flat = stands_still(course.nll, budget.patience, budget.least);
  }
  course.state = tn::canonical(course.state, 0);
  course.state.log_scale = 0;
}

bool stands_still(const std::vector<double>& values, std::int64_t patience, double least) {
  if (static_cast<std::int64_t>(values.size()) <= patience) return false;
  const auto recent = values.end() - static_cast<std::ptrdiff_t>(patience);
  return *std::min_element(values.begin(), recent) - *std::min_element(recent, values.end()) <
         least;
}

}  // namespace ranklens::study::born_machine
