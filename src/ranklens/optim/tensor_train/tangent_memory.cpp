#include "ranklens/optim/tensor_train/tangent_memory.h"

#include <ATen/ops/scalar_tensor.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/text.h"

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
  saved[prefix + "/steps"] = at::scalar_tensor(steps, at::kLong);
}

void TangentMemory::load(const std::string& quantity, const at::Tensor& tensor,
                         const std::string& full) {
  const auto point = quantity.find('.');
  const auto what = quantity.substr(0, point);
  if (point != std::string::npos && (what == "momentum" || what == "gradient")) {
    auto& train = what == "momentum" ? momentum : gradient;
    const auto rest = quantity.substr(point + 1);
    if (rest == "scale") {
      train.log_scale = tensor.item<double>();
      return;
    }
    const auto k = base::parse_number<std::size_t>(rest);
    base::require(k && *k < 100000, "this optimiser does not remember '{}'", full);
    if (train.cores.size() <= *k) train.cores.resize(*k + 1);
    train.cores[*k] = tensor;
  } else if (quantity == "second") {
    second = tensor.item<double>();
  } else if (quantity == "tried") {
    tried = tensor.item<double>();
  } else {
    base::require(quantity == "steps", "this optimiser does not remember '{}'", full);
    steps = tensor.item<std::int64_t>();
  }
}

}  // namespace ranklens::optim
