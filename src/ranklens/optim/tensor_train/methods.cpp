#include "ranklens/optim/tensor_train/methods.h"

#include <algorithm>

#include "ranklens/base/error.h"
#include "ranklens/optim/tensor_train/riemannian.h"
#include "ranklens/optim/tensor_train/splitting.h"
#include "ranklens/optim/tensor_train/sweep.h"
#include "ranklens/optim/tensor_train/turning.h"

namespace ranklens::optim {

const std::vector<std::string>& train_methods() {
  static const std::vector<std::string> names = [] {
    auto all = riemannian_methods();
    all.insert(all.end(), {"tt_psi", "tsgo"});
    all.insert(all.end(), sweep_methods().begin(), sweep_methods().end());
    return all;
  }();
  return names;
}

bool is_train_method(std::string_view name) {
  const auto& names = train_methods();
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::unique_ptr<Optimiser> make_train_optimiser(base::SpecReader& spec) {
  base::require(is_train_method(spec.name()), "no optimiser of tensor trains is called '{}'{}",
                spec.name(), base::nearest_hint(spec.name(), train_methods()));
  if (spec.name() == "tt_psi") {
    return std::make_unique<SplittingOptimiser>(read_sgd_options(spec));
  }
  if (spec.name() == "tsgo") {
    return std::make_unique<TurningOptimiser>(read_turning_options(spec));
  }
  const auto& sweeps = sweep_methods();
  if (std::find(sweeps.begin(), sweeps.end(), spec.name()) != sweeps.end()) {
    return std::make_unique<SweepOptimiser>(read_sweep_options(spec));
  }
  return std::make_unique<RiemannianOptimiser>(read_riemannian_options(spec));
}

}  // namespace ranklens::optim
