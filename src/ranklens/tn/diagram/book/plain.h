#pragma once

#include <complex>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/tn/diagram/values.h"

/// What second evaluations are written in: plain loops over elements, without any contraction.
namespace ranklens::tn::diagram::book {

using Number = std::complex<double>;
using Index = std::vector<std::int64_t>;

/// The tensors of an item: whole, t("A"), or one element, t("A", i, j).
class Given {
 public:
  explicit Given(const Values& values);

  const at::Tensor& operator()(const std::string& name) const;
  template <class... I>
  Number operator()(const std::string& name, I... index) const {
    return element(name, {static_cast<std::int64_t>(index)...});
  }

 private:
  struct Numbers {
    std::vector<Number> values;
    Index strides;
  };
  Number element(const std::string& name, const Index& index) const;

  const Values& values_;
  std::map<std::string, Numbers> numbers_;
};

/// Calls f for every index of the sizes, the last index fastest.
template <class F>
void for_each(const Index& sizes, F f) {
  for (const std::int64_t size : sizes) {
    if (size == 0) return;
  }
  Index index(sizes.size(), 0);
  while (true) {
    f(index);
    std::size_t k = sizes.size();
    while (k > 0 && ++index[k - 1] == sizes[k - 1]) index[--k] = 0;
    if (k == 0) return;
  }
}

at::Tensor tensor_of(const std::vector<Number>& values, const Index& sizes);

/// The tensor whose element at every index is f(index).
template <class F>
at::Tensor each(const Index& sizes, F f) {
  std::vector<Number> values;
  for_each(sizes, [&](const Index& index) { values.push_back(f(index)); });
  return tensor_of(values, sizes);
}

/// The sum of f over every index of the sizes.
template <class F>
Number sum(const Index& sizes, F f) {
  Number total = 0;
  for_each(sizes, [&](const Index& index) { total += Number(f(index)); });
  return total;
}

/// 1 where all are equal, else 0.
template <class... I>
double equal(std::int64_t first, I... others) {
  return ((first == others) && ...) ? 1 : 0;
}

}  // namespace ranklens::tn::diagram::book
