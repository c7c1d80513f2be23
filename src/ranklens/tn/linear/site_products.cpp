#include "ranklens/tn/linear/site_products.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/exp2.h>
#include <ATen/ops/floor.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/log2.h>
#include <ATen/ops/where.h>

namespace ranklens::tn {
namespace {

/// Sizes of a joint index, and its rows.
struct Joint {
  std::int64_t bond, features, width;
  bool by_bond;
  std::int64_t row(std::int64_t i, std::int64_t s) const {
    return (by_bond ? i * features + s : s * bond + i) * width;
  }
};

Joint joint_of(const at::Tensor& state, const at::Tensor& features, bool by_bond) {
  return {state.size(0), features.size(0), state.size(1), by_bond};
}

/// body(b) for every column, which must not depend on each other. In pieces of a length that the
/// compiler knows: others it does not vectorise without options that the library has no use for.
template <class Body>
void over_columns(std::int64_t width, const Body& body) {
  constexpr std::int64_t piece = 16;
  std::int64_t begin = 0;
  for (; begin + piece <= width; begin += piece) {
#pragma GCC ivdep
    for (std::int64_t b = 0; b < piece; ++b) body(begin + b);
  }
  for (; begin < width; ++begin) body(begin);
}

template <class T>
void multiply_in_loops(const Joint& n, const T* state, const T* features, T* joint) {
  for (std::int64_t i = 0; i < n.bond; ++i) {
    const T* v = state + i * n.width;
    for (std::int64_t s = 0; s < n.features; ++s) {
      const T* f = features + s * n.width;
      T* out = joint + n.row(i, s);
      over_columns(n.width, [=](std::int64_t b) { out[b] = v[b] * f[b]; });
    }
  }
}

template <class T>
void sum_features_loops(const Joint& n, const T* joint, const T* features, T* state) {
  for (std::int64_t i = 0; i < n.bond; ++i) {
    T* out = state + i * n.width;
    for (std::int64_t s = 0; s < n.features; ++s) {
      const T* u = joint + n.row(i, s);
      const T* f = features + s * n.width;
      if (s == 0) {
        over_columns(n.width, [=](std::int64_t b) { out[b] = u[b] * f[b]; });
      } else {
        over_columns(n.width, [=](std::int64_t b) { out[b] += u[b] * f[b]; });
      }
    }
  }
}

template <class T>
void sum_bond_loops(const Joint& n, const T* joint, const T* state, T* features) {
  std::fill(features, features + n.features * n.width, T(0));
  for (std::int64_t i = 0; i < n.bond; ++i) {
    const T* v = state + i * n.width;
    for (std::int64_t s = 0; s < n.features; ++s) {
      const T* u = joint + n.row(i, s);
      T* out = features + s * n.width;
      over_columns(n.width, [=](std::int64_t b) { out[b] += u[b] * v[b]; });
    }
  }
}

template <class T>
void rescale_loops(std::int64_t bond, std::int64_t width, T* state, T* factor, T* exponent) {
  std::fill(factor, factor + width, T(0));
  for (std::int64_t i = 0; i < bond; ++i) {
    const T* v = state + i * width;
    over_columns(width, [=](std::int64_t b) { factor[b] = std::max(factor[b], std::abs(v[b])); });
  }
  for (std::int64_t b = 0; b < width; ++b) {
    // What subnormal numbers would need has no reciprocal: they are brought up in two rescalings.
    const int e = factor[b] > 0 && std::isfinite(factor[b])
                      ? std::max(std::ilogb(factor[b]), std::numeric_limits<T>::min_exponent)
                      : 0;
    factor[b] = std::ldexp(T(1), -e);
    exponent[b] += static_cast<T>(e);
  }
  for (std::int64_t i = 0; i < bond; ++i) {
    T* v = state + i * width;
    over_columns(width, [=](std::int64_t b) { v[b] *= factor[b]; });
  }
}

/// Calls loops(zero) with a zero of the tensor's type.
template <class Loops>
void in_type(const at::Tensor& tensor, const Loops& loops) {
  if (tensor.scalar_type() == at::kFloat) {
    loops(float{});
  } else {
    loops(double{});
  }
}

/// joint [(r d), width] as [r, d, width], whatever its order.
at::Tensor as_three(const at::Tensor& joint, const Joint& n) {
  return n.by_bond ? joint.view({n.bond, n.features, n.width})
                   : joint.view({n.features, n.bond, n.width}).transpose(0, 1);
}

}  // namespace

namespace by_operators {

void multiply_in(const at::Tensor& state, const at::Tensor& features, bool by_bond,
                 const at::Tensor& joint) {
  as_three(joint, joint_of(state, features, by_bond))
      .copy_(state.unsqueeze(1) * features.unsqueeze(0));
}

void sum_features(const at::Tensor& joint, const at::Tensor& features, bool by_bond,
                  const at::Tensor& state) {
  const auto three = as_three(joint, joint_of(state, features, by_bond));
  state.copy_((three * features.unsqueeze(0)).sum(1));
}

void sum_bond(const at::Tensor& joint, const at::Tensor& state, bool by_bond,
              const at::Tensor& features) {
  const auto three = as_three(joint, joint_of(state, features, by_bond));
  features.copy_((three * state.unsqueeze(1)).sum(0));
}

void rescale(const at::Tensor& state, const at::Tensor& factor, const at::Tensor& exponent) {
  const auto most = state.abs().amax(0);
  const auto power =
      at::floor(at::log2(most))
          .clamp_min(state.scalar_type() == at::kFloat ? std::numeric_limits<float>::min_exponent
                                                       : std::numeric_limits<double>::min_exponent);
  const auto used = at::where(at::isfinite(most).logical_and(most > 0), power, 0 * exponent);
  factor.copy_(at::exp2(-used));
  exponent.add_(used);
  state.mul_(factor);
}

}  // namespace by_operators

void multiply_in(const at::Tensor& state, const at::Tensor& features, bool by_bond,
                 const at::Tensor& joint) {
  if (!state.is_cpu()) return by_operators::multiply_in(state, features, by_bond, joint);
  const auto n = joint_of(state, features, by_bond);
  in_type(state, [&](auto zero) {
    using T = decltype(zero);
    multiply_in_loops(n, state.const_data_ptr<T>(), features.const_data_ptr<T>(),
                      joint.mutable_data_ptr<T>());
  });
}

void sum_features(const at::Tensor& joint, const at::Tensor& features, bool by_bond,
                  const at::Tensor& state) {
  if (!state.is_cpu()) return by_operators::sum_features(joint, features, by_bond, state);
  const auto n = joint_of(state, features, by_bond);
  in_type(state, [&](auto zero) {
    using T = decltype(zero);
    sum_features_loops(n, joint.const_data_ptr<T>(), features.const_data_ptr<T>(),
                       state.mutable_data_ptr<T>());
  });
}

void sum_bond(const at::Tensor& joint, const at::Tensor& state, bool by_bond,
              const at::Tensor& features) {
  if (!state.is_cpu()) return by_operators::sum_bond(joint, state, by_bond, features);
  const auto n = joint_of(state, features, by_bond);
  in_type(state, [&](auto zero) {
    using T = decltype(zero);
    sum_bond_loops(n, joint.const_data_ptr<T>(), state.const_data_ptr<T>(),
                   features.mutable_data_ptr<T>());
  });
}

void rescale(const at::Tensor& state, const at::Tensor& factor, const at::Tensor& exponent) {
  if (!state.is_cpu()) return by_operators::rescale(state, factor, exponent);
  in_type(state, [&](auto zero) {
    using T = decltype(zero);
    rescale_loops(state.size(0), state.size(1), state.mutable_data_ptr<T>(),
                  factor.mutable_data_ptr<T>(), exponent.mutable_data_ptr<T>());
  });
}

}  // namespace ranklens::tn
