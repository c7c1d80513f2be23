#include "ranklens/tn/diagram/book/plain.h"

#include <algorithm>
#include <cstring>

#include <ATen/ops/empty.h>
#include <ATen/ops/real.h>

#include "ranklens/base/error.h"

namespace ranklens::tn::diagram::book {

Given::Given(const Values& values) : values_(values) {
  for (const auto& [name, value] : values) {
    const at::Tensor all = value.to(at::kComplexDouble).resolve_conj().contiguous();
    Numbers numbers;
    numbers.strides = all.strides().vec();
    numbers.values.resize(static_cast<std::size_t>(all.numel()));
    std::memcpy(static_cast<void*>(numbers.values.data()), all.const_data_ptr(),
                numbers.values.size() * sizeof(Number));
    numbers_.emplace(name, std::move(numbers));
  }
}

const at::Tensor& Given::operator()(const std::string& name) const { return values_.at(name); }

Number Given::element(const std::string& name, const Index& index) const {
  const Numbers& numbers = numbers_.at(name);
  base::require(index.size() == numbers.strides.size(), "'{}' has {} legs", name,
                numbers.strides.size());
  std::int64_t place = 0;
  for (std::size_t k = 0; k < index.size(); ++k) place += index[k] * numbers.strides[k];
  return numbers.values.at(static_cast<std::size_t>(place));
}

at::Tensor tensor_of(const std::vector<Number>& values, const Index& sizes) {
  at::Tensor result = at::empty(sizes, at::kComplexDouble);
  std::memcpy(result.mutable_data_ptr(), static_cast<const void*>(values.data()),
              values.size() * sizeof(Number));
  const bool real = std::all_of(values.begin(), values.end(),
                                [](const Number& number) { return number.imag() == 0; });
  return real ? at::real(result).contiguous() : result;
}

}  // namespace ranklens::tn::diagram::book
