#include "ranklens/optim/optimiser.h"

#include <cmath>

#include "ranklens/base/error.h"
#include "ranklens/base/spec.h"
#include "ranklens/optim/adam.h"
#include "ranklens/optim/low_rank/optimiser.h"
#include "ranklens/optim/sgd.h"
#include "ranklens/optim/tensor_train/methods.h"
#include "ranklens/optim/tensor_train/recanonical.h"

namespace ranklens::optim {

double GradientOptimiser::step(nn::State& state, Objective& objective, double rate) {
  const Gradients found = objective.loss_and_gradients(state, {});
  if (!std::isfinite(found.loss)) return found.loss;
  const auto tensors = state.trainable();
  base::require(tensors.size() == found.gradients.size(),
                "the objective gave {} gradients for {} tensors", found.gradients.size(),
                tensors.size());
  std::vector<at::Tensor> gradients;
  for (const auto& one : found.gradients) gradients.push_back(one.tensor);
  update(tensors, gradients, rate);
  return found.loss;
}

namespace {

std::unique_ptr<Optimiser> made_from(base::SpecReader& spec) {
  const std::string name = spec.name();
  if (name == "adam" || name == "adamw") {
    return std::make_unique<Adam>(read_adam_options(spec, name == "adamw"));
  }
  if (name == "sgd") return std::make_unique<Sgd>(read_sgd_options(spec));
  if (is_low_rank_method(name)) {
    return std::make_unique<LowRankOptimiser>(read_low_rank_options(spec));
  }
  if (is_train_method(name)) return make_train_optimiser(spec);
  if (name == kRecanonicalAdam) {
    return std::make_unique<RecanonicalAdam>(read_recanonical_options(spec));
  }
  std::vector<std::string> known{"adam", "adamw", "sgd", std::string(kRecanonicalAdam)};
  for (const auto& more : {low_rank_methods(), train_methods()}) {
    known.insert(known.end(), more.begin(), more.end());
  }
  base::fail("no optimiser is called '{}'{}", name, base::nearest_hint(name, known));
}

}  // namespace

std::unique_ptr<Optimiser> make_optimiser(std::string_view text) {
  base::SpecReader spec(text, "optimiser");
  auto made = made_from(spec);
  spec.finish();
  return made;
}

std::vector<std::string> optimiser_options(std::string_view name) {
  base::SpecReader spec(name, "optimiser");
  made_from(spec);
  return spec.asked();
}

}  // namespace ranklens::optim
