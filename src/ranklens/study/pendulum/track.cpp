#include "ranklens/study/pendulum/track.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_inv.h>
#include <ATen/ops/matmul.h>

#include "ranklens/base/error.h"
#include "ranklens/optim/low_rank/integrator.h"

namespace ranklens::study::pendulum {
namespace {

using optim::CoreGradient;
using optim::LowRank;

// S' = U^T A' V, U' = (I - U U^T) A' V S^-1, V' = (I - V V^T) A'^T U S^-T.
LowRank naive_step(const LowRank& now, const at::Tensor& increment) {
  const auto inverse = at::linalg_inv(now.s);
  const auto k = at::matmul(increment, now.v), l = at::matmul(increment.t(), now.u);
  const auto s = at::matmul(now.u.t(), k);
  const auto du = at::matmul(k - at::matmul(now.u, s), inverse);
  const auto dv = at::matmul(l - at::matmul(now.v, s.t()), inverse.t());
  return {now.u + du, now.s + s, now.v + dv};
}

optim::Integrator integrator_of(Tracker tracker) {
  switch (tracker) {
    case Tracker::fixed_bug:
      return optim::fixed_rank_bug(CoreGradient::held);
    case Tracker::augmented_bug:
      return optim::augmented_bug(CoreGradient::held);
    case Tracker::parallel_bug:
      return optim::parallel_bug();
    case Tracker::splitting:
    case Tracker::naive:
      break;
  }
  return optim::projector_splitting(CoreGradient::held);
}

}  // namespace

LowRank followed(const LowRank& now, const at::Tensor& increment, const TrackOptions& options) {
  if (options.tracker == Tracker::naive) return naive_step(now, increment);
  const auto moved = optim::run(integrator_of(options.tracker), now, 1, [&](const LowRank& at) {
    return optim::seen_from(at, -increment);
  });
  if (options.tolerance) {
    return optim::truncate(moved, {.tau = *options.tolerance, .absolute = true, .floor = 1}).matrix;
  }
  return moved.rank() > options.rank ? optim::truncate_to(moved, options.rank).matrix : moved;
}

std::vector<LowRank> track(const std::vector<at::Tensor>& path, const TrackOptions& options) {
  base::require(!path.empty(), "there is no path to follow");
  const auto& first = path.front();
  const auto whole = std::min(first.size(0), first.size(1));
  auto start = optim::nearest(first, options.tolerance ? whole : options.rank);
  if (options.tolerance) {
    start =
        optim::truncate(start, {.tau = *options.tolerance, .absolute = true, .floor = 1}).matrix;
  }
  std::vector<LowRank> found{std::move(start)};
  for (std::size_t k = 1; k < path.size(); ++k) {
    found.push_back(followed(found.back(), path[k] - path[k - 1], options));
  }
  return found;
}

std::string to_string(Tracker tracker) {
  switch (tracker) {
    case Tracker::fixed_bug:
      return "BUG";
    case Tracker::augmented_bug:
      return "augmented BUG";
    case Tracker::parallel_bug:
      return "parallel BUG";
    case Tracker::splitting:
      return "projector splitting";
    case Tracker::naive:
      return "naive Euler";
  }
  return "";
}

}  // namespace ranklens::study::pendulum
