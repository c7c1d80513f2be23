#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <c10/util/accumulate.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/manifold/tangent.h"
#include "ranklens/tn/train/algebra.h"

// The projections onto a tangent space: the parts are what is projected, contracted with the bases
// left and right of each core; then the gauge.
namespace ranklens::tn {
namespace {

/// A tensor exp(log_scale) value: environments of many cores leave the range of numbers.
struct Environment {
  at::Tensor value;
  double log_scale = 0;
};

Environment kept_in_range(const at::Tensor& value, double log_scale) {
  const double size = frobenius(value);
  if (!(size > 0)) return {value, log_scale};
  return {value / size, log_scale + std::log(size)};
}

/// The parts before the gauge, each with its own scale, brought to one.
Tangent collected(const TangentSpace& space, std::vector<Environment> parts, double log_scale) {
  double largest = parts[0].log_scale;
  for (const auto& part : parts) largest = std::max(largest, part.log_scale);
  std::vector<at::Tensor> deltas;
  for (const auto& part : parts) {
    deltas.push_back(part.value * std::exp(part.log_scale - largest));
  }
  auto tangent = gauged(space, std::move(deltas));
  tangent.log_scale = largest + log_scale;
  return tangent;
}

void check_fits(const TangentSpace& space, const Shape& sizes, const at::Tensor& like) {
  const auto own = shape(point(space));
  base::require(sizes == own, "a tensor of shape {} has no projection at a point of shape {}",
                text(sizes), text(own));
  check_alike(space.left[0], like, "a projection");
}

at::Tensor rows(const at::Tensor& core) { return core.reshape({core.size(0), -1}); }
at::Tensor columns(const at::Tensor& core) { return core.reshape({-1, core.size(2)}); }

}  // namespace

Tangent project(const TangentSpace& space, const TensorTrain& z) {
  check(z);
  check_fits(space, shape(z), z.cores[0]);
  const auto d = z.cores.size();
  // after[k]: what right[k+1..] leaves of z, [s, r].
  std::vector<Environment> after(d);
  after[d - 1] = {at::ones({1, 1}, z.cores[0].options()), 0};
  for (auto k = d - 1; k > 0; --k) {
    const auto joined = rows(at::mm(columns(z.cores[k]), after[k].value)
                                 .view({z.cores[k].size(0), z.cores[k].size(1), -1}));
    after[k - 1] = kept_in_range(at::mm(joined, rows(space.right[k]).mH()), after[k].log_scale);
  }
  Environment before{at::ones({1, 1}, z.cores[0].options()), 0};  // [r, s]
  std::vector<Environment> parts;
  for (std::size_t k = 0; k < d; ++k) {
    const auto& core = z.cores[k];
    const auto grown = at::mm(before.value, rows(core)).view({-1, core.size(2)});
    const auto part = at::mm(grown, after[k].value).view(space.left[k].sizes());
    parts.push_back(kept_in_range(part, before.log_scale + after[k].log_scale));
    before = kept_in_range(at::mm(columns(space.left[k]).mH(), grown), before.log_scale);
  }
  return collected(space, std::move(parts), z.log_scale);
}

Tangent project(const TangentSpace& space, const at::Tensor& dense) {
  check_values(dense, "the tensor to project");
  check_fits(space, dense.sizes().vec(), dense);
  const auto d = space.left.size();
  std::vector<Environment> parts;
  auto rest = dense.reshape({1, -1});  // [r, n_k ... n_d]
  for (std::size_t k = 0; k < d; ++k) {
    auto part = rest;
    for (auto j = d - 1; j > k; --j) {
      const auto basis = rows(space.right[j]);
      part = at::mm(part.reshape({-1, basis.size(1)}), basis.mH());
    }
    parts.push_back({part.reshape(space.left[k].sizes()), 0});
    const auto basis = columns(space.left[k]);
    rest = at::mm(basis.mH(), rest.reshape({basis.size(0), -1}));
  }
  return collected(space, std::move(parts), 0);
}

Tangent project(const TangentSpace& space, const CP& terms) {
  check(terms);
  check_fits(space, shape(terms), terms.factors[0]);
  const auto d = space.left.size();
  const auto count = rank(terms);
  // after[k]: what right[k+1..] leaves of each term, [N, r].
  std::vector<Environment> after(d);
  after[d - 1] = {at::ones({count, 1}, terms.factors[0].options()), 0};
  for (auto k = d - 1; k > 0; --k) {
    const auto joined = khatri_rao_rows({terms.factors[k].t(), after[k].value});
    after[k - 1] = kept_in_range(at::mm(joined, rows(space.right[k]).mH()), after[k].log_scale);
  }
  // [N, r]; the weights belong to the terms from the start.
  Environment before{terms.weights.to(terms.factors[0].scalar_type()).unsqueeze(1), 0};
  std::vector<Environment> parts;
  for (std::size_t k = 0; k < d; ++k) {
    const auto factor = terms.factors[k].t();
    const auto joined = khatri_rao_rows({factor, after[k].value});
    const auto part = at::mm(before.value.t(), joined).view(space.left[k].sizes());
    parts.push_back(kept_in_range(part, before.log_scale + after[k].log_scale));
    const auto grown = khatri_rao_rows({before.value, factor});
    before = kept_in_range(at::mm(grown, columns(space.left[k]).conj()), before.log_scale);
  }
  return collected(space, std::move(parts), 0);
}

}  // namespace ranklens::tn
