#include "ranklens/optim/tensor_train/tangent_memory.h"

#include <algorithm>
#include <cmath>

#include <ATen/ops/scalar_tensor.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/text.h"
#include "ranklens/optim/tensor_train/saved_numbers.h"

namespace ranklens::optim {

void TangentMemory::save(const std::string& prefix,
                         std::map<std::string, at::Tensor>& saved) const {
  const auto number = [](double value) { return at::scalar_tensor(value, at::kDouble); };
  const auto keep = [&](const char* what, const tn::TensorTrain& train) {
    for (std::size_t k = 0; k < train.cores.size(); ++k) {
      saved[fmt::format("{}/{}.{}", prefix, what, k)] = train.cores[k];
    }
    if (!train.cores.empty()) {
      saved[fmt::format("{}/{}.scale", prefix, what)] = number(train.log_scale);
    }
  };
  keep("momentum", momentum);
  keep("gradient", gradient);
  saved[prefix + "/second"] = number(second);
  saved[prefix + "/tried"] = number(tried);
  if (cut >= 0) saved[prefix + "/cut"] = number(cut);
  saved[prefix + "/steps"] = at::scalar_tensor(steps, at::kLong);
}

void TangentMemory::load(const std::string& quantity, const at::Tensor& tensor,
                         const std::string& full) {
  const auto number = [&] {
    const auto value = saved_number(tensor, full);
    base::require(std::isfinite(value), "'{}' is no finite number", full);
    return value;
  };
  const auto point = quantity.find('.');
  const auto what = quantity.substr(0, point);
  if (point != std::string::npos && (what == "momentum" || what == "gradient")) {
    auto& train = what == "momentum" ? momentum : gradient;
    const auto rest = quantity.substr(point + 1);
    if (rest == "scale") {
      train.log_scale = number();
      return;
    }
    const auto k = base::parse_number<std::size_t>(rest);
    base::require(k && *k < 100000, "this optimiser does not remember '{}'", full);
    if (train.cores.size() <= *k) train.cores.resize(*k + 1);
    train.cores[*k] = tensor;
  } else if (quantity == "second" || quantity == "tried" || quantity == "cut") {
    const double value = number();
    base::require(value >= 0, "'{}' is negative", full);
    (quantity == "second" ? second : quantity == "tried" ? tried : cut) = value;
  } else {
    base::require(quantity == "steps", "this optimiser does not remember '{}'", full);
    steps = saved_count(tensor, full);
  }
}

void TangentMemory::check(const std::string& name) const {
  for (const auto* train : {&momentum, &gradient}) {
    if (train->cores.empty() && train->log_scale == 0) continue;
    const bool whole = std::all_of(train->cores.begin(), train->cores.end(),
                                   [](const at::Tensor& core) { return core.defined(); });
    base::require(whole && !train->cores.empty(),
                  "what the optimiser remembers of '{}' lacks some of its cores", name);
    tn::check(*train);
  }
}

}  // namespace ranklens::optim
