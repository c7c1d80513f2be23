#include "ranklens/optim/dmrg/labelled_state.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/matmul.h>

#include "ranklens/base/error.h"
#include "ranklens/optim/dmrg/side.h"
#include "ranklens/tn/linalg/factorise.h"

namespace ranklens::optim {
namespace {

/// Samples whose sides are held at a time.
constexpr std::int64_t kSamples = 2048;

at::Tensor values_of_part(const LabelledState& state, const at::Tensor& features) {
  const auto sites = state.cores.size();
  const auto feature = [&](std::size_t k) {
    return features.select(1, static_cast<std::int64_t>(k));
  };
  auto before = end_of_train(features.size(0), features.options());
  auto behind = before;
  for (std::size_t k = 0; k < state.centre; ++k) {
    before = extended_before(before, feature(k), state.cores[k]);
  }
  for (auto k = sites - 1; k > state.centre; --k) {
    behind = extended_behind(behind, feature(k), state.cores[k]);
  }
  const auto& core = state.cores[state.centre];
  const auto classes = core.size(2);
  const auto met = at::matmul(row_products(before.vectors, feature(state.centre)),
                              core.reshape({core.size(0) * core.size(1), -1}))
                       .view({-1, classes, core.size(3)});
  const auto scaled = (met * behind.vectors.unsqueeze(1)).sum(2);
  // In double, where a scale that the values bring back is still a number.
  const auto scale = at::exp(before.logs + behind.logs + state.log_scale).unsqueeze(1);
  return (scaled.to(at::kDouble) * scale).to(scaled.scalar_type());
}

}  // namespace

at::Tensor values(const LabelledState& state, const at::Tensor& features) {
  const auto sites = state.cores.size();
  base::require(features.dim() == 3 && features.size(1) == static_cast<std::int64_t>(sites),
                "features of {} sites are needed, [batch, sites, d]", sites);
  std::vector<at::Tensor> parts;
  for (std::int64_t from = 0; from == 0 || from < features.size(0); from += kSamples) {
    const auto count = std::min(kSamples, features.size(0) - from);
    parts.push_back(values_of_part(state, features.narrow(0, from, count)));
  }
  return at::cat(parts);
}

ClassifierCores classifier_cores(const LabelledState& state) {
  ClassifierCores found{.cores = {}, .label = state.centre + 1};
  const double factor = std::exp(state.log_scale / static_cast<double>(state.cores.size()));
  for (std::size_t k = 0; k < state.cores.size(); ++k) {
    const auto core = state.cores[k] * factor;
    if (k != state.centre) {
      found.cores.push_back(core.contiguous());
      continue;
    }
    const auto split = tn::qr(core.reshape({core.size(0) * core.size(1), -1}));
    found.cores.push_back(split.q.reshape({core.size(0), core.size(1), -1}).contiguous());
    found.cores.push_back(split.r.reshape({-1, core.size(2), core.size(3)}).contiguous());
  }
  return found;
}

}  // namespace ranklens::optim
