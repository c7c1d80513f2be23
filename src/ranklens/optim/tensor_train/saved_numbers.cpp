#include "ranklens/optim/tensor_train/saved_numbers.h"

#include "ranklens/base/error.h"

namespace ranklens::optim {

double saved_number(const at::Tensor& tensor, const std::string& full) {
  base::require(tensor.defined() && tensor.scalar_type() == at::kDouble && tensor.numel() == 1,
                "this optimiser does not remember '{}' as it is: it is one number in double", full);
  return tensor.item<double>();
}

std::int64_t saved_count(const at::Tensor& tensor, const std::string& full) {
  const bool whole = tensor.defined() && tensor.scalar_type() == at::kLong && tensor.numel() == 1;
  const auto value = whole ? tensor.item<std::int64_t>() : -1;
  base::require(value >= 0,
                "this optimiser does not remember '{}' as it is: it is one whole number, not below "
                "zero",
                full);
  return value;
}

}  // namespace ranklens::optim
