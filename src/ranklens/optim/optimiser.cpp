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

std::unique_ptr<Optimiser> make_optimiser(std::string_view text) {
  base::SpecReader spec(text, "optimiser");
  const std::string name = spec.name();
  std::unique_ptr<Optimiser> made;
  if (name == "adam" || name == "adamw") {
    made = std::make_unique<Adam>(read_adam_options(spec, name == "adamw"));
  } else if (name == "sgd") {
    made = std::make_unique<Sgd>(read_sgd_options(spec));
  } else if (is_low_rank_method(name)) {
    made = std::make_unique<LowRankOptimiser>(read_low_rank_options(spec));
  } else if (is_train_method(name)) {
    made = make_train_optimiser(spec);
  } else if (name == kRecanonicalAdam) {
    made = std::make_unique<RecanonicalAdam>(read_recanonical_options(spec));
  } else {
    std::vector<std::string> known{"adam", "adamw", "sgd", std::string(kRecanonicalAdam)};
    for (const auto& more : {low_rank_methods(), train_methods()}) {
      known.insert(known.end(), more.begin(), more.end());
    }
    base::fail("no optimiser is called '{}'{}", name, base::nearest_hint(name, known));
  }
  spec.finish();
  return made;
}

}  // namespace ranklens::optim
